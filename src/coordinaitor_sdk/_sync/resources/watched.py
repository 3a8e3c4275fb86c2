# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""What watches ask for by REST: one of a kind, and pages of its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..._core.request import Call, check_numbers, path_segment, query_string
from ..._core.response import one, page
from ..._core.sweep import LIMIT
from ..._watch.state import TRANSPORTS
from ...exceptions import InvalidArgumentError
from ...models.agent import Agent
from ...models.project import Project
from ...models.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._core.response import Cast
    from ..._core.watch_kinds import Subject
    from ...models.common import Page
    from ..caller import Caller

_PATHS: Final = {"task": "/tasks", "agent": "/agents", "project": "/projects"}
_ONE: Final[dict[str, Cast[Any]]] = {
    "task": one(Task, "task"),
    "agent": one(Agent, "agent"),
    "project": one(Project, "project"),
}
_PAGE: Final[dict[str, Cast[Page[Any]]]] = {
    "task": page(Task, "tasks"),
    "agent": page(Agent, "agents"),
    "project": page(Project, "projects"),
}
# The document gives no other list an order.
_ORDER: Final = {"task": {"sort_by": "updatedAt", "sort_order": "desc"}}


def fetched(caller: Caller, kind: str, subject_id: str) -> Subject:
    """One of the kind.

    Raises:
        NotFoundError: there is none of this id.
    """
    path = f"{_PATHS[kind]}/{path_segment(subject_id, f'{kind}_id')}"
    subject: Subject = caller.call(Call("GET", path, _ONE[kind]))
    return subject


def page_of(caller: Caller, kind: str, number: int, filters: Mapping[str, str | None]) -> Page[Any]:
    """A page of the kind's list, newest change first where it can be had so."""
    asked = {"page": number, "limit": LIMIT, **_ORDER.get(kind, {}), **filters}
    return caller.call(Call("GET", _PATHS[kind], _PAGE[kind], query=query_string(asked)))


def check_ids(kind: str, ids: Sequence[str]) -> None:
    """Refuse what is no list of ids.

    Raises:
        InvalidArgumentError: so it is.
    """
    if isinstance(ids, str):
        raise InvalidArgumentError(f"{kind}_ids must be a list of ids, got the text {ids!r}")
    for subject_id in ids:
        path_segment(subject_id, f"{kind}_id")


def check_watch(check_interval: float, transport: str = "auto") -> None:
    """Refuse an interval or a transport that can't be meant.

    Raises:
        InvalidArgumentError: so it is.
    """
    check_numbers({"check_interval": check_interval}, "check_interval")
    if check_interval <= 0:
        raise InvalidArgumentError("check_interval must be more than 0 seconds")
    if transport not in TRANSPORTS:
        raise InvalidArgumentError(f"transport must be one of {', '.join(TRANSPORTS)}: got {transport!r}")
