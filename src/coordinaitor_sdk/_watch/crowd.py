"""A watch of all tasks of a kind: pushes of the whole channel, and sweeps over the list beside them."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._core.pages import PageWalk
from .._core.watch_all import CrowdMachine
from ..exceptions import AuthenticationError, AuthorizationError, CoordinaitorError, NotFoundError

if TYPE_CHECKING:
    import weakref

    from .._core.watch import Position, TaskUpdate
    from .._core.watch_all import Criteria
    from ..models.task import Task
    from .topic import Sink, Source

logger = logging.getLogger("coordinaitor_sdk")


class Crowd:
    """One such watch, its sink held weakly; `since` as for a topic. `due` asks for a sweep."""

    def __init__(self, sink: weakref.ref[Sink], criteria: Criteria, interval: float, source: Source) -> None:
        self.sink = sink
        self.since: Position | None = None
        self.due = asyncio.Event()
        self.sweeping: asyncio.Task[None] | None = None
        self._machine = CrowdMachine(criteria)
        self._interval = interval
        self._source = source
        self._live = False
        self._begun = False

    def on_push(self, task: Task, position: Position | None, *, deleted: bool) -> None:
        """Take a push of the channel."""
        if position is not None and self._live:
            self.since = position
        if deleted:
            self._deliver(self._machine.see_deleted(str(task.id), "push", position))
        else:
            self._deliver(self._machine.see(task, "push", position))

    def on_subscribed(self, epoch: str | None, seq: Any) -> None:
        """The connection delivers from now on; without a position to resume from, the list is swept."""
        if self.since is None:
            self.due.set()
        self._live = True
        if isinstance(epoch, str) and isinstance(seq, int):
            self.since = (epoch, seq)

    def on_resync(self, reason: str | None) -> None:
        """The server's log can't be gone on from."""
        self.since = None
        if reason == "epoch_changed":
            self._machine.rebase()

    def lost(self, heard: int) -> None:
        """The connection is gone; up to `heard` all was delivered."""
        if self._live and self.since is not None:
            self.since = (self.since[0], max(self.since[1], heard))
        self._live = False

    def close(self) -> None:
        """No more sweeps."""
        if self.sweeping is not None:
            self.sweeping.cancel()

    async def sweep_on(self, wait: float) -> None:
        """Sweep when asked for and when it is time, the first time in `wait` seconds at the latest."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.due.wait()
            self.due.clear()
            try:
                await self._sweep()
            except CoordinaitorError as error:
                logger.info("the list of tasks could not be fetched: %s", type(error).__name__)
                if not self._begun or isinstance(error, (AuthenticationError, AuthorizationError)):
                    self._fail(error)
                    return
            self._begun = True
            wait = self._interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing

    async def _sweep(self) -> None:
        walk: PageWalk[Task] = PageWalk(start=1, limit=100)
        seen: list[Task] = []
        while not walk.ended:
            page = walk.taken(await self._source.page(walk.page, self._machine.criteria.given()))
            seen.extend(page.data)
            for task in page.data:
                self._deliver(self._machine.see(task, "snapshot", self.since))
        for task_id in self._machine.swept(seen):
            try:
                task = await self._source.fetch(task_id)
            except NotFoundError:
                self._deliver(self._machine.see_deleted(task_id, "snapshot", self.since))
            else:
                self._deliver(self._machine.see(task, "snapshot", self.since))

    def _deliver(self, update: TaskUpdate | None) -> None:
        sink = self.sink()
        if update is not None and sink is not None:
            sink.put(update)

    def _fail(self, error: CoordinaitorError) -> None:
        sink = self.sink()
        if sink is not None:
            sink.end(error)
