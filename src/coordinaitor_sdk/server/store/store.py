"""The store as the rest of the server sees it: reads on the event loop, changes through the writer thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Engine, literal, select

from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import connect
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.store.writer import Committed, Job, Writer

if TYPE_CHECKING:
    from coordinaitor_sdk.server.events import Event
    from coordinaitor_sdk.server.worlds import World

T = TypeVar("T")

_PING = Statement(select(literal(1)))

CONNECTIONS = 2
"""One for the reads of the event loop, one for the writer thread."""


class Store:
    """An open database.

    Parameters:
        engine: opened and at the current schema.
        on_events: called on the event loop with the events of each committed transaction, in order.
        on_due: called on the event loop with the id of each world whose due work changed.
        on_deliveries: likewise, with that of each world with webhooks to be delivered.
    """

    def __init__(
        self,
        engine: Engine,
        on_events: Callable[[list[Event]], None],
        on_due: Callable[[str], None],
        on_deliveries: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._on_events = on_events
        self._on_due = on_due
        self._on_deliveries = on_deliveries
        self._loop: asyncio.AbstractEventLoop | None = None
        self.read: Sql = Sql(connect(engine))
        self._writing = Sql(connect(engine))
        self._writer = Writer(self._writing, self._deliver_from_thread)

    def start(self) -> None:
        """Start the writer; call it on the event loop that will await the changes."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    async def write(self, world: World, work: Callable[[Change], T]) -> T:
        """Run `work` in the writer thread and return its result once it is committed.

        Raises:
            UnavailableError: the database refused; nothing was changed.
            Exception: what `work` raised; what it did was taken back.
        """
        if self._loop is None:
            raise RuntimeError("the store is not started")
        future: asyncio.Future[T] = self._loop.create_future()
        self._writer.submit(Job(world, work, future))
        return await future

    def latency(self) -> float:
        """Milliseconds that a touch of the database takes.

        Raises:
            DBAPIError: it doesn't answer.
        """
        began = time.perf_counter()
        self.read.value(_PING)
        return round(1_000 * (time.perf_counter() - began), 3)

    def size(self) -> int:
        """Bytes of the database's files, without what was uploaded."""
        path = self._engine.url.database or ""
        return sum(file.stat().st_size for file in (Path(path), Path(f"{path}-wal")) if file.exists())

    async def close(self) -> None:
        """Commit what waits, then close the database."""
        await asyncio.to_thread(self._writer.stop)
        self.read.close()
        self._writing.close()
        self._engine.dispose()

    def _deliver_from_thread(self, committed: Committed) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, committed)

    def _deliver(self, committed: Committed) -> None:
        if committed.events:
            self._on_events(committed.events)
        for job in committed.jobs:
            if job.future.done():  # its caller has gone away
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
        for world in committed.wakes:
            self._on_due(world)
        for world in committed.deliveries:
            self._on_deliveries(world)
