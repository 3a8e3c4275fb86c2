"""Changes of projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coordinaitor_sdk.server.changes.notifications import members_added
from coordinaitor_sdk.server.changes.tasks import update_task
from coordinaitor_sdk.server.errors import ConflictError, NotFoundError, ValidationFailedError
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.store import agents, projects, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps

_COLUMNS: Final = {
    "name": "name",
    "description": "description",
    "status": "status",
    "priority": "priority",
    "startDate": "start_date",
    "endDate": "end_date",
    "budget": "budget",
    "tags": "tags",
}
"""The columns of the fields that a project's row holds; members and agents have rows of their own."""


def create_project(change: Change, actor: str, given: dict[str, Any]) -> dict[str, Any]:
    """Store a new project, given by its wire names; the project as it is sent.

    Raises:
        ValidationFailedError: a team member or an agent doesn't exist, or is named twice.
    """
    _check_references(change, given)
    row: dict[str, Any] = {
        "id": change.new_id("proj"),
        "status": "active",
        "created_by": actor,
        "created_at": change.stamp,
        "updated_at": change.stamp,
        **_columns_of(given),
    }
    projects.add(change, row, given["teamMembers"], given["agents"])
    project = require_project(change, row["id"])
    _emit(change, "project.created", project)
    members_added(change, actor, project, known=set())
    return project


def update_project(change: Change, actor: str, project_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """Change the fields given by their wire names; when nothing differs, nothing happens. The project as it
    is sent.

    Raises:
        NotFoundError: there is no such project.
        ValidationFailedError: a team member or an agent doesn't exist, or is named twice; it would end
            before it starts.
    """
    old = require_project(change, project_id)
    if "tags" in given:
        given = given | {"tags": list(dict.fromkeys(given["tags"]))}
    differing = {name: value for name, value in given.items() if value != old[name]}
    if not differing:
        return old
    _check_references(change, differing)
    _check_dates(old, differing)
    if "teamMembers" in differing:
        projects.set_members(change, project_id, differing["teamMembers"])
    if "agents" in differing:
        projects.set_agents(change, project_id, differing["agents"])
    new = _changed(change, old, _columns_of(differing))
    members_added(change, actor, new, known=_members_of(old))
    return new


def delete_project(change: Change, actor: str, project_id: str) -> None:
    """Delete a project; its tasks stay, without a project.

    Raises:
        NotFoundError: there is no such project.
    """
    old = require_project(change, project_id)
    for task_id in projects.tasks_of(change, project_id):
        update_task(change, actor, task_id, {"project_id": None})
    projects.drop(change, project_id)
    last = old | {"version": old["version"] + 1, "updatedAt": change.stamp}
    _emit(change, "project.deleted", last)


def add_member(change: Change, actor: str, project_id: str, member: dict[str, Any]) -> dict[str, Any]:
    """Add a member to the team; the member as it is sent.

    Raises:
        NotFoundError: there is no such project.
        ConflictError: the user is a member already.
        ValidationFailedError: the user doesn't exist.
    """
    old = require_project(change, project_id)
    user_id: str = member["userId"]
    if user_id in _members_of(old):
        raise ConflictError(f"User {user_id} is a member of project {project_id} already")
    if users.load(change.sql, change.world.id, user_id) is None:
        raise ValidationFailedError({"userId": [f"User {user_id} does not exist"]})
    projects.add_member(change, project_id, member)
    members_added(change, actor, _changed(change, old, {}), known=_members_of(old))
    return member


def remove_member(change: Change, project_id: str, user_id: str) -> None:
    """Remove a member of the team.

    Raises:
        NotFoundError: there is no such project, or no such member.
    """
    old = require_project(change, project_id)
    if not projects.drop_member(change, project_id, user_id):
        raise NotFoundError(f"User {user_id} is no member of project {project_id}")
    _changed(change, old, {})


def require_project(change: Change, project_id: str) -> dict[str, Any]:
    """The project of that id as it is sent.

    Raises:
        NotFoundError: there is none.
    """
    row = projects.load(change.sql, change.world.id, project_id)
    if row is None:
        raise NotFoundError(f"Project {project_id} does not exist")
    return projects.wire(change.sql, change.world.id, row)


def _changed(change: Change, old: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Store a change of a project, of which members and agents are stored already, and tell of it."""
    version: int = old["version"] + 1
    projects.save(change, old["id"], values | {"version": version, "updated_at": change.stamp})
    new = require_project(change, old["id"])
    _emit(change, "project.updated", new)
    if new["status"] == "completed" and old["status"] != "completed":
        _emit(change, "project.completed", new)
    return new


def _emit(change: Change, name: str, project: dict[str, Any]) -> None:
    keys = {"projectId": project["id"], "status": project["status"]}
    emit(change, name, channel="projects", subject=project["id"], keys=keys, data=dumps(project))


def _members_of(project: dict[str, Any]) -> set[str]:
    return {member["userId"] for member in project["teamMembers"]}


def _columns_of(given: dict[str, Any]) -> dict[str, Any]:
    values = {_COLUMNS[name]: value for name, value in given.items() if name in _COLUMNS}
    if "tags" in values:
        values["tags"] = dumps(list(dict.fromkeys(values["tags"])))
    if values.get("budget") is not None:
        values["budget"] = dumps(values["budget"])
    return values


def _check_dates(old: dict[str, Any], given: dict[str, Any]) -> None:
    start, end = (given.get(name, old[name]) for name in ("startDate", "endDate"))
    if start is None or end is None or end >= start:
        return
    if "endDate" in given:
        raise ValidationFailedError({"endDate": ["EndDate must not be before startDate"]})
    raise ValidationFailedError({"startDate": ["StartDate must not be after endDate"]})


def _check_references(change: Change, given: dict[str, Any]) -> None:
    world = change.world.id
    members = [member["userId"] for member in given.get("teamMembers", [])]
    named: list[str] = given.get("agents", [])
    details = {
        "teamMembers": _unknown_and_twice("User", members, lambda name: users.load(change.sql, world, name)),
        "agents": _unknown_and_twice("Agent", named, lambda name: agents.load(change.sql, world, name)),
    }
    wrong = {name: messages for name, messages in details.items() if messages}
    if wrong:
        raise ValidationFailedError(wrong)


def _unknown_and_twice(kind: str, names: list[str], find: Callable[[str], object]) -> list[str]:
    once = list(dict.fromkeys(names))
    unknown = [f"{kind} {name} does not exist" for name in once if find(name) is None]
    return unknown + [f"{kind} {name} is named twice" for name in once if names.count(name) > 1]
