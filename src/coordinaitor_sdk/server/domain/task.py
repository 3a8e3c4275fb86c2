"""What a task is, and what a change of given fields makes of it.

No I/O: rows go in, rows and history come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from coordinaitor_sdk.server.domain.states import PRIORITY_NAME, TERMINAL, check_transition
from coordinaitor_sdk.server.errors import ConflictError


class TaskRow(NamedTuple):
    """A stored task, column by column, and the names that an answer shows beside it.

    `tags`, `requirements` and `acceptance_criteria` are JSON text. `workable` is 1 for tasks that simulated
    agents may work. The last three belong to the agent and the project.
    """

    id: str
    title: str
    description: str
    status: str
    priority: int
    project_id: str | None
    agent_id: str | None
    tags: str
    estimated_hours: float | None
    actual_hours: float
    progress: float
    due_date: str | None
    created_at: str
    updated_at: str
    created_by: str
    requirements: str
    acceptance_criteria: str
    completed_at: str | None
    error_code: str | None
    error_message: str | None
    version: int
    assigned_at: str | None
    started_at: str | None
    workable: int
    search_id: int
    agent_name: str | None
    agent_type: str | None
    project_name: str | None


class HistoryEntry(NamedTuple):
    """One line of a task's history; `old` and `new` are JSON values."""

    action: str
    field: str | None
    old: Any
    new: Any


WIRE_NAME: Final = {
    "title": "title",
    "description": "description",
    "priority": "priority",
    "project_id": "projectId",
    "tags": "tags",
    "estimated_hours": "estimatedHours",
    "due_date": "dueDate",
    "requirements": "requirements",
    "acceptance_criteria": "acceptanceCriteria",
}
"""The fields whose changes are history. Progress and hours spent are measurements: they change too often."""

_LISTS: Final = frozenset({"tags", "requirements", "acceptance_criteria"})


def apply(task: TaskRow, given: Mapping[str, Any], now: str) -> TaskRow:
    """The task after a change of the `given` columns at `now`; the same task when nothing differs.

    Raises:
        ConflictError: the state may not change so, or a finished task would get another agent.
    """
    status: str = given.get("status", task.status)
    check_transition(task.id, task.status, status)
    new = task._replace(**given)
    if new.agent_id != task.agent_id:
        if task.status in TERMINAL:
            raise ConflictError(f"Task {task.id} is {task.status}, which is final: it can't be assigned")
        assigned = new.agent_id is not None
        new = new._replace(assigned_at=now if assigned else None, workable=1 if assigned else task.workable)
    new = _entered(task, new, now)
    if new == task:
        return task
    return new._replace(version=task.version + 1, updated_at=now)


def _entered(old: TaskRow, new: TaskRow, now: str) -> TaskRow:
    if new.status == "completed":
        new = new._replace(progress=1.0, completed_at=old.completed_at or now)
    if new.status == "active" and old.status != "active":
        new = new._replace(started_at=now)
    return new


def differences(old: TaskRow, new: TaskRow) -> Iterator[HistoryEntry]:
    """The history of going from `old` to `new`."""
    if new.agent_id != old.agent_id:
        yield HistoryEntry("assigned", None, old.agent_id, new.agent_id)
    if new.status != old.status:
        yield HistoryEntry("status_changed", None, old.status, new.status)
    for column, name in WIRE_NAME.items():
        before, after = getattr(old, column), getattr(new, column)
        if before != after:
            yield HistoryEntry("updated", name, _value(column, before), _value(column, after))


def event_names(old: TaskRow | None, new: TaskRow) -> list[str]:
    """Under which names a change is pushed: always `task.updated`, then its own."""
    names = ["task.updated"]
    if old is None:
        names.append("task.created")
    if new.agent_id is not None and (old is None or new.agent_id != old.agent_id):
        names.append("task.assigned")
    if new.status in TERMINAL and (old is None or new.status != old.status):
        names.append(f"task.{new.status}")
    return names


def _value(column: str, stored: Any) -> Any:
    if column in _LISTS:
        return json.loads(stored)
    return PRIORITY_NAME[stored] if column == "priority" else stored
