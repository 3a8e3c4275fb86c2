"""What the hub asks of a client, what it gives to a watch, and what it keeps of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from .._core.watch import Machine

if TYPE_CHECKING:
    import asyncio
    import weakref
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from .._core.watch import Connection, Position
    from .._core.watch_kinds import Kind, Subject
    from .._runtime.network import Network
    from ..exceptions import CoordinaitorError
    from ..models.common import Page


LookedBy: TypeAlias = Literal["snapshot", "poll"]


class Source(Protocol):
    """What the hub needs of a client."""

    websocket_url: str | None
    network: Network
    spacing: Callable[[], float]
    """Seconds between two looks that keep below the rate limit."""

    def fetch(self, kind: str, subject_id: str, /) -> Awaitable[Subject]:
        """The subject by REST; `kind` is its name."""
        ...

    def page(self, kind: str, number: int, filters: Mapping[str, str | None], /) -> Awaitable[Page[Any]]:
        """A page of the list of a kind, from 1; newest change first, where it can be had so."""
        ...

    def headers(self) -> Awaitable[dict[str, str]]:
        """Headers that authenticate, fresh for each connection."""
        ...

    def renew(self, rejected: dict[str, str], /) -> Awaitable[bool]:
        """Get other credentials than the rejected ones."""
        ...


class Sink(Protocol):
    """Where a watch's updates go. Called in the hub's loop; must not block."""

    def put(self, update: Any) -> None:
        """Take one update."""
        ...

    def state_is(self, state: Connection) -> None:
        """How updates come from now on; may be the same as before."""
        ...

    def end(self, error: CoordinaitorError | None) -> None:
        """Nothing more comes; `error` where the watch could not go on."""
        ...


class Watcher:
    """A consumer, held weakly, and the names of the topics that it still waits for."""

    __slots__ = ("remaining", "sink", "transport")

    def __init__(self, sink: weakref.ref[Sink], remaining: set[str], transport: str) -> None:
        self.sink = sink
        self.remaining = remaining
        self.transport = transport


def topic_name(kind: Kind, subject_id: str) -> str:
    """What a topic is called: kind and id."""
    return f"{kind.name}/{subject_id}"


class Topic:
    """One watched subject.

    `since` is the position up to which all its events were seen; `live` says that the present connection
    delivers it from there on; `polled`, that no watch of it wants the connection; `refused`, that the server
    didn't take its subscription there. `confirmed` is when its state was last told by the server, on the
    loop's clock; `as_of`, on the server's: changes that REST has not shown yet are later.
    """

    __slots__ = (
        "again",
        "as_of",
        "confirmed",
        "failures",
        "fetching",
        "interval",
        "live",
        "machine",
        "name",
        "polled",
        "quiet",
        "refused",
        "since",
        "timer",
        "watchers",
    )

    def __init__(
        self,
        kind: Kind,
        subject_id: str,
        interval: float,
        subject: Subject | None = None,
        since: Position | None = None,
    ) -> None:
        self.name = topic_name(kind, subject_id)
        self.machine = Machine(kind, subject_id, subject)
        self.watchers: set[int] = set()
        self.interval = interval
        self.since = since
        self.live = False
        self.polled = False
        self.refused = False
        self.confirmed: float | None = None
        self.as_of: datetime | None = None
        self.fetching = False
        self.again = False
        self.failures = 0
        self.quiet = 0
        self.timer: asyncio.TimerHandle | None = None

    @property
    def kind(self) -> Kind:
        """What it is one of."""
        return self.machine.kind
