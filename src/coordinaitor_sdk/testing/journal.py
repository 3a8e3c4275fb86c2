"""The journal of a world (docs/server.md, "Faults and the journal") as typed values."""

from __future__ import annotations

from typing import Any

from ..models.common import Model, Moment


class Body(Model):
    """A body of so many `bytes`: its `content` (JSON) or `form` (pairs), or why that is `omitted`."""

    type: str | None = None
    bytes: int
    content: Any = None
    form: list[list[str]] | None = None
    omitted: str | None = None


class Fired(Model):
    """The fault that happened to a request."""

    id: str
    kind: str


class JournalEntry(Model):
    """A request and its answer, secrets removed; `at` on the world's clock, `seq` counts them.

    Without a `status` nothing was answered: the request is under way (no `duration_ms` either), or a fault
    kept the answer back.
    """

    seq: int
    at: Moment
    request_id: str | None = None
    method: str
    path: str
    query: str
    operation: str | None = None
    headers: dict[str, str]
    body: Body | None = None
    status: int | None = None
    answer_headers: dict[str, str] | None = None
    answer_body: Body | None = None
    duration_ms: float | None = None
    fault: Fired | None = None


class Journal(Model):
    """A part of a world's journal, oldest first; `dropped` older ones are gone, `most` are kept."""

    entries: list[JournalEntry]
    has_more: bool
    kept: int
    dropped: int
    most: int
