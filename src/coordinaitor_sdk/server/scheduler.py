"""Due work: stored rows, taken in order by one scheduler.

A row is written with the change that makes it due and deleted with the change that does it, so that a
killed server goes on where it was. Time comes from each world's clock.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, delete, func, insert, select

from coordinaitor_sdk.server.clock import moment_of, stamp
from coordinaitor_sdk.server.errors import UnavailableError
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.logs import log
from coordinaitor_sdk.server.store.sql import Statement
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.worlds import World, Worlds

logger: logging.Logger = logging.getLogger(__name__)

MOST_AT_ONCE = 32
"""Rows done in one change, at most, so that other writers are not held up."""

LATE_AFTER = 5.0
"""Seconds after which work that is due and not done is late."""

RETRY_AFTER = 1.0
"""Seconds until the scheduler tries again when the database refused."""

_due = tables.due
_ADD = Statement(insert(_due).values({column.name: bindparam(column.name) for column in _due.c}))
_of_subject = (
    _due.c.world == bindparam("world"),
    _due.c.kind == bindparam("kind"),
    _due.c.subject == bindparam("subject"),
)
_DROP = Statement(delete(_due).where(*_of_subject))
_FIND = Statement(select(_due.c.id).where(*_of_subject).limit(1))
_REMOVE = Statement(delete(_due).where(_due.c.world == bindparam("world"), _due.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class Due:
    """A piece of due work, as its handler gets it."""

    kind: str
    subject: str
    payload: dict[str, Any]


Handler = Callable[[Change, Due], None]


def schedule(
    change: Change, kind: str, *, after: float, subject: str = "", payload: Mapping[str, Any] | None = None
) -> None:
    """Store work of `kind` that falls due `after` seconds from the change's moment."""
    change.sql.run(
        _ADD,
        world=change.world.id,
        id=change.next_number("due"),
        due_at=stamp(change.now + timedelta(seconds=after)),
        kind=kind,
        subject=subject,
        payload=json.dumps(payload or {}),
    )
    change.wakes_scheduler = True


def unschedule(change: Change, kind: str, subject: str = "") -> None:
    """Take back the work of `kind` on `subject`."""
    change.sql.run(_DROP, world=change.world.id, kind=kind, subject=subject)


def is_scheduled(change: Change, kind: str, subject: str = "") -> bool:
    """Whether work of `kind` on `subject` is stored."""
    return change.sql.value(_FIND, world=change.world.id, kind=kind, subject=subject) is not None


class Scheduler:
    """Does what falls due, world by world, each in the order of time.

    Parameters:
        handlers: what to do for each kind. Rows of another kind stay stored, untouched.
        rests: which of those kinds stay so in a world.
    """

    def __init__(
        self,
        store: Store,
        worlds: Worlds,
        handlers: Mapping[str, Handler],
        rests: Callable[[World], frozenset[str]] = lambda _world: frozenset(),
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._handlers = handlers
        self._rests = rests
        self._statements: dict[frozenset[str], _Statements] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._done: Counter[str] = Counter()

    def start(self) -> None:
        """Begin; call it on the event loop."""
        for world in self._worlds.all():
            self.add(world)

    async def stop(self) -> None:
        """End; what is due stays stored."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def add(self, world: World) -> None:
        """Begin with a world."""
        wake = self._wakes[world.id] = asyncio.Event()
        self._tasks[world.id] = asyncio.create_task(self._run(world, wake))

    async def remove(self, world: World) -> None:
        """End with a world; what is due stays stored."""
        self._wakes.pop(world.id, None)
        if (task := self._tasks.pop(world.id, None)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def held(self, world: World) -> AsyncGenerator[None, None]:
        """Within the block a world's due work is left to `run_due`."""
        await self.remove(world)
        try:
            yield
        finally:
            self.add(world)

    def wake(self, world_id: str) -> None:
        """Look again: due work of that world changed."""
        if (event := self._wakes.get(world_id)) is not None:
            event.set()

    async def run_due(self, world: World) -> datetime | None:
        """Do all that is due in `world` now; the moment of what comes next, None when nothing does."""
        done = MOST_AT_ONCE
        while done == MOST_AT_ONCE:
            done = await self._store.write(world, self._do_some)
            self._done[world.id] += done
        row = self._store.read.first(self._of(world).next, world=world.id)
        return None if row is None else moment_of(row.due_at)

    def done(self, world: World) -> int:
        """How many pieces of work were done in `world` since the start."""
        return self._done[world.id]

    def counts(self, world: World) -> tuple[int, int]:
        """How much due work is stored in `world`, and how much of it should have been done by now."""
        now = world.clock.now()
        late = stamp(now - timedelta(seconds=LATE_AFTER))
        waiting, overdue = self._store.read.first(self._of(world).counts, world=world.id, late=late)
        return waiting, overdue

    async def _run(self, world: World, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                following = await self.run_due(world)
            except UnavailableError as error:
                logger.error("due work of %s waits: %s", world.id, error)  # noqa: TRY400 - the store logged it
                following = world.clock.now() + timedelta(seconds=RETRY_AFTER)
            await world.clock.wait(following, wake)

    def _do_some(self, change: Change) -> int:
        """Do up to MOST_AT_ONCE rows; how many. Runs in the writer."""
        for done in range(MOST_AT_ONCE):
            row = change.sql.first(self._of(change.world).next, world=change.world.id)
            if row is None or row.due_at > change.stamp:
                return done
            change.sql.run(_REMOVE, world=change.world.id, id=row.id)
            self._do(change, Due(row.kind, row.subject, json.loads(row.payload)))
        return MOST_AT_ONCE

    def _of(self, world: World) -> _Statements:
        rests = self._rests(world)
        if (found := self._statements.get(rests)) is None:
            found = self._statements[rests] = _Statements.of(sorted(self._handlers.keys() - rests))
        return found

    def _do(self, change: Change, due: Due) -> None:
        # A row that can't be done must not hold up those behind it: it is dropped, with what it did.
        try:
            with change.attempt():
                self._handlers[due.kind](change, due)
        except Exception:
            logger.exception("due work %s on %r of %s failed", due.kind, due.subject, change.world.id)
            log(change, "error", "scheduler", f"{due.kind} of {due.subject or 'the organization'} failed")


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked of the due work of some kinds."""

    next: Statement
    counts: Statement

    @classmethod
    def of(cls, kinds: list[str]) -> _Statements:
        named: list[Any] = [
            bindparam(f"kind_{number}", kind, unique=False) for number, kind in enumerate(kinds)
        ]
        those = (_due.c.world == bindparam("world"), _due.c.kind.in_(named))
        late = func.sum(case((_due.c.due_at < bindparam("late"), 1), else_=0))
        first = (
            select(_due.c.id, _due.c.due_at, _due.c.kind, _due.c.subject, _due.c.payload)
            .where(*those)
            .order_by(_due.c.due_at, _due.c.id)
            .limit(1)
        )
        return cls(Statement(first), Statement(select(func.count(), func.coalesce(late, 0)).where(*those)))
