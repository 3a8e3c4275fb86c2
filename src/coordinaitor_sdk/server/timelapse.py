"""Moving a world's clock: from one moment at which something falls due to the next, so that the cost follows
what happens and not the hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from coordinaitor_sdk.server.clock import WorldClock
from coordinaitor_sdk.server.errors import ApiError, ConflictError, ValidationFailedError
from coordinaitor_sdk.server.scheduler import Scheduler
from coordinaitor_sdk.server.schemas.control import LATEST, within_reach
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.webhooks.deliverer import Deliverer
from coordinaitor_sdk.server.worlds import World, keep_clock
from coordinaitor_sdk.server.ws.hub import Hub

MOST_UNTIL_IDLE: Final = 100_000
"""Pieces of work after which a world is taken for one that never comes to rest."""


@dataclass(frozen=True, slots=True)
class TimeLapse:
    """Moves the clocks of worlds, one call at a time for each, and does what falls due on the way in its
    order: due work, attempts of webhooks, the end of sockets whose token expires.

    Each method returns how many pieces of due work were done.
    """

    store: Store
    scheduler: Scheduler
    deliverer: Deliverer
    hub: Hub

    async def freeze(self, world: World) -> int:
        """Let the clock stand where it is."""
        clock_of(world).freeze()
        await self._moved(world)
        return 0

    async def resume(self, world: World) -> int:
        """Let the clock go on from where it stands."""
        clock_of(world).resume()
        await self._moved(world)
        return 0

    async def advance(self, world: World, seconds: float) -> int:
        """Stop the clock and move it on by so many seconds.

        Raises:
            ValidationFailedError: it would stand where no clock can; nothing was moved.
        """
        until = clock_of(world).now() + timedelta(seconds=seconds)
        if not within_reach(until):
            raise ValidationFailedError({"advance": [f"Advance must not lead beyond {LATEST:%Y-%m-%d}"]})
        return await self._run(world, lambda following: following <= until, until)

    async def run_until_idle(self, world: World) -> int:
        """Stop the clock and move it on to the last thing that falls due.

        Raises:
            ConflictError: there is no end of it; the clock stands where that was found.
        """
        before = self.scheduler.done(world)

        def goes_on(following: datetime) -> bool:
            if self.scheduler.done(world) - before >= MOST_UNTIL_IDLE or not within_reach(following):
                raise ConflictError(
                    "The world does not come to rest: each piece of work makes another; use advance instead"
                )
            return True

        return await self._run(world, goes_on)

    async def _run(
        self, world: World, goes_on: Callable[[datetime], bool], until: datetime | None = None
    ) -> int:
        """Go from one due moment to the next while `goes_on`, and then to `until`."""
        clock, before = clock_of(world), self.scheduler.done(world)
        clock.freeze()
        try:
            async with self.scheduler.held(world):
                while (following := await self._settle(world)) is not None and goes_on(following):
                    self._set(world, clock, following)
                if until is not None:
                    self._set(world, clock, until)
        except asyncio.CancelledError:
            # By the server's end. No 503: that is repeated, and what is done would be done twice.
            raise ApiError("The server was stopped on the way: the clock stands where it got to") from None
        finally:
            await self._moved(world)
        return self.scheduler.done(world) - before

    async def _settle(self, world: World) -> datetime | None:
        """Do all that is due now; the moment of what comes next."""
        following = await self._do_due(world)
        while await self.deliverer.settle(world):
            following = await self._do_due(world)
        return following

    async def _do_due(self, world: World) -> datetime | None:
        # What is to be delivered of a moment begins once all of the moment is known: in the same order each
        # time.
        with self.deliverer.held(world):
            return await self.scheduler.run_due(world)

    def _set(self, world: World, clock: WorldClock, moment: datetime) -> None:
        clock.freeze(max(clock.now(), moment))
        self.hub.time_moved(world)

    async def _moved(self, world: World) -> None:
        """Keep where the clock is, and let those look at it who wait for a moment."""
        clock = clock_of(world)
        await self.store.write(world, lambda change: keep_clock(change.sql, world.id, clock))
        self.hub.time_moved(world)
        self.scheduler.wake(world.id)


def clock_of(world: World) -> WorldClock:
    """The clock of a world.

    Raises:
        TypeError: it is of a kind that can't be moved.
    """
    if not isinstance(world.clock, WorldClock):
        raise TypeError(f"the clock of {world.id} can't be moved")
    return world.clock
