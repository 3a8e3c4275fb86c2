"""The writer thread: takes waiting changes together into one transaction, each in a savepoint of its own.

A change is answered only after the commit that holds it (SQLite with synchronous FULL: it is on the disk).
A change that fails takes back what it did and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from coordinaitor_sdk.server.errors import AuthenticationError, UnavailableError
from coordinaitor_sdk.server.store.change import Change, Numbers
from coordinaitor_sdk.server.store.sql import Sql

if TYPE_CHECKING:
    from coordinaitor_sdk.server.events import Event
    from coordinaitor_sdk.server.worlds import World

LARGEST_GROUP = 128
"""Changes in one transaction, at most: bounds how long the first of them waits."""

GONE = "The credential's organization is gone"
"""What is said of a change that came after the deletion of its world."""

logger: logging.Logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """A change waiting for the writer, and the future that its caller awaits."""

    world: World
    work: Callable[[Change], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Committed:
    """What one transaction leaves to the event loop: answers, events in order, worlds whose due work
    changed, worlds with webhooks to be delivered.
    """

    jobs: list[Job] = field(default_factory=list[Job])
    events: list[Event] = field(default_factory=list["Event"])
    wakes: set[str] = field(default_factory=set[str])
    deliveries: set[str] = field(default_factory=set[str])


class Writer:
    """Runs changes in one thread, in the order in which they were submitted.

    Parameters:
        sql: the connection that only this thread uses.
        deliver: called in the thread, after each transaction.
    """

    def __init__(self, sql: Sql, deliver: Callable[[Committed], None]) -> None:
        self._sql = sql
        self._deliver = deliver
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="coordinaitor-writer", daemon=True)

    def start(self) -> None:
        """Begin to take changes."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a change."""
        self._queue.put(job)

    def stop(self) -> None:
        """Commit what waits, then end the thread. Blocks until it is done."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            committed = Committed()
            ended = self._write_group(job, committed)
            self._deliver(committed)
            if ended:
                return

    def _write_group(self, job: Job, committed: Committed) -> bool:
        """Write `job` and what waits behind it; true when the end of the queue was met."""
        ended = False
        current: Job | None = job
        try:
            self._sql.text("BEGIN IMMEDIATE")
            numbers = Numbers(self._sql)
            while current is not None:
                committed.jobs.append(current)
                self._write(current, committed, numbers)
                current, ended = self._waiting(len(committed.jobs))
            numbers.write()
            self._sql.text("COMMIT")
        except Exception as error:
            if not committed.jobs:
                committed.jobs.append(job)
            self._abandon(committed, error)
        return ended

    def _waiting(self, taken: int) -> tuple[Job | None, bool]:
        if taken >= LARGEST_GROUP:
            return None, False
        try:
            job = self._queue.get_nowait()
        except queue.Empty:
            return None, False
        return job, job is None

    def _write(self, job: Job, committed: Committed, numbers: Numbers) -> None:
        self._sql.text("SAVEPOINT one_change")
        change = Change(self._sql, job.world, numbers)
        mark = numbers.mark()
        try:
            if job.world.is_gone:
                raise AuthenticationError(GONE)  # noqa: TRY301 - it ends as what the work raises does
            job.result = job.work(change)
        except Exception as error:
            # Errors of the database also end here; when they ended the whole transaction, the next line
            # raises.
            self._sql.text("ROLLBACK TO one_change")
            numbers.back_to(mark)
            job.error = _as_unavailable(error)
        else:
            committed.events += change.events
            if change.wakes_scheduler:
                committed.wakes.add(job.world.id)
            if change.wakes_deliverer:
                committed.deliveries.add(job.world.id)
        self._sql.text("RELEASE one_change")

    def _abandon(self, committed: Committed, error: Exception) -> None:
        logger.error("a transaction of %d changes failed: %s", len(committed.jobs), error)
        committed.events.clear()
        committed.wakes.clear()
        committed.deliveries.clear()
        for job in committed.jobs:
            job.error = _as_unavailable(error)
        try:
            self._sql.text("ROLLBACK")
        except DBAPIError:
            logger.debug("nothing was left to roll back")


def _as_unavailable(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError):
        unavailable = UnavailableError("The database can't take the change now; nothing was changed")
        unavailable.__cause__ = error
        return unavailable
    return error
