"""Delivers what is stored: each webhook in a lane of its own, so that a dead receiver holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.webhooks import Delivery, delay_after
from coordinaitor_sdk.server.errors import UnavailableError
from coordinaitor_sdk.server.scheduler import Due, Handler, schedule
from coordinaitor_sdk.server.store import webhooks
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.logs import Level, Service, log
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.webhooks.sending import MOST_CONNECTIONS, Outcome, Sender
from coordinaitor_sdk.server.worlds import World, Worlds

ATTEMPT: Final = "webhook.attempt"
"""Due work: the wait of a delivery is over; its subject is the delivery."""

AT_ONCE: Final = 4
"""Attempts of one webhook under way."""

RETRY_AFTER: Final = 5.0
"""Seconds after which the database is asked again when it refused."""

PRUNE_EVERY: Final = 100

logger: logging.Logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Office:
    """What is under way for one world: the ids of deliveries by their webhook, and the tasks; while it is
    `held` nothing is begun.
    """

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    lanes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    held: bool = False


class Deliverer:
    """Attempts deliveries until they succeed or have been tried often enough.

    Parameters:
        delays: seconds after each failed attempt until the next.
    """

    def __init__(self, store: Store, worlds: Worlds, sender: Sender, delays: tuple[float, ...]) -> None:
        self._store = store
        self._worlds = worlds
        self._sender = sender
        self._delays = delays
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self._offices: dict[str, _Office] = {}
        self._ended = 0

    def start(self) -> None:
        """Begin with what is stored; call it on the event loop."""
        for world in self._worlds.all():
            self.add(world)

    async def stop(self) -> None:
        """End; attempts under way are broken off and made again at the next start."""
        await asyncio.gather(*(_close(office) for office in self._offices.values()))
        await self._sender.close()

    def add(self, world: World) -> None:
        """Begin with a world, with what is stored."""
        office = self._offices[world.id] = _Office()
        _spawn(office, self._run(world, office))

    async def remove(self, world: World) -> None:
        """End with a world; attempts under way are broken off, and stay stored."""
        if (office := self._offices.pop(world.id, None)) is not None:
            await _close(office)

    def wake(self, world_id: str) -> None:
        """Look again: that world has deliveries to be attempted."""
        if (office := self._offices.get(world_id)) is not None:
            office.wake.set()

    @contextmanager
    def held(self, world: World) -> Generator[None, None, None]:
        """Within the block no attempt begins in a world; those under way go on."""
        office = self._offices[world.id]
        office.held = True
        try:
            yield
        finally:
            office.held = False
            office.wake.set()

    async def settle(self, world: World) -> bool:
        """Return when every delivery of a world that is to be attempted now was; whether there was any."""
        office = self._offices[world.id]
        found = False
        while webhooks.waiting_hooks(self._store.read, world.id):
            found = True
            office.progress.clear()
            office.wake.set()
            await office.progress.wait()
        return found

    async def _run(self, world: World, office: _Office) -> None:
        while True:
            office.wake.clear()
            if not office.held:
                self._fill(world, office)
            await office.wake.wait()

    def _fill(self, world: World, office: _Office) -> None:
        waiting = webhooks.waiting_hooks(self._store.read, world.id)
        if not world.repeats:
            for webhook_id in waiting:
                self._fill_lane(world, office, webhook_id)
        elif waiting and not any(office.lanes.values()):
            # One after the other: together they would arrive in another order in each run.
            oldest = [webhooks.ready(self._store.read, world.id, each, 1)[0] for each in waiting]
            self._begin(world, office, min(oldest, key=lambda each: (len(each.id), each.id)))

    def _fill_lane(self, world: World, office: _Office, webhook_id: str) -> None:
        lane = office.lanes[webhook_id]
        if len(lane) >= AT_ONCE:
            return
        # Those under way are still stored as ready: they come first, being the oldest.
        for delivery in webhooks.ready(self._store.read, world.id, webhook_id, 2 * AT_ONCE):
            if len(lane) >= AT_ONCE:
                return
            if delivery.id not in lane:
                self._begin(world, office, delivery)

    def _begin(self, world: World, office: _Office, delivery: Delivery) -> None:
        office.lanes[delivery.webhook_id].add(delivery.id)
        _spawn(office, self._attempt(world, office, delivery))

    async def _attempt(self, world: World, office: _Office, delivery: Delivery) -> None:
        receiver = webhooks.receiver(self._store.read, world.id, delivery.webhook_id)
        try:
            if receiver is None:
                outcome = Outcome(None, "there is no such webhook any more")
            else:
                async with self._slots:
                    outcome = await self._sender.send(receiver, delivery)
            await self._note(world, delivery, outcome)
        finally:
            office.lanes[delivery.webhook_id].discard(delivery.id)
            office.wake.set()
            office.progress.set()

    async def _note(self, world: World, delivery: Delivery, outcome: Outcome) -> None:
        attempts = delivery.attempts + 1
        delay = delay_after(attempts, self._delays, world.random("webhook", delivery.id, attempts))
        again = None if outcome.is_success else delay

        def note(change: Change) -> None:
            next_at = None if again is None else stamp(change.now + timedelta(seconds=again))
            webhooks.note_attempt(
                change,
                delivery.id,
                attempts=attempts,
                status=outcome.status,
                error=outcome.error,
                next_at=next_at,
            )
            log(change, *_told(delivery, outcome, attempts, again))
            if again is not None:
                schedule(change, ATTEMPT, after=again, subject=delivery.id)
            else:
                self._ended += 1
                if self._ended % PRUNE_EVERY == 0:
                    webhooks.prune(change)

        level, _, message = _told(delivery, outcome, attempts, again)
        if level != "info":
            logger.warning(message)
        while True:
            try:
                await self._store.write(world, note)
            except UnavailableError:
                await asyncio.sleep(RETRY_AFTER)
            else:
                return


def _spawn(office: _Office, work: Coroutine[None, None, None]) -> None:
    def done(task: asyncio.Task[None]) -> None:
        office.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("delivering webhooks failed", exc_info=error)

    task: asyncio.Task[None] = asyncio.create_task(work)
    office.tasks.add(task)
    task.add_done_callback(done)


async def _close(office: _Office) -> None:
    for task in office.tasks:
        task.cancel()
    await asyncio.gather(*office.tasks, return_exceptions=True)


def attempt_due(change: Change, due: Due) -> None:
    """Handler of `ATTEMPT`: the delivery is to be attempted now."""
    webhooks.release(change, due.subject)


HANDLERS: Final[dict[str, Handler]] = {ATTEMPT: attempt_due}


def _told(
    delivery: Delivery, outcome: Outcome, attempts: int, again: float | None
) -> tuple[Level, Service, str]:
    """What the log says of an attempt."""
    about = f"delivery {delivery.id} of {delivery.event} to {delivery.webhook_id}, attempt {attempts}"
    if outcome.is_success:
        return "info", "webhooks", f"{about}: HTTP {outcome.status}"
    reason = outcome.error or f"HTTP {outcome.status}"
    if again is None:
        return "error", "webhooks", f"{about}: {reason}; that was the last attempt"
    return "warn", "webhooks", f"{about}: {reason}; again in {again:.0f} s"
