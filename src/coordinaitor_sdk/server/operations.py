"""What each route takes and answers: said once, beside the route, and published as OpenAPI.

Schemas of answers are named, not imported: a start must not build models that only the published document
needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from coordinaitor_sdk.server.schemas.common import Query, Strict

F = TypeVar("F", bound=Callable[..., Any])
Form = Literal["one", "page", "list", "bare", "nothing"]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route takes and answers.

    Attributes:
        answer: the name of the schema of `data` (of an item, for lists) in `schemas.answers`; None when there
            is no body.
        form: `one` in the envelope, `page` or `list` of them, `bare` without the envelope, `nothing`.
        failures: statuses beyond those that every route with these parts can answer.
        upload: the file of a multipart form, name to description; `fields` are the form's other parts.
        media_types: what the file may be; any, where there are none.
    """

    answer: str | None
    form: Form
    status: int
    query: type[Query] | None
    body: type[Strict] | None
    body_optional: bool
    upload: dict[str, str] | None
    fields: type[Strict] | None
    media_types: tuple[str, ...]
    failures: tuple[int, ...]


_OPERATIONS: dict[object, Operation] = {}


def operation(
    answer: str | None,
    *,
    form: Form = "one",
    status: int = 200,
    query: type[Query] | None = None,
    body: type[Strict] | None = None,
    body_optional: bool = False,
    upload: dict[str, str] | None = None,
    fields: type[Strict] | None = None,
    media_types: tuple[str, ...] = (),
    failures: tuple[int, ...] = (),
) -> Callable[[F], F]:
    """Say what a route takes and answers; put it directly above the function."""
    form = "nothing" if answer is None else form
    found = Operation(answer, form, status, query, body, body_optional, upload, fields, media_types, failures)

    def note(route: F) -> F:
        _OPERATIONS[route] = found
        return route

    return note


def operation_of(route: object) -> Operation:
    """What was said of the route's function.

    Raises:
        LookupError: nothing was.
    """
    try:
        return _OPERATIONS[route]
    except KeyError:
        raise LookupError(f"{route} has no @operation") from None
