"""From errors to lines and exit codes."""

import inspect
import re
from pathlib import Path

import pytest

import coordinaitor_sdk.exceptions
from coordinaitor_cli.errors import MEANING, CommandError, Exit, Situation, UsageError, exit_code, report
from coordinaitor_sdk.exceptions import (
    APIError,
    CoordinaitorError,
    InvalidArgumentError,
    ValidationFailedError,
)

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
ERRORS = [
    error
    for _, error in inspect.getmembers(coordinaitor_sdk.exceptions, inspect.isclass)
    if issubclass(error, CoordinaitorError)
]
FLAGS = Situation({"priority": "--priority", "tags": "--tag", "project_id": "--project"})


def made(kind, message="went wrong", **more):
    """An error of any class of the library."""
    if issubclass(kind, APIError):
        more.setdefault("status", 400)
    if issubclass(kind, coordinaitor_sdk.exceptions.WatchError):
        more.setdefault("task_id", "t")
    return kind(message, **more)


def test_docs_list_the_exit_codes():
    """The table in the docs has exactly the codes and words of the program."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert {int(code): text for code, text in rows} == {int(code): text for code, text in MEANING.items()}
    assert set(MEANING) == set(Exit)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_class_of_error_has_an_exit_code(kind):
    """Only the roots, which nothing raises as such, and refusals of unknown statuses end with 1."""
    roots = {CoordinaitorError, APIError, coordinaitor_sdk.exceptions.WatchError}
    assert (exit_code(made(kind)) == Exit.OTHER) == (kind in roots)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_one_line(kind, capsys):
    """Whatever the message holds: one line, harmless to a terminal."""
    report(made(kind, "a\nb\x1b[31m"))
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith("error: a b␛[31m")
    assert all(line.startswith("hint: ") for line in errors[1:])


def test_a_body_too_large_is_rejected_input():
    """413 has no class of its own."""
    assert exit_code(APIError("too large", status=413)) == Exit.REJECTED


def test_field_details_are_named_by_their_flags(capsys):
    """The server's `projectId` is what the user gave as `--project`; unknown fields keep their names."""
    details = {
        "projectId": ["ProjectId names no project"],
        "tags.0": ["Tags.0 is empty", "Tags.0 is odd"],
        "colour": "is\x1bred",
    }
    error = ValidationFailedError("Validation failed", status=422, details=details, request_id="req-1")
    assert report(error, FLAGS) == 7
    assert capsys.readouterr().err.splitlines() == [
        "error: Validation failed (HTTP 422, request req-1)",
        "  --project: names no project",
        "  --tag: is empty",
        "  --tag: is odd",
        "  colour: is␛red",
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("argument", "from --profile"),
        ("COORDINAITOR_PROFILE", "from COORDINAITOR_PROFILE"),
        ("config.toml", "from config.toml"),
        ("default", "by default"),
    ],
)
def test_every_error_names_the_profile_and_its_source(capsys, source, told):
    """But for those of the command line and of this machine, which no profile plays a part in."""
    situation = Situation(profile=("staging", source))
    for kind in ERRORS:
        report(made(kind), situation)
        assert f"profile staging {told})" in capsys.readouterr().err.splitlines()[0]
    report(OSError("disk"), situation)
    report(CommandError("no such setting"), situation)
    report(UsageError("--a excludes --b"), situation)
    assert capsys.readouterr().err.splitlines() == [
        "error: disk",
        f"error: no such setting (profile staging {told})",
        "error: --a excludes --b",
    ]


def test_parameters_are_named_by_their_flags(capsys):
    """The library speaks of `project_id`, the terminal of `--project`."""
    assert report(InvalidArgumentError("project_id must not be empty"), FLAGS) == 7
    assert report(InvalidArgumentError("priority must not be empty"), FLAGS) == 7
    assert (
        capsys.readouterr().err == "error: --project must not be empty\nerror: --priority must not be empty\n"
    )


def test_usage_error(capsys):
    """Its hint comes with it."""
    assert report(UsageError("--a excludes --b", "coordinaitor x --a")) == 2
    assert capsys.readouterr().err == "error: --a excludes --b\nhint: coordinaitor x --a\n"


def test_fault_of_the_program(capsys, monkeypatch):
    """It is one line too, with the way to its traceback."""
    assert report(KeyError("gone")) == 1
    message, hint = capsys.readouterr().err.splitlines()
    assert message == "error: 'gone' (KeyError)"
    assert "COORDINAITOR_DEBUG=1" in hint
    monkeypatch.setenv("COORDINAITOR_DEBUG", "1")
    report(KeyError("gone"))
    assert capsys.readouterr().err.endswith("KeyError: 'gone'\nerror: 'gone' (KeyError)\n")
