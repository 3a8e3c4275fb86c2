"""What users are told, written with the change that it tells of. Nobody is told of what he did himself."""

from __future__ import annotations

from typing import Any, Literal

from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.store import agents, notifications, users
from coordinaitor_sdk.server.store.change import Change

Kind = Literal["mention", "task_assigned", "task_completed", "task_failed", "project_member_added"]


def task_changed(change: Change, actor: str, old: TaskRow, new: TaskRow) -> None:
    """Tell the user who created a task of its assignment and its end."""
    if new.agent_id is not None and new.agent_id != old.agent_id:
        _tell_creator(change, actor, "task_assigned", new, f"was assigned to {new.agent_name}")
    if new.status != old.status:
        if new.status == "completed":
            _tell_creator(change, actor, "task_completed", new, "is completed")
        elif new.status == "failed":
            why = f": {new.error_message}" if new.error_message else ""
            _tell_creator(change, actor, "task_failed", new, f"failed{why}")


def mentioned(change: Change, actor: str, task: TaskRow, names: list[str]) -> None:
    """Tell the users among those whom a comment mentions."""
    for name in dict.fromkeys(names):
        if users.load(change.sql, change.world.id, name) is not None:
            message = f"{_name_of(change, actor)} mentioned you at the task “{task.title}”"
            _tell(change, actor, name, "mention", message, task_id=task.id, project_id=task.project_id)


def members_added(change: Change, actor: str, project: dict[str, Any], known: set[str]) -> None:
    """Tell the members of a project whom it did not have before."""
    for member in project["teamMembers"]:
        if member["userId"] not in known:
            message = f"You were added to the project “{project['name']}” as {member['role']}"
            _tell(change, actor, member["userId"], "project_member_added", message, project_id=project["id"])


def mark_read(change: Change, user_id: str, notification_id: str) -> dict[str, Any]:
    """Mark a user's notification as read; the notification as it is sent.

    Raises:
        NotFoundError: the user has none of this id.
    """
    notifications.mark_read(change, user_id, notification_id)
    row = notifications.load(change.sql, change.world.id, user_id, notification_id)
    if row is None:
        raise NotFoundError(f"Notification {notification_id} does not exist")
    return notifications.wire(row)


def _tell_creator(change: Change, actor: str, kind: Kind, task: TaskRow, says: str) -> None:
    message = f"The task “{task.title}” {says}"
    _tell(change, actor, task.created_by, kind, message, task_id=task.id, project_id=task.project_id)


def _tell(
    change: Change,
    actor: str,
    user_id: str,
    kind: Kind,
    message: str,
    *,
    task_id: str | None = None,
    project_id: str | None = None,
) -> None:
    if user_id == actor:
        return
    notifications.add(
        change,
        {
            "id": change.new_id("notification"),
            "user_id": user_id,
            "type": kind,
            "message": message,
            "task_id": task_id,
            "project_id": project_id,
            "created_at": change.stamp,
            "read_at": None,
        },
    )


def _name_of(change: Change, actor: str) -> str:
    world = change.world.id
    found = users.load(change.sql, world, actor) or agents.load(change.sql, world, actor)
    return actor if found is None else str(found.name)
