"""When a lost live connection is built anew (DESIGN 4)."""

from __future__ import annotations

from typing import Final

from .retry import Retry

BACKOFF: Final = Retry(backoff=0.5, max_backoff=10.0)

# A server that goes away or restarts says so to all clients in one moment, and may be back in the next:
# they spread over more than the half second in which one alone comes back.
_SAID_TO_ALL: Final = frozenset({1001, 1012})
_SPREAD: Final = 4


def failures_after(before: int, *, delivered: bool, code: int | None) -> int:
    """The failures that the wait before the next connection goes by.

    Args:
        before: those of the wait before the one that was lost.
        delivered: whether that one delivered; having opened is not enough.
        code: the close code that it ended with.
    """
    failures = 1 if delivered else before + 1
    return max(failures, _SPREAD) if code in _SAID_TO_ALL else failures
