"""When a server asks to be asked again: the one reading of `Retry-After` and its kin (DESIGN 3.9)."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def retry_after(
    status: int, headers: Mapping[str, str], body: Any = None, *, now: float | None = None
) -> float | None:
    """Seconds that the server asks to wait, or None where it doesn't say so readably.

    Args:
        status: of the answer.
        headers: with case-insensitive names; `Retry-After` holds seconds, fractions too, or an HTTP date
            (RFC 9110, 10.2.3); on a 429 without it `X-RateLimit-Reset`, Unix time in seconds.
        body: the error body's `retryAfter`, seconds.
        now: Unix time in seconds; without it dates are not read.
    """
    header = headers.get("retry-after")
    if header is not None:
        seconds = _seconds(header)
        if seconds is None:
            seconds = _until(header, now)
        if seconds is not None:
            return seconds
    seconds = _seconds(body)
    if seconds is None and status == 429 and now is not None:
        reset = _seconds(headers.get("x-ratelimit-reset"))
        seconds = None if reset is None else max(0.0, reset - now)
    return seconds


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(date: str, now: float | None) -> float | None:
    if now is None:
        return None
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return None
