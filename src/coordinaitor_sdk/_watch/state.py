"""What both kinds of watch hold, and how a wait on one ends."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .._core.watch import CHECK_INTERVAL, Connection, UpdateQueue, outcome
from .._core.watch_token import Standing
from ..exceptions import InvalidArgumentError, WatchTimeoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.watch import TaskUpdate
    from .._core.watch_all import Criteria
    from ..exceptions import CoordinaitorError
    from ..models.task import Task

logger = logging.getLogger("coordinaitor_sdk")

Transport: TypeAlias = Literal["auto", "websocket", "poll"]
TRANSPORTS: Final = ("auto", "websocket", "poll")
WatchEvent: TypeAlias = Literal[
    "state", "update", "progress", "assigned", "updated", "completed", "error", "cancelled", "deleted", "lost"
]
_EVENTS: Final = (
    "state", "lost", "update",
    "progress", "assigned", "updated", "completed", "error", "cancelled", "deleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a watch is meant.

    Attributes:
        check_interval: seconds after which a task is looked at by REST, whatever the WebSocket says.
        conflate: whether progress that was not read gives way to newer progress.
        ends_only: whether only ends are told.
        resume: the token of the watch that this one goes on from.
        transport: `auto`, `websocket` alone (REST checks all the same), or `poll`.
        criteria: watch every task that meets these, instead of tasks by id.
    """

    check_interval: float = CHECK_INTERVAL
    conflate: bool = True
    ends_only: bool = False
    resume: str | None = None
    transport: Transport = "auto"
    criteria: Criteria | None = None


class WatchState:
    """The tasks watched, what came of them, and whether more may come."""

    def __init__(self, task_ids: Sequence[str], options: WatchOptions) -> None:
        self.task_ids: tuple[str, ...] = tuple(dict.fromkeys(task_ids))
        self._options = options
        self._standing = Standing(options.resume)
        self._waiting = [one for one in self.task_ids if one not in self._standing.ended]
        self._queue = UpdateQueue(conflate=options.conflate)
        self._key = 0
        self._ended = not self._waiting and options.criteria is None
        self._error: CoordinaitorError | None = None
        self._state: Connection = "resuming"
        self._states: deque[Connection] = deque(maxlen=100)

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open"
        return f"<{type(self).__name__} of {', '.join(self.task_ids) or 'all tasks'}: {state}>"

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
        """Where this watch stands, for `resume=`: a JSON text, with the state of each task as last read."""
        return self._standing.token()

    def _accept(self, update: TaskUpdate) -> bool:
        """Queue what the consumer is to be told; whether that is so."""
        told = self._standing.filtered(update)
        if told is None or (self._options.ends_only and not told.is_final):
            return False
        self._queue.put(told)
        return True

    def _take(self) -> TaskUpdate | None:
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

    def _outcome(self, last: TaskUpdate | None) -> Task:
        """The result of a wait that has seen everything."""
        if last is None or not last.is_final:
            raise WatchTimeoutError(
                "the watch was closed before the task ended", task_id=", ".join(self.task_ids)
            )
        return outcome(last)

    def _timed_out(self, last: TaskUpdate | None, timeout: float | None) -> WatchTimeoutError:
        """The error of a wait whose time is over."""
        task = last.task if last is not None else None
        state = f"; it is {task.status}" if task is not None and len(self.task_ids) == 1 else ""
        return WatchTimeoutError(
            f"{', '.join(self.task_ids)}: no end within {timeout:g} s{state}, and work goes on on the server",
            task_id=", ".join(self.task_ids),
            task=task,
        )


def check_event(event: str) -> None:
    """Refuse an event that no watch has.

    Raises:
        InvalidArgumentError: so it is.
    """
    if event not in _EVENTS:
        raise InvalidArgumentError(f"a watch has no event {event!r}; it has {', '.join(_EVENTS)}")


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
