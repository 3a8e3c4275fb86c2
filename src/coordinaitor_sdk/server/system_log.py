"""What happens outside of changes (requests, logins) is noted here and written in one piece now and then: a
request must not wait for its line in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from functools import partial
from typing import Final

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.errors import UnavailableError
from coordinaitor_sdk.server.store import logs
from coordinaitor_sdk.server.store.logs import Entry, Level, Service
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.worlds import World, Worlds

logger: logging.Logger = logging.getLogger(__name__)

INTERVAL: Final = 0.25
"""Seconds after which what was noted is written."""


class SystemLog:
    """The lines that wait to be written, world by world. Used on the event loop."""

    def __init__(self, store: Store, worlds: Worlds) -> None:
        self._store = store
        self._worlds = worlds
        self._waiting: defaultdict[str, deque[Entry]] = defaultdict(partial(deque[Entry], maxlen=logs.KEPT))
        self._writing = asyncio.Lock()
        self._noted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call it on the event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what waits, then end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(UnavailableError):
            await self.flush()

    def note(
        self, world: World, level: Level, service: Service, message: str, request_id: str | None = None
    ) -> None:
        """Add a line, now on the world's clock."""
        entry = Entry(stamp(world.clock.now()), level, service, message, request_id)
        self._waiting[world.id].append(entry)
        self._noted.set()

    def forget(self, world: World) -> None:
        """Drop the lines of a world that wait."""
        self._waiting.pop(world.id, None)

    async def flush(self) -> None:
        """Write what was noted so far.

        Raises:
            UnavailableError: the database refused; the lines wait on.
        """
        async with self._writing:
            for world_id, waiting in list(self._waiting.items()):
                world = self._worlds.get(world_id)
                if waiting and world is not None:
                    await self._write(world, waiting)

    async def _write(self, world: World, waiting: deque[Entry]) -> None:
        entries = list(waiting)
        waiting.clear()
        try:
            await self._store.write(world, lambda change: logs.add(change, entries))
        except UnavailableError:
            waiting.extendleft(reversed(entries))
            raise

    async def _run(self) -> None:
        while True:
            await self._noted.wait()
            await asyncio.sleep(INTERVAL)
            self._noted.clear()
            try:
                await self.flush()
            except UnavailableError as error:
                logger.warning("the log can't be written now: %s", error)
                self._noted.set()
