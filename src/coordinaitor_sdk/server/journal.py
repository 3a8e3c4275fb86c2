"""The journal of each world: every request with its answer, in bounded memory. There only with a control API.

Entries are kept as they came and lose their secrets when they are told, which few ever are: done at once, it
took longer than most requests.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Scope

from coordinaitor_sdk.server import redaction
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.schemas.faults import JournalQuery
from coordinaitor_sdk.server.worlds import World

ENTRIES: Final = 1_000
"""Requests that are kept of a world, the newest."""

BYTES: Final = 8 * 1024 * 1024
"""Of all that is kept of a world, at most; the oldest go first."""

BODY: Final = 64 * 1024
"""Bytes of a body that are kept; a longer one is summarized."""

OVERHEAD: Final = 1_000
"""Bytes that an entry is taken to need beside its texts."""


@dataclass(slots=True)
class Passed:
    """What went over the line so far: at most `BODY` bytes of each body; `told` once the journal has it."""

    body: bytearray = field(default_factory=bytearray)
    length: int = 0
    status: int | None = None
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    answer: bytearray = field(default_factory=bytearray)
    answer_length: int = 0
    began: float = field(default_factory=time.perf_counter)
    told: bool = False

    def add_body(self, piece: bytes) -> None:
        """A piece of the request came."""
        self.length += len(piece)
        self.body += piece[: max(0, BODY - len(self.body))]

    def add_answer(self, piece: bytes) -> None:
        """A piece of the answer was sent."""
        self.answer_length += len(piece)
        self.answer += piece[: max(0, BODY - len(self.answer))]


@dataclass(slots=True)
class Entry:
    """A request; `passed` and `seconds` are known at its end."""

    seq: int
    at: str
    request_id: str | None
    method: str
    path: str
    query: bytes
    operation: str | None
    headers: list[tuple[bytes, bytes]]
    passed: Passed | None = None
    seconds: float | None = None
    fault: dict[str, str] | None = None
    size: int = 0

    def weigh(self) -> int:
        """Bytes that it needs, about."""
        size = OVERHEAD + len(self.path) + len(self.query) + _weight(self.headers)
        if (passed := self.passed) is not None:
            size += len(passed.body) + len(passed.answer) + _weight(passed.answer_headers)
        return size

    def told(self) -> dict[str, Any]:
        """The entry as the control API answers it, without secrets."""
        oauth = self.path.startswith("/oauth/")
        headers = redaction.headers(self.headers)
        passed = self.passed or Passed()
        answer_headers = None if passed.status is None else redaction.headers(passed.answer_headers)
        return {
            "seq": self.seq,
            "at": self.at,
            "requestId": self.request_id,
            "method": self.method,
            "path": redaction.text(self.path),
            "query": redaction.query(self.query, oauth=oauth),
            "operation": self.operation,
            "headers": headers,
            "body": _content(headers, passed.body, passed.length, oauth=oauth),
            "status": passed.status,
            "answerHeaders": answer_headers,
            "answerBody": None
            if answer_headers is None
            else _content(answer_headers, passed.answer, passed.answer_length, oauth=oauth),
            "durationMs": None if self.seconds is None else round(1_000 * self.seconds, 3),
            "fault": self.fault,
        }


@dataclass(slots=True)
class _Log:
    entries: OrderedDict[int, Entry] = field(default_factory=OrderedDict[int, Entry])
    seq: int = 0
    size: int = 0
    dropped: int = 0

    def weigh(self, entry: Entry) -> None:
        """Count what an entry needs now, and let the oldest go that there is no room for."""
        if entry.seq not in self.entries:
            return
        size = entry.weigh()
        self.size += size - entry.size
        entry.size = size
        while len(self.entries) > ENTRIES or (self.size > BYTES and len(self.entries) > 1):
            _, oldest = self.entries.popitem(last=False)
            self.size -= oldest.size
            self.dropped += 1


class Journal:
    """The requests of all worlds. Used on the event loop only."""

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}

    def begin(self, scope: Scope, world: World, operation: str | None, passed: Passed | None = None) -> None:
        """Note a request of a world, whose answer is to come; `passed` is what has gone over the line."""
        log = self._logs.setdefault(world.id, _Log())
        log.seq += 1
        entry = log.entries[log.seq] = Entry(
            log.seq,
            stamp(world.clock.now()),
            scope.get("request_id"),
            scope.get("method", "GET"),
            scope["raw_path"].decode("latin-1")[: redaction.LONGEST_TEXT],
            scope["query_string"],
            operation,
            scope["headers"],
            passed,
        )
        scope["journal"] = log, entry
        log.weigh(entry)

    def end(self, scope: Scope, passed: Passed) -> None:
        """Note how a request ended that was begun."""
        log: _Log
        entry: Entry
        log, entry = scope["journal"]
        entry.passed = passed
        entry.seconds = time.perf_counter() - passed.began
        log.weigh(entry)

    async def told(self, world: World, wanted: JournalQuery) -> dict[str, Any]:
        """The entries of a world that fit, oldest first, and what is kept of it."""
        log = self._logs.get(world.id, _Log())
        fitting = [entry for entry in log.entries.values() if _fits(entry, wanted)]
        shown = fitting[: wanted.limit]
        return {
            "entries": await asyncio.to_thread(lambda: [entry.told() for entry in shown]),
            "hasMore": len(fitting) > len(shown),
            "kept": len(log.entries),
            "dropped": log.dropped,
            "most": ENTRIES,
        }

    def clear(self, world: World) -> None:
        """Drop what is kept of a world; its numbers go on."""
        if (log := self._logs.get(world.id)) is not None:
            self._logs[world.id] = _Log(seq=log.seq)

    def forget(self, world: World) -> None:
        """Drop all of a world that begins anew or goes."""
        self._logs.pop(world.id, None)


def note_fault(scope: Scope, fault_id: str, kind: str) -> None:
    """Note in the journal which fault happens to a request that was begun."""
    scope["journal"][1].fault = {"id": fault_id, "kind": kind}


def _fits(entry: Entry, wanted: JournalQuery) -> bool:
    fault = None if entry.fault is None else entry.fault["id"]
    return entry.seq > wanted.after and all(
        asked is None or asked == found
        for asked, found in (
            (wanted.operation, entry.operation),
            (wanted.status, None if entry.passed is None else entry.passed.status),
            (wanted.fault, fault),
        )
    )


def _weight(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _content(headers: dict[str, str], kept: bytearray, length: int, *, oauth: bool) -> dict[str, Any] | None:
    return redaction.content(headers.get("content-type", ""), bytes(kept), length, oauth=oauth)
