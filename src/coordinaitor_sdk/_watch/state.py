"""What both kinds of watch hold, and how a wait on one ends."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeAlias

from .._core.watch import CHECK_INTERVAL, Connection, U, UpdateQueue
from .._core.watch_kinds import TASK
from .._core.watch_token import Standing
from ..exceptions import InvalidArgumentError, WatchTimeoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.watch_all import Criteria
    from .._core.watch_kinds import Kind, Subject
    from .._notebook.board import Board
    from .._notebook.output import Output
    from ..exceptions import CoordinaitorError
    from .hub import Hub
    from .topic import Sink

logger = logging.getLogger("coordinaitor_sdk")

Transport: TypeAlias = Literal["auto", "websocket", "poll"]
TRANSPORTS: Final = ("auto", "websocket", "poll")
WatchEvent: TypeAlias = Literal[
    "state", "lost", "update",
    "progress", "assigned", "updated", "completed", "error", "cancelled", "deleted",
    "status", "archived",
]  # fmt: skip
# Seconds between two changes of what a notebook shows.
REFRESH: Final = 0.1
_EVENTS: Final = {
    "task": (
        *("state", "lost", "update"),
        *("progress", "assigned", "updated", "completed", "error", "cancelled", "deleted"),
    ),
    "agent": ("state", "lost", "update", "status", "updated", "deleted"),
    "project": ("state", "lost", "update", "status", "updated", "completed", "archived", "deleted"),
}


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a watch is meant.

    Attributes:
        check_interval: seconds after which each is looked at by REST, whatever the WebSocket says.
        conflate: whether progress that was not read gives way to newer progress.
        ends_only: whether only ends are told.
        resume: the token of the watch that this one goes on from.
        transport: `auto`, `websocket` alone (REST checks all the same), or `poll`.
        criteria: watch all that meet these, instead of some by id.
    """

    check_interval: float = CHECK_INTERVAL
    conflate: bool = True
    ends_only: bool = False
    resume: str | None = None
    transport: Transport = "auto"
    criteria: Criteria | None = None

    def for_display(self) -> WatchOptions:
        """The same tasks, from their present state on, however the watch is read."""
        return replace(self, conflate=True, ends_only=False, resume=None)


class WatchState(Generic[U]):
    """What is watched, what came of it, and whether more may come."""

    kind: ClassVar[Kind] = TASK

    def __init__(self, ids: Sequence[str], options: WatchOptions) -> None:
        self.ids: tuple[str, ...] = tuple(dict.fromkeys(ids))
        self._options = options
        of_all = options.criteria is not None
        self._standing: Standing[U] = Standing(self.kind, options.resume, of_all=of_all)
        self._waiting = [one for one in self.ids if one not in self._standing.ended]
        self._queue: UpdateQueue[U] = UpdateQueue(conflate=options.conflate)
        self._key = 0
        self._ended = not self._waiting and not of_all
        self._error: CoordinaitorError | None = None
        self._state: Connection = "resuming"
        self._states: deque[Connection] = deque(maxlen=100)

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open"
        return f"<{type(self).__name__} of {', '.join(self.ids) or f'all {self.kind.name}s'}: {state}>"

    def _add_to(self, hub: Hub, sink: Sink) -> int:
        """Begin, with the hub in its loop; the key."""
        options, known = self._options, dict(self._standing.known)
        interval, transport = options.check_interval, options.transport
        if options.criteria is None:
            return hub.add(sink, self.kind, self._waiting, interval, known, transport)
        return hub.add_all(sink, options.criteria, interval, self._standing.resumed(), transport)

    @property
    def state(self) -> Connection:
        """How updates come at present: `live` by pushes; `resuming`: the connection is being made, or made
        anew; `polling` by REST; `stale`: neither, what is known may be out of date.
        """
        return self._state

    def _note(self, state: Connection) -> bool:
        """Take the present state; whether it is another than before."""
        if state == self._state:
            return False
        self._state = state
        self._states.append(state)
        return True

    def _take_state(self) -> Connection | None:
        """The next change of state that was not read yet, or None."""
        return self._states.popleft() if self._states else None

    @property
    def token(self) -> str:
        """Where this watch stands, for `resume=`: a JSON text, with all that was read last."""
        return self._standing.token()

    def _accept(self, update: U) -> bool:
        """Queue what the consumer is to be told; whether that is so."""
        told = self._standing.filtered(update)
        if told is None or (self._options.ends_only and not told.is_final):
            return False
        self._queue.put(told)
        return True

    def _take(self) -> U | None:
        """The next update that has come, or None.

        Raises:
            CoordinaitorError: all have been read, and the watch could not go on.
        """
        update = self._queue.pop()
        if update is not None:
            self._standing.told(update)
        elif self._error is not None:
            error, self._error = self._error, None
            raise error
        return update

    def _has_news(self) -> bool:
        return bool(self._states) or len(self._queue) > 0

    def _take_all(self) -> list[U] | None:
        """All updates that have come; None where none have and none will.

        Raises:
            CoordinaitorError: as in `_take`.
        """
        if self._ended and not len(self._queue) and self._error is None:
            return None
        self._states.clear()
        updates: list[U] = []
        while len(self._queue):
            updates.extend(filter(None, [self._take()]))
        if not updates:
            self._take()
        return updates

    def _shown(self) -> tuple[Output, Board]:
        """The live output that now shows this watch, and what is to be filled in.

        Raises:
            NotImplementedError: there is no notebook.
        """
        from .._notebook.board import Board
        from .._notebook.output import Output

        board = Board(len(self.ids) if self._options.criteria is None else None, self.kind.name)
        return Output(board, repr(self)), board

    def _closed_early(self) -> WatchTimeoutError:
        """The error of a wait on a watch that was closed meanwhile."""
        ids = ", ".join(self.ids)
        told = f"the watch was closed before the {self.kind.name} ended"
        return self._no_end(told, ids)

    def _timed_out(self, last: U | None, timeout: float | None) -> WatchTimeoutError:
        """The error of a wait whose time is over."""
        ids = ", ".join(self.ids)
        subject = last.subject if last is not None else None
        state = f"; it is {subject.status}" if subject is not None and len(self.ids) == 1 else ""
        told = f"{ids}: no end within {timeout:g} s{state}, and work goes on on the server"
        return self._no_end(told, ids, subject)

    def _no_end(self, told: str, ids: str, subject: Subject | None = None) -> WatchTimeoutError:
        named: dict[str, Any] = {f"{self.kind.name}_id": ids, self.kind.name: subject}
        return WatchTimeoutError(told, **named)


def check_event(kind: Kind, event: str) -> None:
    """Refuse an event that no watch of the kind has.

    Raises:
        InvalidArgumentError: so it is.
    """
    events = _EVENTS[kind.name]
    if event not in events:
        raise InvalidArgumentError(f"a watch has no event {event!r}; it has {', '.join(events)}")


def moment_of(monotonic: float | None) -> datetime | None:
    """The time of day of a moment on the monotonic clock, which event loops go by."""
    if monotonic is None:
        return None
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - monotonic)


def log_broken(event: str, error: CoordinaitorError) -> None:
    """A watch with callbacks could not go on, and nobody asked for `lost`."""
    logger.error("the watch behind on(%r) could not go on: %s", event, type(error).__name__)


def log_raised(event: str) -> None:
    """A callback raised; called while its error is handled."""
    logger.exception("a callback of on(%r) raised; it is called again for the next update", event)
