"""Changes of projects."""

from __future__ import annotations

from typing import Any

from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.store import agents, projects, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


def create_project(change: Change, actor: str, given: dict[str, Any]) -> dict[str, Any]:
    """Store a new project, given by its wire names; the project as it is sent.

    Raises:
        ValidationFailedError: a team member or an agent doesn't exist, or is named twice.
    """
    world = change.world.id
    _check_references(change, given)
    row: dict[str, Any] = {
        "id": change.new_id("proj"),
        "name": given["name"],
        "description": given["description"],
        "status": "active",
        "priority": given["priority"],
        "start_date": given["startDate"],
        "end_date": given["endDate"],
        "budget": None if given["budget"] is None else dumps(given["budget"]),
        "tags": dumps(list(dict.fromkeys(given["tags"]))),
        "created_by": actor,
        "created_at": change.stamp,
        "updated_at": change.stamp,
    }
    projects.add(change, row, given["teamMembers"], given["agents"])
    stored = projects.load(change.sql, world, row["id"])
    if stored is None:
        raise LookupError(f"project {row['id']} was not stored")
    project = projects.wire(change.sql, world, stored)
    keys = {"projectId": project["id"], "status": project["status"]}
    emit(change, "project.created", channel="projects", subject=project["id"], keys=keys, data=dumps(project))
    return project


def _check_references(change: Change, given: dict[str, Any]) -> None:
    world = change.world.id
    members = [member["userId"] for member in given["teamMembers"]]
    details: dict[str, list[str]] = {}
    unknown = [f"User {name} does not exist" for name in members if not users.load(change.sql, world, name)]
    twice = [f"User {name} is named twice" for name in dict.fromkeys(members) if members.count(name) > 1]
    if unknown or twice:
        details["teamMembers"] = unknown + twice
    named: list[str] = given["agents"]
    unknown = [f"Agent {name} does not exist" for name in named if not agents.load(change.sql, world, name)]
    twice = [f"Agent {name} is named twice" for name in dict.fromkeys(named) if named.count(name) > 1]
    if unknown or twice:
        details["agents"] = unknown + twice
    if details:
        raise ValidationFailedError(details)
