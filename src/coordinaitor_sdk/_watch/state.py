"""What both kinds of watch hold, and how a wait on one ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.watch import UpdateQueue, outcome
from ..exceptions import WatchTimeoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.watch import TaskUpdate
    from ..exceptions import CoordinaitorError
    from ..models.task import Task


class WatchState:
    """The tasks watched, what came of them, and whether more may come."""

    def __init__(self, task_ids: Sequence[str], check_interval: float) -> None:
        self.task_ids: tuple[str, ...] = tuple(dict.fromkeys(task_ids))
        self._interval = check_interval
        self._queue = UpdateQueue()
        self._key = 0
        self._ended = not self.task_ids
        self._error: CoordinaitorError | None = None

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open"
        return f"<{type(self).__name__} of {', '.join(self.task_ids)}: {state}>"

    def _take(self) -> TaskUpdate | None:
        """The next update that has come, or None.

        Raises:
            CoordinaitorError: all have been read, and the watch could not go on.
        """
        update = self._queue.pop()
        if update is None and self._error is not None:
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
