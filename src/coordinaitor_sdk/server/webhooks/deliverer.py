"""Delivers what is stored: each webhook in a lane of its own, so that a dead receiver holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
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
        self._under_way: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._wakes: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = 0

    def start(self) -> None:
        """Begin with what is stored; call it on the event loop."""
        for world in self._worlds.all():
            self._wakes[world.id] = asyncio.Event()
            self._spawn(self._run(world, self._wakes[world.id]))

    async def stop(self) -> None:
        """End; attempts under way are broken off and made again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sender.close()

    def wake(self, world_id: str) -> None:
        """Look again: that world has deliveries to be attempted."""
        if (wake := self._wakes.get(world_id)) is not None:
            wake.set()

    async def _run(self, world: World, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            for webhook_id in webhooks.waiting_hooks(self._store.read, world.id):
                self._fill_lane(world, webhook_id)
            await wake.wait()

    def _fill_lane(self, world: World, webhook_id: str) -> None:
        lane = self._under_way[world.id, webhook_id]
        if len(lane) >= AT_ONCE:
            return
        # Those under way are still stored as ready: they come first, being the oldest.
        for delivery in webhooks.ready(self._store.read, world.id, webhook_id, 2 * AT_ONCE):
            if len(lane) >= AT_ONCE:
                return
            if delivery.id not in lane:
                lane.add(delivery.id)
                self._spawn(self._attempt(world, delivery))

    async def _attempt(self, world: World, delivery: Delivery) -> None:
        receiver = webhooks.receiver(self._store.read, world.id, delivery.webhook_id)
        try:
            if receiver is None:
                outcome = Outcome(None, "there is no such webhook any more")
            else:
                async with self._slots:
                    outcome = await self._sender.send(receiver, delivery)
            await self._note(world, delivery, outcome)
        finally:
            self._under_way[world.id, delivery.webhook_id].discard(delivery.id)
            self.wake(world.id)

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

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("delivering webhooks failed", exc_info=error)


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
