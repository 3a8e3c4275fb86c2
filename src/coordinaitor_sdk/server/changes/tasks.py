"""Changes of tasks: row, history, event, agent and due work in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coordinaitor_sdk.server.changes import agents as agent_changes
from coordinaitor_sdk.server.changes import notifications, work
from coordinaitor_sdk.server.changes.leftovers import drop_files
from coordinaitor_sdk.server.domain.states import PRIORITY_NAME
from coordinaitor_sdk.server.domain.task import HistoryEntry, TaskRow, apply, differences, event_names
from coordinaitor_sdk.server.errors import NotFoundError, ValidationFailedError
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.store import agents, projects, tables, tasks, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps, members, task_json


def create_task(change: Change, actor: str, given: Mapping[str, Any]) -> TaskRow:
    """Store a new task of the `given` columns.

    Raises:
        ValidationFailedError: project or agent don't exist.
    """
    _check_references(change, given)
    assigned = given.get("agent_id") is not None
    blank: dict[str, Any] = dict.fromkeys(TaskRow._fields)
    blank |= {
        "id": change.new_id("task"),
        "description": "",
        "status": "pending",
        "priority": 2,
        "tags": "[]",
        "requirements": "[]",
        "acceptance_criteria": "[]",
        "actual_hours": 0.0,
        "progress": 0.0,
        "created_at": change.stamp,
        "updated_at": change.stamp,
        "created_by": actor,
        "version": 1,
        "workable": 1,
        "assigned_at": change.stamp if assigned else None,
        "search_id": change.next_number("search", tables.SERVER_WIDE),
    }
    task = TaskRow(**(blank | dict(given)))
    tasks.add(change, task)
    if task.agent_id is not None or task.project_id is not None:
        task = require_task(change, task.id)
    entries = [HistoryEntry("created", None, None, task.status)]
    if assigned:
        entries.append(HistoryEntry("assigned", None, None, task.agent_id))
    tasks.add_history(change, task.id, actor, entries)
    _publish(change, None, task)
    work.task_changed(change, None, task)
    return task


def update_task(change: Change, actor: str, task_id: str, given: Mapping[str, Any]) -> TaskRow:
    """Change the `given` columns of a task; when nothing differs, nothing happens.

    Raises:
        NotFoundError: there is no such task.
        ConflictError: its state may not change so.
        ValidationFailedError: project or agent don't exist.
    """
    old = require_task(change, task_id)
    _check_references(change, given)
    new = apply(old, given, change.stamp)
    if new is old:
        return old
    tasks.save(change, old, new)
    if (old.agent_id, old.project_id) != (new.agent_id, new.project_id):
        new = require_task(change, task_id)
    tasks.add_history(change, task_id, actor, differences(old, new))
    _publish(change, old, new)
    agent_changes.task_changed(change, old, new)
    notifications.task_changed(change, actor, old, new)
    work.task_changed(change, old, new)
    return new


def delete_task(change: Change, actor: str, task_id: str, reason: str | None) -> None:
    """Delete a task with its comments, files and history; its events stay.

    Raises:
        NotFoundError: there is no such task.
    """
    old = require_task(change, task_id)
    last = old._replace(version=old.version + 1, updated_at=change.stamp)
    tasks.drop(change, old)
    drop_files(change, task_id)
    emit_task(change, "task.updated", last, task_json(last))
    data = task_json(last, members({"deletedBy": actor, "deletionReason": reason}))
    emit_task(change, "task.deleted", last, data)
    agent_changes.task_changed(change, old, None)
    work.task_changed(change, old, None)


def add_comment(
    change: Change, actor: str, task_id: str, content: str, mentions: list[str]
) -> dict[str, Any]:
    """Add a comment; the task's version stays.

    Raises:
        NotFoundError: there is no such task.
        ValidationFailedError: someone mentioned doesn't exist.
    """
    task = require_task(change, task_id)
    unknown = [name for name in mentions if not _is_known(change, name)]
    if unknown:
        raise ValidationFailedError({"mentions": [f"{name} does not exist" for name in unknown]})
    comment = {
        "id": change.new_id("comment"),
        "content": content,
        "author": actor,
        "mentions": mentions,
        "createdAt": change.stamp,
    }
    tasks.add_comment(change, task_id, comment)
    notifications.mentioned(change, actor, task, mentions)
    emit_task(change, "task.comment_added", task, dumps({"taskId": task_id, "comment": comment}))
    return comment


def require_task(change: Change, task_id: str) -> TaskRow:
    """The task of that id.

    Raises:
        NotFoundError: there is none.
    """
    task = tasks.load(change.sql, change.world.id, task_id)
    if task is None:
        raise NotFoundError(f"Task {task_id} does not exist")
    return task


def _check_references(change: Change, given: Mapping[str, Any]) -> None:
    details: dict[str, list[str]] = {}
    project_id, agent_id = given.get("project_id"), given.get("agent_id")
    if project_id is not None and projects.load(change.sql, change.world.id, project_id) is None:
        details["projectId"] = [f"Project {project_id} does not exist"]
    if agent_id is not None and agents.load(change.sql, change.world.id, agent_id) is None:
        details["agentId"] = [f"Agent {agent_id} does not exist"]
    if details:
        raise ValidationFailedError(details)


def _is_known(change: Change, name: str) -> bool:
    world = change.world.id
    return users.load(change.sql, world, name) is not None or agents.load(change.sql, world, name) is not None


def _publish(change: Change, old: TaskRow | None, new: TaskRow) -> None:
    data = task_json(new)
    for name in event_names(old, new):
        emit_task(change, name, new, data)


def emit_task(change: Change, name: str, task: TaskRow, data: str) -> None:
    """Append an event that concerns a task."""
    keys = {
        "taskId": task.id,
        "projectId": task.project_id,
        "agentId": task.agent_id,
        "status": task.status,
        "priority": PRIORITY_NAME[task.priority],
    }
    emit(change, name, channel="tasks", subject=task.id, keys=keys, data=data)
