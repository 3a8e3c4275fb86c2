"""Watch state machine: what a new sight of a task, an agent or a project means, what a slow consumer still
has to see (DESIGN 4). What tells these apart is in `watch_kinds`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast

from ..exceptions import TaskCancelledError, TaskDeletedError, TaskFailedError, WatchError

if TYPE_CHECKING:
    from ..models.task import Task
    from .watch_kinds import Kind, Subject, Update

U = TypeVar("U", bound="Update")

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

    @property
    def subject_id(self) -> str:
        """`task_id`, under the name that every kind of update has."""
        return self.task_id

    @property
    def subject(self) -> Task | None:
        """`task`, under the name that every kind of update has."""
        return self.task

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


class Machine:
    """What is known of one subject: takes every sight of it, in any order, and gives the steps, each once.

    A sight that is not newer than the last is dropped; a state that ends it is never left.
    """

    __slots__ = ("_rebased", "ended", "kind", "subject", "subject_id")

    def __init__(self, kind: Kind, subject_id: str, subject: Subject | None = None) -> None:
        self.kind = kind
        self.subject_id = subject_id
        self.subject = subject
        self.ended = False
        self._rebased = False

    def see(
        self, subject: Subject, source: Source, position: Position | None = None, *, partial: bool = False
    ) -> Update | None:
        """Take a sight of it; the step that it stands for, or None where it tells nothing new.

        Args:
            subject: as it was seen.
            source: how.
            position: up to which event that holds.
            partial: whether what it lacks may be there all the same, as in a push or a list.
        """
        if self.ended:
            return None
        known, conflated = self.subject, False
        if known is not None:
            if partial or source == "push":
                subject = _merged(known, subject)
            new, old = subject.version, known.version
            if isinstance(new, int) and isinstance(old, int):
                stale, conflated = new <= old, new != old + 1
                if new == old and self.kind.derives and source != "push":
                    stale = False  # what follows from its tasks changes without it
            else:
                stale, conflated = is_stale(known, subject), source != "push"
            if stale and not (self._rebased and source != "push"):
                return None
            if source != "push":
                self._rebased = False
        self.subject = subject
        step = self.kind.step(known, subject)
        if step is None:
            return None
        self.ended = step in self.kind.ends
        return self.kind.update(step, self.subject_id, subject, source, conflated, position)

    def see_deleted(self, source: Source, position: Position | None = None) -> Update | None:
        """Take the news that it is gone."""
        if self.ended:
            return None
        self.ended = True
        return self.kind.update("deleted", self.subject_id, self.subject, source, position=position)

    def rebase(self) -> None:
        """The server's history is another one now: its next snapshot holds, whatever its version."""
        self._rebased = True

    def current(self, position: Position | None = None) -> Update | None:
        """The present state, as the first update of one who joins later; None before the first sight."""
        if self.subject is None or self.ended:
            return None
        first = self.kind.first
        return self.kind.update(first, self.subject_id, self.subject, "snapshot", position=position)


def _merged(known: Any, pushed: Any) -> Any:
    """A push may hold only some fields: the others stay as they were."""
    given = pushed.__pydantic_fields_set__
    if known.__pydantic_fields_set__ <= given:
        return pushed
    fields = {name: getattr(pushed, name) for name in given}
    return known.model_copy(update=fields)


def is_stale(known: Subject, subject: Subject) -> bool:
    """Whether a sight is not newer than what is known."""
    new, old = subject.version, known.version
    if isinstance(new, int) and isinstance(old, int):
        return new <= old
    later, earlier = _changed_at(subject), _changed_at(known)
    try:
        return bool(later is not None and earlier is not None and later < earlier)
    except TypeError:  # one of them is not a date, or only one has a time zone
        return False


def _changed_at(subject: Subject) -> Any:
    return getattr(subject, "updated_at", None)  # agents have none


def revised(update: U, **changes: Any) -> U:
    """The update with other fields."""
    return cast("U", replace(cast("Any", update), **changes))


class UpdateQueue(Generic[U]):
    """What a consumer has not read yet: progress gives way to newer of the same subject, ends never go.

    Args:
        bound: how many steps are kept before the oldest that is no end gives way.
        conflate: False keeps progress too, within the bound.
    """

    __slots__ = ("_bound", "_conflate", "_counts", "_updates")

    def __init__(self, bound: int = 1000, *, conflate: bool = True) -> None:
        self._bound = bound
        self._conflate = conflate
        self._updates: deque[U] = deque()
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._updates)

    def put(self, update: U) -> None:
        """Add a step behind the others."""
        newest = self._updates[-1] if self._updates else None
        if (
            self._conflate
            and newest is not None
            and newest.type == update.type == "progress"
            and newest.subject_id == update.subject_id
        ):
            self._updates[-1] = _conflated(update)
            return
        self._updates.append(update)
        self._counts[update.subject_id] = self._counts.get(update.subject_id, 0) + 1
        if len(self._updates) > self._bound:
            self._make_room()

    def pop(self) -> U | None:
        """The oldest step, or None."""
        if not self._updates:
            return None
        oldest = self._updates.popleft()
        self._forget(oldest.subject_id)
        return oldest

    def _forget(self, subject_id: str) -> None:
        left = self._counts[subject_id] - 1
        if left:
            self._counts[subject_id] = left
        else:
            del self._counts[subject_id]

    def _make_room(self) -> None:
        if len(self._counts) == len(self._updates):
            return  # one of each: nothing can give way, and looking for it would take long
        for index, oldest in enumerate(self._updates):
            if oldest.is_final or self._counts[oldest.subject_id] == 1:
                continue
            later = self._next_of(oldest.subject_id, index)
            if later is not None:
                self._updates[later] = _conflated(self._updates[later])
                del self._updates[index]
                self._forget(oldest.subject_id)
                return

    def _next_of(self, subject_id: str, index: int) -> int | None:
        following = enumerate(islice(self._updates, index + 1, None), index + 1)
        return next((later for later, update in following if update.subject_id == subject_id), None)


def _conflated(update: U) -> U:
    return revised(update, conflated=True)
