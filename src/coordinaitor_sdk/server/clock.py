"""The one source of time, and the one form in which the server writes it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a world asks for the time."""

    def now(self) -> datetime:
        """The current moment, with UTC as its time zone."""
        ...

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return when `until` is reached (None: never) or `wake` is set, whichever comes first."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Sleep until `until` (None: for ever) or until `wake` is set."""
        seconds = None if until is None else max(0.0, (until - self.now()).total_seconds())
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return


class WorldClock(SystemClock):
    """A clock that can be stopped and set: until then the machine's, later as far from it as it was let go.

    Whoever moves it wakes those who wait. It may be read in any thread.

    Parameters:
        frozen: where it stands; None where it goes.
        ahead: how far before the machine's clock it is, where it goes.
    """

    def __init__(self, frozen: datetime | None = None, ahead: timedelta = timedelta()) -> None:
        self._frozen = frozen
        self._ahead = ahead

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen is not None

    @property
    def ahead(self) -> timedelta:
        """How far before the machine's clock it goes; what it was when it was stopped, where it stands."""
        return self._ahead

    def now(self) -> datetime:
        """The world's moment in UTC."""
        frozen = self._frozen
        return super().now() + self._ahead if frozen is None else frozen

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """As that of the machine's clock; while it stands only `wake` ends the wait."""
        await super().wait(None if self.is_frozen else until, wake)

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, at that moment or (None) at this one; of it whole milliseconds count."""
        self._frozen = moment_of(stamp(self.now() if at is None else at))

    def resume(self) -> None:
        """Go on from where it stands."""
        if self._frozen is not None:
            self._ahead = self._frozen - super().now()
            self._frozen = None


def stamp(moment: datetime) -> str:
    """`moment` as the server stores and sends it: ISO 8601, UTC, always milliseconds, always `Z`.

    The width is fixed, so that the text sorts like the time.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def moment_of(text: str) -> datetime:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text)
