"""How often to look where looks are all that there is (DESIGN 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rate_limit import RateLimit

# Seconds until the next look at what moves, and how much longer it takes with every look that brings nothing.
_POLL: Final = 0.5
_SLOWER: Final = 1.5
_JITTER: Final = 0.1
# Parts of a window's requests: below the one, looks are spread; the other is left to the user's own calls.
_PLENTY: Final = 0.5
_RESERVED: Final = 0.25
# Requests at once: below the one, looks come no faster than these are filled up again; below the other, half
# as fast, so that some are there for the user's own calls.
_MANY: Final = 20
_FEW: Final = 5


def until_next_look(
    interval: float, quiet: int, *, polls: bool, least: float, random: Callable[[], float]
) -> float:
    """Seconds until the next look, spread, so that many clients don't come at once.

    Args:
        interval: seconds between two looks where nothing moves, or pushes come too.
        quiet: how many looks in a row have brought nothing.
        polls: whether looks are all that there is.
        least: seconds that the rate limit asks for.
        random: a number from 0 to 1.
    """
    seconds = min(interval, _POLL * _SLOWER ** min(quiet, 20)) if polls else interval
    return max(seconds * (1 - _JITTER + 2 * _JITTER * random()), least)


def spacing(limit: RateLimit | None, now: float) -> float:
    """Seconds between two looks that keep below the rate limit: 0 while there is plenty of it.

    Args:
        limit: as the server told it last.
        now: Unix seconds.
    """
    if limit is None or not limit.limit:
        return 0.0
    return max(_by_burst(limit, limit.limit), _by_window(limit, limit.limit, now))


def _by_burst(limit: RateLimit, requests: float) -> float:
    if limit.burst_remaining is None or limit.burst_remaining >= _MANY:
        return 0.0
    each = limit.window / requests
    return each if limit.burst_remaining >= _FEW else 2 * each


def _by_window(limit: RateLimit, requests: float, now: float) -> float:
    if limit.remaining is None:
        return 0.0
    if limit.remaining >= requests * _PLENTY:
        return 0.0
    left = limit.window if limit.reset_at is None else min(limit.window, max(0.0, limit.reset_at - now))
    return left / max(1.0, limit.remaining - requests * _RESERVED)
