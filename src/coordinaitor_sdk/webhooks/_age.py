"""How old a delivery may be: told by the time of its event, which is part of what is signed."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from ..exceptions import InvalidArgumentError, WebhookTimestampError

CLOCK_TOLERANCE: Final = 60.0
"""Seconds by which the sender's clock may be ahead."""


def checked_limit(max_age: float | None) -> float | None:
    """An age limit in seconds, None for none.

    Raises:
        InvalidArgumentError: it is not a number of seconds above 0.
    """
    given: Any = max_age
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < math.inf:
        raise InvalidArgumentError(f"max_age must be a number of seconds above 0, or None; got {given!r}")
    return float(given)


def check_age(timestamp: object, limit: float, now: float) -> None:
    """Pass when an event happened within the last `limit` seconds.

    Args:
        timestamp: what the delivery has as its time.
        now: Unix seconds.

    Raises:
        WebhookTimestampError: it is older, from the future, or can't be read.
    """
    if not isinstance(timestamp, datetime) or timestamp.utcoffset() is None:
        raise WebhookTimestampError(
            "the delivery does not tell its age: it has no timestamp with date, time and offset;"
            " leave max_age out to take it all the same"
        )
    age = now - timestamp.timestamp()
    if age < -CLOCK_TOLERANCE:
        raise WebhookTimestampError(
            f"the delivery's timestamp is {-age:.0f} s in the future, more than the {CLOCK_TOLERANCE:.0f} s"
            " allowed: set the clocks of both machines"
        )
    if age > limit:
        raise WebhookTimestampError(
            f"the event happened {age:.0f} s ago, and max_age is {limit:g} s: a late redelivery (it carries"
            " the time of the event), or a copy; raise max_age to take redeliveries that come so late"
        )
