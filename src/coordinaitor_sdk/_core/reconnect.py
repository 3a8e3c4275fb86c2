"""When a lost live connection is built anew (DESIGN 4): soon after a short outage, never by all clients at
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARE: Final = 0.35
_LEAST: Final = 0.75


@dataclass(frozen=True, slots=True)
class Reconnect:
    """How long to wait. With these values a server that closes all its sockets has its clients back over
    almost two seconds, and an outage of up to five seconds costs less than two more.

    Attributes:
        shortest: seconds over which the first wait is drawn.
        longest: seconds that no wait is above.
    """

    shortest: float = 1.8
    longest: float = 10.0

    def wait(self, lost_for: float, random: Callable[[], float]) -> float:
        """Seconds until the next try.

        Args:
            lost_for: seconds since a connection last delivered; one that only opened counts for nothing.
            random: draws from 0 to 1.
        """
        span = min(self.longest, max(self.shortest, lost_for * _SHARE))
        # The first wait spreads the clients; short ones after it would draw them together again.
        least = min(_LEAST, lost_for)
        return span * (least + (1 - least) * random())
