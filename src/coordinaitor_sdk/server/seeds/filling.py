"""Filling an organization from what a seed says of it.

All moments are counted back from the clock's now. Nothing here is invented performance: what agents have
done is what the seeded tasks say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.states import PRIORITY_RANK
from coordinaitor_sdk.server.domain.task import HistoryEntry, TaskRow
from coordinaitor_sdk.server.store import agents, projects, tables, tasks, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an organization starts with, beside its admin.

    Attributes:
        users: id, e-mail and name; nobody can log in as them.
        tasks: `history` is the number of the first entry of its history; `hours` before now: created, updated
            (= ended), started; `due_in` days after now.
    """

    users: tuple[tuple[str, str, str], ...]
    agents: tuple[dict[str, Any], ...]
    projects: tuple[dict[str, Any], ...]
    tasks: tuple[dict[str, Any], ...]
    comments: tuple[dict[str, Any], ...]


def fill(change: Change, admin_id: str, contents: Contents) -> None:
    """Fill a new world; its admin exists."""
    for user_id, email, name in contents.users:
        about: dict[str, Any] = {"id": user_id, "email": email, "name": name, "role": "developer"}
        about |= {"password_hash": None, "created_at": _ago(change, 24 * 60), "last_login_at": None}
        users.add(change, about)
    for agent in contents.agents:
        agents.add(change, agent | _agent_defaults(change))
    for project in contents.projects:
        _add_project(change, admin_id, project)
    for task in contents.tasks:
        _add_task(change, admin_id, task)
    for comment in contents.comments:
        _add_comment(change, comment)


def _add_comment(change: Change, seed: dict[str, Any]) -> None:
    comment = {name: seed[name] for name in ("id", "content", "author")}
    comment |= {"mentions": [], "createdAt": _ago(change, seed["hours_ago"])}
    tasks.add_comment(change, seed["task_id"], comment)


def _ago(change: Change, hours: float) -> str:
    return stamp(change.now - timedelta(hours=hours))


def _agent_defaults(change: Change) -> dict[str, Any]:
    return {
        "status": "available",
        "enabled": 1,
        "working_hours": None,  # at all hours
        "configuration": {},
        "response_seconds": 0.0,
        "response_count": 0,
        "created_at": _ago(change, 24 * 60),
        "last_active_at": _ago(change, 1),
    }


def _add_project(change: Change, admin_id: str, seed: dict[str, Any]) -> None:
    begin, end = seed["days"]
    row = {name: seed[name] for name in ("id", "name", "description", "priority")}
    row |= {
        "status": "active",
        "start_date": stamp(_midnight(change, begin)),
        "end_date": stamp(_midnight(change, end)),
        "budget": None,
        "tags": dumps(seed["tags"]),
        "created_by": admin_id,
        "created_at": _ago(change, -24.0 * begin),
        "updated_at": _ago(change, 2),
    }
    team = [{"userId": user_id, "role": role} for user_id, role in seed["members"]]
    projects.add(change, row, team, seed["agents"])


def _midnight(change: Change, days: int) -> Any:
    return change.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def _add_task(change: Change, admin_id: str, seed: dict[str, Any]) -> None:
    created, updated, started = seed["hours"]
    values: dict[str, Any] = dict.fromkeys(TaskRow._fields)
    values |= {"actual_hours": 0.0, "progress": 0.0, "requirements": [], "acceptance_criteria": []}
    values |= {name: value for name, value in seed.items() if name not in ("history", "hours", "due_in")}
    for name in ("tags", "requirements", "acceptance_criteria"):
        values[name] = dumps(values[name])
    steps = _history(seed)
    values |= {
        "priority": PRIORITY_RANK[seed["priority"]],
        "due_date": None if seed["due_in"] is None else stamp(_midnight(change, seed["due_in"])),
        "created_at": _ago(change, created),
        "updated_at": _ago(change, updated),
        "created_by": admin_id,
        "completed_at": _ago(change, updated) if seed["status"] == "completed" else None,
        "version": len(steps) + (1 if seed["status"] == "active" else 0),
        "assigned_at": _ago(change, created) if seed["agent_id"] else None,
        "started_at": None if started is None else _ago(change, started),
        "workable": 0,
        "search_id": change.next_number("search", tables.SERVER_WIDE),
    }
    task = TaskRow(**values)
    tasks.add(change, task)
    _add_history(change, task, steps, seed["history"])


def _history(seed: dict[str, Any]) -> list[HistoryEntry]:
    steps = [HistoryEntry("created", None, None, "pending")]
    if seed["status"] in ("active", "completed", "failed"):
        steps.append(HistoryEntry("status_changed", None, "pending", "active"))
    if seed["status"] not in ("pending", "active"):
        steps.append(HistoryEntry("status_changed", None, steps[-1].new, seed["status"]))
    return steps


def _add_history(change: Change, task: TaskRow, steps: list[HistoryEntry], first: int) -> None:
    for place, step in enumerate(steps):
        actor = task.created_by if place == 0 or task.agent_id is None else task.agent_id
        moment = task.created_at if place == 0 else task.updated_at
        if step.new == "active":
            moment = task.started_at or moment
        tasks.add_history_at(change, task.id, actor, step, f"history-{first + place}", moment)
