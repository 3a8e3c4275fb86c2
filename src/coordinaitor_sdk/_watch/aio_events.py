"""The live feed as an async iterator. The twin of `blocking_events`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .events import FeedState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from .._core.watch import Position
    from ..exceptions import CoordinaitorError
    from ..models.webhook import Resync, WebhookEvent
    from .aio import AsyncWatcher
    from .feeds import Pushed
    from .hub import Hub


class AsyncEventFeed(FeedState):
    """The server's events as they happen: `async for event in feed`. Ends by `close()` alone.

    It starts with `async with`, `start()`, or the first event asked for. `close()`, `async with`, or the last
    reference to it going (a `break` out of a bare loop) release what it holds.
    """

    def __init__(
        self,
        watcher: AsyncWatcher,
        channel: str,
        filters: Mapping[str, str | Sequence[str]] | None,
        resume: str | None,
    ) -> None:
        super().__init__(channel, filters, resume)
        self._watcher = watcher
        self._hub: Hub | None = None
        self._wake = asyncio.Event()

    async def start(self) -> Self:
        """Connect, and return once the server tells all that happens from then on.

        Raises:
            ConnectionFailedError: the server can't be reached.
            WatchError: it takes no WebSocket.
            AuthenticationError, AuthorizationError: it does not tell this caller.
            InvalidArgumentError: it knows no such channel or filter.
        """
        await self._open()
        while not self._begun and not self._ended:
            self._wake.clear()
            await self._wake.wait()
        self._raise_error()
        return self

    async def _open(self) -> None:
        if self._hub is None and not self._ended:
            hub = await self._watcher.hub()
            if self._hub is None:
                self._hub = hub
                self._key = hub.add_feed(self, self._interest, self._resumed)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WebhookEvent:
        """The next event.

        Raises:
            CoordinaitorError: the feed could not begin (see `start`), or the credentials no longer hold.
        """
        await self._open()
        while True:
            event = self._take()
            if event is not None:
                return event
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    def close(self) -> None:
        """End the feed now; an iteration over it stops. Can be called from any thread."""
        if self._hub is not None and not self._hub.runs_here:
            self._hub.call_soon(self._close)
        else:
            self._close()

    def _close(self) -> None:
        if self._hub is not None:
            self._hub.remove(self._key)
        self.end(None)

    async def __aenter__(self) -> Self:
        try:
            return await self.start()
        except BaseException:
            self.close()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def take(self, told: list[Pushed | Resync]) -> None:
        """Take events from the hub."""
        self._accept(told)
        self._wake.set()

    def begin(self, position: Position | None) -> None:
        """Take from the hub that events come."""
        self._note_begin(position)
        self._wake.set()

    def end(self, error: CoordinaitorError | None) -> None:
        """Take the end from the hub."""
        self._ended = True
        self._error = error
        self._wake.set()
