"""Watch state machine: what a new sight of a task means, what a slow consumer still has to see (DESIGN 4)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from ..exceptions import TaskCancelledError, TaskDeletedError, TaskFailedError, WatchError

if TYPE_CHECKING:
    from ..models.task import Task

UpdateType: TypeAlias = Literal[
    "progress", "assigned", "updated", "completed", "error", "cancelled", "deleted"
]
Source: TypeAlias = Literal["push", "snapshot", "poll"]
Connection: TypeAlias = Literal["live", "resuming", "polling", "stale"]
# The server's epoch, and the number of the event in it.
Position: TypeAlias = tuple[str, int]

# The terminal states, with other servers' words for them (DESIGN 3.2).
TERMINAL_STATES: Final[dict[str, UpdateType]] = {
    "completed": "completed",
    "complete": "completed",
    "done": "completed",
    "succeeded": "completed",
    "failed": "error",
    "error": "error",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "aborted": "cancelled",
}
# Seconds between two looks by REST at a watched task, whatever the socket says.
CHECK_INTERVAL: Final = 30.0
TERMINAL_TYPES: Final = frozenset({"completed", "error", "cancelled", "deleted"})
_BOOKKEEPING: Final = frozenset({"version", "updated_at"})


@dataclass(slots=True, frozen=True)
class TaskUpdate:
    """What a watch yields: one step in a task's life. Fields can be read by key too: `update["type"]`.

    Attributes:
        type: `progress` (also the first sight of a task that has not ended), `assigned`, `updated`, and the
            ends `completed`, `error` (it failed), `cancelled`, `deleted`.
        task_id: the task concerned.
        task: its whole state; None only if it was deleted before it was seen.
        source: `push` from the WebSocket, `snapshot` by REST beside it, `poll` by REST where there is none.
        conflated: whether steps before this one may have been left out: the consumer was slower, or the task
            was seen by REST only after several of them.
        position: epoch and number of the server's event up to which this is told; None where it has none.
    """

    type: UpdateType
    task_id: str
    task: Task | None
    source: Source
    conflated: bool = False
    position: Position | None = field(default=None, repr=False, compare=False)

    @property
    def progress(self) -> float:
        """From 0.0 to 1.0; the last known one."""
        value = self.task.progress if self.task is not None else None
        return float(value) if isinstance(value, (int, float)) else 0.0

    @property
    def error(self) -> str | None:
        """On type `error` why the task failed, else None."""
        return failure_text(self.task) if self.type == "error" else None

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after this for its task."""
        return self.type in TERMINAL_TYPES

    def result(self) -> Task:
        """The completed task.

        Raises:
            TaskFailedError, TaskCancelledError, TaskDeletedError: it ended otherwise.
            WatchError: this is not the task's end.
        """
        if not self.is_final:
            raise WatchError(f"task {self.task_id} has not ended", task_id=self.task_id, task=self.task)
        return outcome(self)

    def __getitem__(self, key: str) -> Any:
        if key in _UPDATE_KEYS:
            return getattr(self, key)
        raise KeyError(f"an update has no {key!r}; it has {', '.join(_UPDATE_KEYS)}")


_UPDATE_KEYS: Final = ("type", "task_id", "task", "progress", "error", "source", "conflated", "position")


def failure_text(task: Task | None) -> str:
    """Why a task failed, in a sentence; never empty."""
    error: Any = task.error if task is not None else None
    message = getattr(error, "message", error)
    return message if isinstance(message, str) and message else "the task failed; the server gives no reason"


def outcome(update: TaskUpdate) -> Task:
    """The finished task of a final update.

    Raises:
        TaskFailedError, TaskCancelledError, TaskDeletedError: it did not complete.
    """
    task, task_id = update.task, update.task_id
    if update.type == "completed" and task is not None:
        return task
    if update.type == "error":
        raise TaskFailedError(f"task {task_id} failed: {failure_text(task)}", task_id=task_id, task=task)
    if update.type == "cancelled":
        raise TaskCancelledError(f"task {task_id} was cancelled", task_id=task_id, task=task)
    raise TaskDeletedError(f"there is no task {task_id}, or no more", task_id=task_id, task=task)


class TaskMachine:
    """What is known of one task: takes every sight of it, in any order, and gives the steps, each once.

    A sight that is not newer than the last is dropped; a terminal state is never left.
    """

    __slots__ = ("_rebased", "ended", "task", "task_id")

    def __init__(self, task_id: str, task: Task | None = None) -> None:
        self.task_id = task_id
        self.task = task
        self.ended = False
        self._rebased = False

    def see(self, task: Task, source: Source, position: Position | None = None) -> TaskUpdate | None:
        """Take a sight of the task; the step that it stands for, or None where it tells nothing new."""
        if self.ended:
            return None
        known = self.task
        if known is not None:
            if source == "push":
                task = _merged(known, task)
            if not (self._rebased and source != "push") and _is_stale(known, task):
                return None
            if source != "push":
                self._rebased = False
        self.task = task
        kind = _kind(known, task)
        if kind is None:
            return None
        self.ended = kind in TERMINAL_TYPES
        conflated = known is not None and _leaves_out(known, task, source)
        return TaskUpdate(kind, self.task_id, task, source, conflated, position)

    def see_deleted(self, source: Source, position: Position | None = None) -> TaskUpdate | None:
        """Take the news that the task is gone."""
        if self.ended:
            return None
        self.ended = True
        return TaskUpdate("deleted", self.task_id, self.task, source, position=position)

    def rebase(self) -> None:
        """The server's history is another one now: its next snapshot holds, whatever its version."""
        self._rebased = True

    def current(self, position: Position | None = None) -> TaskUpdate | None:
        """The present state, as the first update of one who joins later; None before the first sight."""
        if self.task is None or self.ended:
            return None
        return TaskUpdate("progress", self.task_id, self.task, "snapshot", position=position)


def _merged(known: Task, pushed: Task) -> Task:
    """A push may hold only some fields: the others stay as they were."""
    if known.model_fields_set <= pushed.model_fields_set:
        return pushed
    fields = {name: getattr(pushed, name) for name in pushed.model_fields_set}
    return known.model_copy(update=fields)


def _is_stale(known: Task, task: Task) -> bool:
    new, old = task.version, known.version
    if isinstance(new, int) and isinstance(old, int):
        return new <= old
    later, earlier = task.updated_at, known.updated_at
    try:
        return later is not None and earlier is not None and later < earlier
    except TypeError:  # one of them is not a date, or only one has a time zone
        return False


def _leaves_out(known: Task, task: Task, source: Source) -> bool:
    new, old = task.version, known.version
    if isinstance(new, int) and isinstance(old, int):
        return new != old + 1
    return source != "push"


def _kind(known: Task | None, task: Task) -> UpdateType | None:
    terminal = TERMINAL_STATES.get(str(task.status).lower())
    if terminal is not None:
        return terminal
    if known is None:
        return "progress"
    if known.agent_id != task.agent_id and task.agent_id is not None:
        return "assigned"
    if known.status != task.status or known.progress != task.progress:
        return "progress"
    changed = known.model_dump(exclude=set(_BOOKKEEPING)) != task.model_dump(exclude=set(_BOOKKEEPING))
    return "updated" if changed else None


class UpdateQueue:
    """What a consumer has not read yet: progress gives way to newer progress of the same task, ends never go.

    Args:
        bound: how many steps are kept before the oldest that is no end gives way.
        conflate: False keeps progress too, within the bound.
    """

    __slots__ = ("_bound", "_conflate", "_updates")

    def __init__(self, bound: int = 1000, *, conflate: bool = True) -> None:
        self._bound = bound
        self._conflate = conflate
        self._updates: deque[TaskUpdate] = deque()

    def __len__(self) -> int:
        return len(self._updates)

    def put(self, update: TaskUpdate) -> None:
        """Add a step behind the others."""
        newest = self._updates[-1] if self._updates else None
        if (
            self._conflate
            and newest is not None
            and newest.type == update.type == "progress"
            and newest.task_id == update.task_id
        ):
            self._updates[-1] = _conflated(update)
            return
        self._updates.append(update)
        if len(self._updates) > self._bound:
            self._make_room()

    def pop(self) -> TaskUpdate | None:
        """The oldest step, or None."""
        return self._updates.popleft() if self._updates else None

    def _make_room(self) -> None:
        for index, oldest in enumerate(self._updates):
            later = self._next_of(oldest.task_id, index)
            if not oldest.is_final and later is not None:
                self._updates[later] = _conflated(self._updates[later])
                del self._updates[index]
                return

    def _next_of(self, task_id: str, index: int) -> int | None:
        following = range(index + 1, len(self._updates))
        return next((later for later in following if self._updates[later].task_id == task_id), None)


def _conflated(update: TaskUpdate) -> TaskUpdate:
    return replace(update, conflated=True)
