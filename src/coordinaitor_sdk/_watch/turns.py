"""Looks one after the other, so that the rate limit holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .topic import Source


class Turns:
    """When the next look of a hub may go.

    Args:
        source: tells how far apart they are to be.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._source.spacing()
        if turn > now:
            await asyncio.sleep(turn - now)
