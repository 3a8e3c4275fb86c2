"""What the server says about its rate limit, and calls spread over it (API document, "Rate Limiting")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from .http import HttpResponse

WINDOW: Final = 3600.0
"""Seconds that a limit is for where the server doesn't say."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit as an answer told it; None where it didn't.

    Attributes:
        limit: requests in a window.
        remaining: how many of them are left.
        reset_at: when the window ends, Unix seconds.
        window: seconds that a window lasts.
        burst_remaining: requests that may be made at once now.
    """

    limit: float | None = None
    remaining: float | None = None
    reset_at: float | None = None
    window: float = WINDOW
    burst_remaining: float | None = None

    @classmethod
    def told_by(cls, headers: Mapping[str, str]) -> RateLimit | None:
        """The limit in an answer's headers, or None where there is none."""
        told = {name: _number(headers.get(f"x-ratelimit-{header}")) for name, header in _HEADERS.items()}
        known = {name: number for name, number in told.items() if number is not None}
        return cls(**known) if known.keys() - {"window"} else None


_HEADERS: Final = {
    "limit": "limit",
    "remaining": "remaining",
    "reset_at": "reset",
    "window": "window",
    "burst_remaining": "burst-remaining",
}


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) and number >= 0 else None


class Pacer:
    """Spreads calls over what is left of a rate limit, so that none meets a 429.

    A bucket of calls that refills at the limit's rate. Where the server tells what its own bucket holds
    (`X-RateLimit-Burst-Remaining`) that is what may go at once; else calls go one by one, limit / window.

    Args:
        lock: guards the figures where threads share them.
        clock: Unix seconds.
    """

    def __init__(self, lock: AbstractContextManager[object], clock: Callable[[], float]) -> None:
        self._lock = lock
        self._clock = clock
        self._rate: float | None = None
        self._held = 1.0
        self._capacity = 1.0
        self._updated = 0.0
        self._closed_until = 0.0
        self._under_way = 0

    def reserve(self) -> float:
        """Take a call's place; seconds until it may go. `learn`, `done` or `forget` follow at its end."""
        with self._lock:
            now = self._refill()
            self._under_way += 1
            self._held -= 1.0
            if self._rate is None:
                return 0.0  # nothing was told yet
            return max(0.0, -self._held / self._rate, self._closed_until - now)

    def forget(self) -> None:
        """Give back the place of a call that was never sent."""
        with self._lock:
            self._under_way -= 1
            self._held += 1.0

    def done(self) -> None:
        """A call was sent, and no answer came."""
        with self._lock:
            self._under_way -= 1

    def learn(self, response: HttpResponse, retry_after: float | None) -> None:
        """Take over what an answer told.

        Args:
            response: the answer.
            retry_after: seconds that a refusing one asks to wait.
        """
        told = RateLimit.told_by(response.headers)
        with self._lock:
            self._under_way -= 1
            now = self._refill()
            if response.status == 429 and retry_after is not None:
                self._closed_until = max(self._closed_until, now + retry_after)
            if told is None or not told.limit:
                return
            if told.burst_remaining is not None:
                self._capacity = max(self._capacity, told.burst_remaining)
                # Calls under way are not in the server's figure yet, and those that wait are a debt. Answers
                # come out of order: an old one must not raise what is known to be less by now.
                left = told.burst_remaining - self._under_way
                self._held = left if self._rate is None else min(self._held, left)
            elif self._rate is None:
                self._held = float(-self._under_way)
            if told.remaining == 0 and told.burst_remaining is None and told.reset_at is not None:
                self._closed_until = max(self._closed_until, min(told.reset_at, now + WINDOW))
            self._rate = told.limit / (told.window or WINDOW)

    def _refill(self) -> float:
        now = self._clock()
        if self._rate is not None:
            self._held = min(self._capacity, self._held + max(0.0, now - self._updated) * self._rate)
        self._updated = now
        return now
