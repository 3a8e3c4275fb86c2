"""A watch of all of a kind that match: pushes of the whole channel, and sweeps over the list beside them."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .._core.pace import until_next_look
from .._core.retry import Retry
from .._core.sweep import LIMIT, Sweep
from .._core.watch_all import CrowdMachine
from ..exceptions import AuthenticationError, AuthorizationError, CoordinaitorError, NotFoundError
from .sweeping import read

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from .._core.watch import Position
    from .._core.watch_all import Criteria, Resumed
    from .._core.watch_kinds import Subject, Update
    from .link import Link
    from .topic import LookedBy, Sink, Source
    from .turns import Turns

logger = logging.getLogger("coordinaitor_sdk")

# Seconds between two readings of the whole list where no event tells of deletions.
_WHOLE: Final = 600.0
_BACKOFF: Final = Retry(backoff=0.5, max_backoff=10.0)


class Crowd:
    """One such watch, its sink held weakly; `since`, `live`, `polled`, `refused`, `failures` and
    `confirmed` as for a topic. `due` asks for a sweep.
    """

    def __init__(
        self,
        sink: weakref.ref[Sink],
        criteria: Criteria,
        source: Source,
        link: Link,
        turns: Turns,
        *,
        interval: float,
        transport: str,
        resumed: Resumed | None = None,
    ) -> None:
        self.sink = sink
        self.kind = criteria.kind
        self.transport = transport
        self.since: Position | None = resumed.position if resumed is not None else None
        self.polled = transport == "poll"
        self.live = False
        self.refused = False
        self.failures = 0
        self.confirmed: float | None = None
        self.due = asyncio.Event()
        self.sweeping: asyncio.Task[None] | None = None
        self._filters = criteria.fields
        self._machine = CrowdMachine(criteria, resumed)
        self._interval = interval
        self._source = source
        self._link = link
        self._turns = turns
        self._begun = False
        self._quiet = 0
        self._news = False
        self._requests = 1
        self._floor: datetime | None = None
        self._whole_at = 0.0

    def on_push(self, subject: Subject, position: Position | None, *, deleted: bool) -> None:
        """Take a push of the channel."""
        if position is not None and self.live:
            self.since = position
        if deleted:
            self._deliver(self._machine.see_deleted(str(subject.id), "push", position))
        else:
            self._deliver(self._machine.see(subject, "push", position))

    def on_subscribed(self, epoch: str | None, seq: Any) -> None:
        """The connection delivers from now on; without a position to resume from, the list is swept."""
        if self.since is None:
            self.due.set()
        elif epoch not in {None, self.since[0]}:
            self._machine.rebase()  # another history, of which the position says nothing
            self._floor = None
            self.due.set()
        self.live = True
        self.failures = 0
        if isinstance(epoch, str) and isinstance(seq, int):
            self.since = (epoch, seq)

    def check_confirmed(self) -> None:
        """The server had its time to say `subscribed` once more; one that never does may have left gaps."""
        if self._begun and not (self.live or self.polled or self.refused):
            self.due.set()

    def on_resync(self, reason: str | None) -> None:
        """The server's log can't be gone on from."""
        self.since = None
        if reason == "epoch_changed":
            self._machine.rebase()
            self._floor = None

    def lost(self, heard: int) -> None:
        """The connection is gone; up to `heard` all was delivered."""
        if self.live and self.since is not None:
            self.since = (self.since[0], max(self.since[1], heard))
        self.live = self.refused = False

    def on_refused(self) -> None:
        """The server does not take its subscription: sweeps are all that there is."""
        self.live, self.refused = False, True
        self.due.set()

    def close(self) -> None:
        """No more sweeps."""
        if self.sweeping is not None:
            self.sweeping.cancel()

    async def sweep_on(self, wait: float, told: Callable[[], None]) -> None:
        """Sweep when asked for and when it is time, the first time in `wait` seconds at the latest.

        Args:
            wait: seconds.
            told: called after each sweep.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.due.wait()
            self.due.clear()
            try:
                await self._sweep()
            except CoordinaitorError as error:
                logger.info(
                    "the list of %s could not be fetched: %s", self.kind.channel, type(error).__name__
                )
                if not self._begun or isinstance(error, (AuthenticationError, AuthorizationError)):
                    self._fail(error)
                    return
                self.failures += 1
                wait = min(self._interval, 1.0 + _BACKOFF.wait(self.failures, random.random))
            else:
                wait = self._swept()
            told()

    def _swept(self) -> float:
        """Note that a sweep went well; seconds until the next."""
        self._begun = True
        self.failures = 0
        self.confirmed = asyncio.get_running_loop().time()
        self._quiet, self._news = 0 if self._news else self._quiet + 1, False
        least = self._source.spacing() * self._requests
        return until_next_look(
            self._interval, self._quiet, polls=self._looked == "poll", least=least, random=random.random
        )

    @property
    def _looked(self) -> LookedBy:
        return "poll" if self._link.refused or self.refused or self.polled else "snapshot"

    async def _sweep(self) -> None:
        self._requests = 0
        now = asyncio.get_running_loop().time()
        told = self.live and self.since is not None  # of deletions, by events
        whole_pages = 1 + len(self._machine) // LIMIT
        changes_only = self._floor is not None and whole_pages > 1 and (told or now < self._whole_at)
        if changes_only and await self._sweep_changes(whole_pages):
            return
        await self._sweep_whole()
        self._whole_at = now + _WHOLE

    async def _sweep_changes(self, most: int) -> bool:
        """Look at what has changed, whether it matches or not; False where that takes over `most` pages."""
        sweep, seen = Sweep(self._floor), list[Any]()
        async for rows in read(self._source, self.kind, sweep, {}, self._turns):
            seen += rows
            self._see(rows)
            if sweep.requests >= most and sweep.page is not None:
                return False
        self._note(sweep, seen)
        return sweep.reached

    async def _sweep_whole(self) -> None:
        sweep, seen = Sweep(None, whole=True), list[Any]()
        turns = self._turns if self._begun else None
        async for rows in read(self._source, self.kind, sweep, self._filters, turns):
            seen += rows
            self._see(rows)
        self._note(sweep, seen)
        for subject_id in [one for one in self._machine if one not in sweep.seen]:
            self._requests += 1
            await self._turns.wait()
            try:
                subject = await self._source.fetch(self.kind.name, subject_id)
            except NotFoundError:
                self._deliver(self._machine.see_deleted(subject_id, self._looked, self.since))
            else:
                self._deliver(self._machine.see(subject, self._looked, self.since))

    def _see(self, rows: Iterable[Subject]) -> None:
        for row in rows:
            self._deliver(self._machine.see(row, self._looked, self.since, partial=True))

    def _note(self, sweep: Sweep, seen: list[Any]) -> None:
        self._requests += sweep.requests
        self._floor = sweep.newest if self.kind.by_change else None
        self._machine.swept(seen)

    def _deliver(self, update: Update | None) -> None:
        if update is None:
            return
        self._news = True
        sink = self.sink()
        if sink is not None:
            sink.put(update)

    def _fail(self, error: CoordinaitorError) -> None:
        sink = self.sink()
        if sink is not None:
            sink.end(error)
