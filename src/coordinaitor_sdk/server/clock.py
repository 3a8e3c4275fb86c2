"""The one source of time, and the one form in which the server writes it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a world asks for the time.

    The system's clock now; a clock that a test moves fits the same shape.
    """

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


def stamp(moment: datetime) -> str:
    """`moment` as the server stores and sends it: ISO 8601, UTC, always milliseconds, always `Z`.

    The width is fixed, so that the text sorts like the time.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def moment_of(text: str) -> datetime:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text)
