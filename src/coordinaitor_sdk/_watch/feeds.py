"""The live feeds of a hub: each subscribes on the one socket, and is told what it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from pydantic_core import from_json

from .._core.feed import FeedMachine
from ..exceptions import (
    AuthorizationError,
    ConnectionFailedError,
    InvalidArgumentError,
    WatchError,
)
from ..models.webhook import Resync

if TYPE_CHECKING:
    import asyncio
    import weakref
    from collections.abc import Callable

    from .._core.feed import Interest
    from .._core.frames import Frame
    from .._core.watch import Position
    from ..exceptions import CoordinaitorError
    from .link import Link

_SUBSCRIBED_WITHIN: Final = 1.0
# How many connections in a row may fail before a feed that has none yet gives up, as a call does.
_ATTEMPTS: Final = 4


class Pushed(NamedTuple):
    """A message of the server's, and whose events it brings."""

    message: str | bytes
    organization: Any


class FeedSink(Protocol):
    """Where a feed's events go. Called in the hub's loop; must not block."""

    def take(self, told: list[Pushed | Resync]) -> None:
        """Take what has come."""
        ...

    def begin(self, position: Position | None) -> None:
        """All that is pushed from now on comes, from this position on."""
        ...

    def end(self, error: CoordinaitorError | None) -> None:
        """Nothing more comes; `error` where the feed could not go on."""
        ...


class Feed:
    """One of them, its consumer held weakly."""

    def __init__(self, sink: weakref.ref[FeedSink], machine: FeedMachine[str | bytes]) -> None:
        self.sink = sink
        self.machine = machine
        self.failures = 0
        self.timer: asyncio.TimerHandle | None = None

    def rest(self) -> None:
        """No more waiting for a confirmation."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Feeds:
    """All of a hub's.

    Args:
        loop: the hub's.
        link: the connection.
        retire: called when one has ended: the connection may not be needed any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, link: Link, retire: Callable[[], None]) -> None:
        self._loop = loop
        self._link = link
        self._retire = retire
        self._feeds: dict[int, Feed] = {}
        self._greeting: Frame | None = None
        self._connected = False

    def __len__(self) -> int:
        return len(self._feeds)

    def add(self, key: int, sink: weakref.ref[FeedSink], interest: Interest, since: Position | None) -> None:
        """Begin one."""
        feed = self._feeds[key] = Feed(sink, FeedMachine(interest, since))
        if self._connected:
            self._subscribe(key, feed)

    def remove(self, key: int) -> None:
        """End one, if there is such."""
        if self._drop(key):
            self._link.send({"type": "unsubscribe", "id": self._link.subscription(_name(key))})

    def _drop(self, key: int) -> bool:
        feed = self._feeds.pop(key, None)
        if feed is None:
            return False
        feed.rest()
        self._retire()
        return True

    def fail(self, error: CoordinaitorError | None) -> None:
        """End all of them."""
        for key, feed in list(self._feeds.items()):
            self._end(key, feed, error)

    def refused(self) -> None:
        """The server takes no WebSocket, and nothing else could bring events."""
        self.fail(WatchError("the server refuses the WebSocket, and events come no other way", task_id=""))

    # --- the connection ---

    def connected(self) -> None:
        """There is a connection: subscribe."""
        self._connected = True
        for key, feed in self._feeds.items():
            self._subscribe(key, feed)

    def failed(self, reason: str) -> None:
        """It broke or could not be had; a feed that never had one ends at last."""
        for key, feed in list(self._feeds.items()):
            feed.failures += 1
            if not feed.machine.begun and feed.failures >= _ATTEMPTS:
                self._end(key, feed, ConnectionFailedError(f"no live connection to the server ({reason})"))

    def lost(self, heard: int) -> None:
        """It is gone; up to `heard` all was delivered."""
        self._greeting, self._connected = None, False
        for feed in self._feeds.values():
            feed.rest()
            feed.machine.lost(heard)

    def _subscribe(self, key: int, feed: Feed) -> None:
        if self._greeting is not None:
            feed.machine.greeted()
        subscription = {"id": self._link.subscription(_name(key))}
        self._link.send(feed.machine.interest.subscription(feed.machine.since) | subscription)
        # A server that knows only the document never confirms.
        feed.timer = self._loop.call_later(_SUBSCRIBED_WITHIN, self._on_unconfirmed, feed)

    def _on_unconfirmed(self, feed: Feed) -> None:
        feed.timer = None
        if self._connected and self._greeting is None and not feed.machine.live:
            self._confirm(feed, None)

    # --- what comes in ---

    def on_ready(self, frame: Frame) -> None:
        """The server's greeting."""
        self._greeting = frame
        for feed in self._feeds.values():
            feed.machine.greeted()

    def on_push(self, message: str | bytes) -> None:
        """An event, for whichever subscription of the socket."""
        if self._feeds:
            push: dict[str, Any] = from_json(message)
            for feed in list(self._feeds.values()):
                self._tell(feed, feed.machine.see(push, message))

    def on_subscribed(self, frame: Frame) -> None:
        """A confirmation, of a feed or of something else."""
        feed = self._feed_of(frame)
        if feed is not None:
            feed.rest()
            self._confirm(feed, frame.seq)

    def on_resync(self, frame: Frame) -> None:
        """The server can't go on from where a feed was, if it is a feed's."""
        feed = self._feed_of(frame)
        if feed is not None:
            feed.machine.resync(frame.reason)

    def on_error(self, frame: Frame) -> bool:
        """A refusal; whether it is of a feed, which ends then."""
        feed = self._feed_of(frame)
        if feed is None:
            return False
        refusal: CoordinaitorError = InvalidArgumentError(f"the server refused the feed: {frame.message}")
        if frame.code == "AUTHORIZATION_ERROR":
            refusal = AuthorizationError(str(frame.message), status=403, code=frame.code)
        self._end(_key(frame), feed, refusal)
        return True

    def _confirm(self, feed: Feed, seq: int | None) -> None:
        epoch = self._greeting.epoch if self._greeting is not None else None
        self._tell(feed, feed.machine.subscribed(epoch, seq))
        sink = feed.sink()
        if sink is not None:
            sink.begin(feed.machine.since)

    def _tell(self, feed: Feed, told: list[str | bytes | Resync]) -> None:
        sink = feed.sink()
        if told and sink is not None:
            organization = self._greeting.organization if self._greeting is not None else None
            sink.take([one if isinstance(one, Resync) else Pushed(one, organization) for one in told])

    def _end(self, key: int, feed: Feed, error: CoordinaitorError | None) -> None:
        self._drop(key)
        sink = feed.sink()
        if sink is not None:
            sink.end(error)

    def _feed_of(self, frame: Frame) -> Feed | None:
        key = _key(frame)
        return self._feeds.get(key) if frame.id == self._link.subscription(_name(key)) else None


def _name(key: int) -> str:
    return f"@{key}"


def _key(frame: Frame) -> int:
    text = (frame.id or "").rpartition("@")[2]
    return int(text) if text.isdigit() else 0
