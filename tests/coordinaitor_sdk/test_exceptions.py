"""The errors a user can catch (DESIGN 5)."""

import inspect
import pickle

import pytest

from coordinaitor_sdk import exceptions
from coordinaitor_sdk.exceptions import APIError, Attempt, CoordinaitorError, WatchError
from coordinaitor_sdk.models.task import Task

CLASSES = [
    cls for _, cls in inspect.getmembers(exceptions, inspect.isclass) if issubclass(cls, CoordinaitorError)
]


def example(cls):
    if issubclass(cls, APIError):
        error = cls("no", status=422, code="C", details={"a": ["b"]}, request_id="r", retry_after=1.5)
    elif issubclass(cls, WatchError):
        error = cls("no", task_id="t", task=Task(id="t"))
    else:
        error = cls("no", method="GET", url="http://x")
    error.attempts = (Attempt(1, 500, "x", 0.1),)
    return error


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_pickles_with_all_that_it_carries(cls):
    """A process pool passes errors on; one that doesn't unpickle hangs it."""
    error = example(cls)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_at_the_top_names_every_error_under_its_parent(cls):
    """The drawing can't drift from the classes."""
    lines = exceptions.__doc__.splitlines()
    depth = {}
    parents = {}
    for line in lines:
        name = line.strip(" │├└─").split(" ")[0]
        if not name.endswith("Error"):
            continue
        indent = line.index(name)
        depth = {at: known for at, known in depth.items() if at < indent}
        parents[name] = depth[max(depth)] if depth else None
        depth[indent] = name
    assert cls.__name__ in parents
    assert parents[cls.__name__] in {base.__name__ for base in cls.__bases__} | {None}


def test_an_api_error_tells_status_code_request_and_fields():
    """One line for the call, one for each field."""
    error = exceptions.ValidationFailedError(
        "Validation failed",
        status=422,
        code="VALIDATION_ERROR",
        details={"title": ["is required", "is short"], "x": "odd"},
        request_id="req-1",
    )
    assert str(error) == (
        "Validation failed (HTTP 422, VALIDATION_ERROR, request req-1)\n"
        "  title: is required; is short\n"
        "  x: odd"
    )
