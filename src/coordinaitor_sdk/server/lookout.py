"""Notices what another process wrote into the database: users that the command `server users add` adds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError

from coordinaitor_sdk.server.events import latest_seqs
from coordinaitor_sdk.server.store.sql import Sql

logger: logging.Logger = logging.getLogger(__name__)

INTERVAL: Final = 0.5
"""Seconds between two looks."""


class Lookout:
    """Compares the stored event logs with what was pushed.

    Parameters:
        lags: tells of a world and the number of its newest event whether that was not pushed.
        on_news: called with the id of a world, and the number of its newest event, when there is a newer one.
    """

    def __init__(
        self, sql: Sql, lags: Callable[[str, int], bool], on_news: Callable[[str, int], None]
    ) -> None:
        self._sql = sql
        self._lags = lags
        self._on_news = on_news
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call it on the event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def look(self) -> None:
        """Tell of every world that has news."""
        for world_id, seq in latest_seqs(self._sql):
            if self._lags(world_id, seq):
                self._on_news(world_id, seq)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                self.look()
            except DBAPIError as error:
                logger.warning("the event log can't be read now: %s", error.orig)
