"""The states of a task and the ways between them (API document, "Task Endpoints")."""

from __future__ import annotations

from typing import Final, Literal, get_args

from coordinaitor_sdk.server.errors import ConflictError

Status = Literal["pending", "active", "completed", "failed", "cancelled"]
Priority = Literal["low", "medium", "high"]

STATUSES: Final[tuple[str, ...]] = get_args(Status)
PRIORITIES: Final[tuple[str, ...]] = get_args(Priority)
PRIORITY_RANK: Final = {name: rank for rank, name in enumerate(PRIORITIES, start=1)}
PRIORITY_NAME: Final = {rank: name for name, rank in PRIORITY_RANK.items()}

TERMINAL: Final = frozenset({"completed", "failed", "cancelled"})
TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "pending": frozenset({"active"}) | TERMINAL,
    "active": TERMINAL,
    **dict.fromkeys(TERMINAL, frozenset[str]()),
}


def check_transition(task_id: str, old: str, new: str) -> None:
    """Pass when a task may go from `old` to `new`; naming the state that it has is no transition.

    Raises:
        ConflictError: it may not.
    """
    if old == new or new in TRANSITIONS[old]:
        return
    if old in TERMINAL:
        raise ConflictError(f"Task {task_id} is {old}, which is final: it can't become {new}")
    raise ConflictError(f"Task {task_id} is {old}: it can't become {new}")
