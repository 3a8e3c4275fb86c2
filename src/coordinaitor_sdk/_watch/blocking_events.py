"""The live feed as a plain iterator. The twin of `aio_events`: the same hub, on a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from .events import FeedState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from .._core.watch import Position
    from ..exceptions import CoordinaitorError
    from ..models.webhook import Resync, WebhookEvent
    from .blocking import ThreadedHub, Watcher
    from .feeds import Pushed
    from .hub import Hub

# Waiting is done in short slices, so that Ctrl-C works everywhere.
_SLICE: Final = 0.25


class EventFeed(FeedState):
    """The server's events as they happen: `for event in feed`. Ends by `close()` alone.

    It starts with `with`, `start()`, or the first event asked for. `close()`, `with`, or the last reference
    to it going (a `break` out of a bare loop) release what it holds.
    """

    def __init__(
        self,
        watcher: Watcher,
        channel: str,
        filters: Mapping[str, str | Sequence[str]] | None,
        resume: str | None,
    ) -> None:
        super().__init__(channel, filters, resume)
        self._watcher = watcher
        self._hub: ThreadedHub | None = None
        self._news = threading.Condition()

    def start(self) -> Self:
        """Connect, and return once the server tells all that happens from then on.

        Raises:
            ConnectionFailedError: the server can't be reached.
            WatchError: it takes no WebSocket.
            AuthenticationError, AuthorizationError: it does not tell this caller.
            InvalidArgumentError: it knows no such channel or filter.
        """
        self._open()
        with self._news:
            while not self._begun and not self._ended:
                self._news.wait(_SLICE)
            self._raise_error()
        return self

    def _open(self) -> None:
        if self._hub is None and not self._ended:
            self._hub = self._watcher.hub()
            self._key = self._hub.call(self._added_to)

    def _added_to(self, hub: Hub) -> int:
        return hub.add_feed(self, self._interest, self._resumed)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WebhookEvent:
        """The next event.

        Raises:
            CoordinaitorError: the feed could not begin (see `start`), or the credentials no longer hold.
        """
        self._open()
        with self._news:
            while True:
                event = self._take()
                if event is not None:
                    return event
                if self._ended:
                    raise StopIteration
                self._news.wait(_SLICE)

    def close(self) -> None:
        """End the feed now; an iteration over it stops."""
        if self._hub is not None:
            self._hub.remove_soon(self._key)
        self.end(None)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def take(self, told: list[Pushed | Resync]) -> None:
        """Take events from the hub."""
        with self._news:
            self._accept(told)
            self._news.notify_all()

    def begin(self, position: Position | None) -> None:
        """Take from the hub that events come."""
        with self._news:
            self._note_begin(position)
            self._news.notify_all()

    def end(self, error: CoordinaitorError | None) -> None:
        """Take the end from the hub."""
        with self._news:
            self._ended = True
            self._error = error
            self._news.notify_all()
