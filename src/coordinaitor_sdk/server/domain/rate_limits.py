"""How much a caller may ask (API document, "Rate Limiting"): a token bucket that refuses, and a count of the
running hour that only tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from coordinaitor_sdk.server.domain.permissions import Tier

WINDOW: Final = 3_600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests in an hour, and at once."""

    per_hour: int
    burst: int


TIERS: Final[dict[Tier, Limit]] = {
    "free": Limit(1_000, 50),
    "pro": Limit(10_000, 200),
    "enterprise": Limit(100_000, 1_000),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after a request.

    Attributes:
        remaining: what is left of the running hour; never below 0, and it refuses nothing.
        reset: when that hour ends, in seconds since 1970.
        tokens: how many requests are possible at once now.
        retry_after: whole seconds until the next one is; 0 when this one was.
    """

    limit: Limit
    remaining: int
    reset: int
    tokens: int
    retry_after: int


class Bucket:
    """What one caller has left. Full at first."""

    __slots__ = ("_at", "_hour", "_tokens", "_used")

    def __init__(self, limit: Limit, now: float) -> None:
        self._tokens = float(limit.burst)
        self._at = now
        self._hour = int(now // WINDOW)
        self._used = 0

    def take(self, limit: Limit, now: float) -> Standing:
        """Take a token, if there is one, at `now` in seconds since 1970."""
        refilled = max(0.0, now - self._at) * limit.per_hour / WINDOW
        self._tokens = min(float(limit.burst), self._tokens + refilled)
        self._at = now
        if self._hour != int(now // WINDOW):
            self._hour, self._used = int(now // WINDOW), 0
        retry_after = 0
        if self._tokens >= 1:
            self._tokens -= 1
            self._used += 1
        else:
            retry_after = max(1, math.ceil((1 - self._tokens) * WINDOW / limit.per_hour))
        return Standing(
            limit,
            max(0, limit.per_hour - self._used),
            (self._hour + 1) * WINDOW,
            int(self._tokens),
            retry_after,
        )
