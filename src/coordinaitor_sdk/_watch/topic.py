"""What the hub asks of a client, what it gives to a watch, and what it keeps of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from .._core.watch import TaskMachine

if TYPE_CHECKING:
    import asyncio
    import weakref
    from collections.abc import Awaitable, Mapping

    from .._core.watch import Connection, Position, TaskUpdate
    from .._runtime.network import Network
    from ..exceptions import CoordinaitorError
    from ..models.common import Page
    from ..models.task import Task


LookedBy: TypeAlias = Literal["snapshot", "poll"]


class Source(Protocol):
    """What the hub needs of a client."""

    websocket_url: str | None
    network: Network

    def fetch(self, task_id: str, /) -> Awaitable[Task]:
        """The task by REST."""
        ...

    def page(self, number: int, filters: Mapping[str, str | None], /) -> Awaitable[Page[Task]]:
        """A page of the list of tasks, from 1."""
        ...

    def headers(self) -> Awaitable[dict[str, str]]:
        """Headers that authenticate, fresh for each connection."""
        ...

    def renew(self, rejected: dict[str, str], /) -> Awaitable[bool]:
        """Get other credentials than the rejected ones."""
        ...


class Sink(Protocol):
    """Where a watch's updates go. Called in the hub's loop; must not block."""

    def put(self, update: TaskUpdate) -> None:
        """Take one update."""
        ...

    def state_is(self, state: Connection) -> None:
        """How updates come from now on; may be the same as before."""
        ...

    def end(self, error: CoordinaitorError | None) -> None:
        """Nothing more comes; `error` where the watch could not go on."""
        ...


class Watcher:
    """A consumer, held weakly, and the tasks that it still waits for."""

    __slots__ = ("remaining", "sink", "transport")

    def __init__(self, sink: weakref.ref[Sink], remaining: set[str], transport: str) -> None:
        self.sink = sink
        self.remaining = remaining
        self.transport = transport


class Topic:
    """One watched task.

    `since` is the position up to which all its events were seen; `live` says that the present connection
    delivers it from there on; `polled`, that no watch of it wants the connection. `confirmed` is when its
    state was last told by the server, on the loop's clock.
    """

    __slots__ = (
        "again",
        "confirmed",
        "failures",
        "fetching",
        "interval",
        "live",
        "machine",
        "polled",
        "quiet",
        "since",
        "timer",
        "watchers",
    )

    def __init__(
        self, task_id: str, interval: float, task: Task | None = None, since: Position | None = None
    ) -> None:
        self.machine = TaskMachine(task_id, task)
        self.watchers: set[int] = set()
        self.interval = interval
        self.since = since
        self.live = False
        self.polled = False
        self.confirmed: float | None = None
        self.fetching = False
        self.again = False
        self.failures = 0
        self.quiet = 0
        self.timer: asyncio.TimerHandle | None = None
