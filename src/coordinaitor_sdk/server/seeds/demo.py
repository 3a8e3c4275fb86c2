"""The demo data: the API document's examples under their ids, a task in every state.

All moments are counted back from the clock's now. Nothing here is invented performance: what agents have
done is what the seeded tasks say.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.states import PRIORITY_RANK
from coordinaitor_sdk.server.domain.task import HistoryEntry, TaskRow
from coordinaitor_sdk.server.store import agents, projects, tables, tasks, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps

_USERS: Final = (
    ("user-456", "jane.smith@example.com", "Jane Smith"),
    ("user-789", "john.doe@example.com", "John Doe"),
)

_AGENTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "agent-123",
        "name": "Senior React Developer",
        "type": "coding",
        "model": "gpt-4",
        "provider": "openai",
        "capabilities": ["react", "typescript", "nodejs", "testing"],
        "specializations": ["frontend", "performance-optimization"],
        "max_concurrent_tasks": 3,
        "completed_count": 1,
        "failed_count": 0,
    },
    {
        "id": "agent-456",
        "name": "Quality and Documentation Bot",
        "type": "qa",
        "model": "claude-3-opus",
        "provider": "anthropic",
        "capabilities": ["testing", "review", "documentation"],
        "specializations": ["accessibility", "api-docs"],
        "max_concurrent_tasks": 2,
        "completed_count": 0,
        "failed_count": 1,
    },
    {
        "id": "agent-789",
        "name": "Senior Developer Bot",
        "type": "coding",
        "model": "gpt-4",
        "provider": "openai",
        "capabilities": ["python", "nodejs", "postgresql", "authentication"],
        "specializations": ["security", "backend"],
        "max_concurrent_tasks": 2,
        "completed_count": 0,
        "failed_count": 0,
    },
)

_PROJECTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "proj-123",
        "name": "E-commerce Platform",
        "description": "Full-featured e-commerce platform with admin panel",
        "priority": "high",
        "days": (-60, 30),
        "members": (("user-123", "project-manager"), ("user-456", "developer"), ("user-789", "developer")),
        "agents": ("agent-123", "agent-456", "agent-789"),
        "tags": ["web", "e-commerce"],
    },
    {
        "id": "proj-456",
        "name": "E-commerce Platform",
        "description": "Accounts, sign-in and sessions of the e-commerce platform",
        "priority": "high",
        "days": (-30, 60),
        "members": (("user-123", "project-manager"), ("user-456", "developer")),
        "agents": ("agent-789",),
        "tags": ["security"],
    },
    {
        "id": "proj-789",
        "name": "Mobile Application",
        "description": "Cross-platform mobile app for iOS and Android",
        "priority": "medium",
        "days": (-10, 140),
        "members": (("user-123", "project-manager"), ("user-789", "developer")),
        "agents": ("agent-123", "agent-456"),
        "tags": ["mobile", "react-native", "ios", "android"],
    },
)

# Hours before now: created, updated (= ended), started. Days after now: due.
_TASKS: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "task-123",
        "title": "Implement user authentication",
        "description": "Add JWT-based authentication to the application",
        "status": "active",
        "priority": "high",
        "project_id": "proj-456",
        "agent_id": "agent-789",
        "tags": ["authentication", "security"],
        "estimated_hours": 8.0,
        "actual_hours": 3.5,
        "progress": 0.4,
        "hours": (29.0, 1.0, 7.5),
        "due_in": 30,
    },
    {
        "id": "task-456",
        "title": "Build user dashboard",
        "description": "Create a comprehensive user dashboard with analytics and controls",
        "status": "pending",
        "priority": "medium",
        "project_id": "proj-123",
        "agent_id": "agent-456",
        "tags": ["frontend", "dashboard", "analytics"],
        "estimated_hours": 12.0,
        "requirements": ["Responsive design", "Real-time data updates", "Export functionality"],
        "acceptance_criteria": [
            "Dashboard loads within 2 seconds",
            "All data is real-time",
            "Export works for all data formats",
        ],
        "hours": (26.0, 26.0, None),
        "due_in": 35,
    },
    {
        "id": "task-789",
        "title": "Lay out the product page",
        "description": "Product page with gallery, price and reviews",
        "status": "completed",
        "priority": "medium",
        "project_id": "proj-123",
        "agent_id": "agent-123",
        "tags": ["frontend", "react"],
        "estimated_hours": 6.0,
        "actual_hours": 5.5,
        "progress": 1.0,
        "hours": (50.0, 3.0, 9.0),
        "due_in": 2,
    },
    {
        "id": "task-790",
        "title": "Run the accessibility checks",
        "description": "Check the shop against WCAG 2.2, level AA",
        "status": "failed",
        "priority": "low",
        "project_id": "proj-123",
        "agent_id": "agent-456",
        "tags": ["testing", "accessibility"],
        "estimated_hours": 4.0,
        "actual_hours": 1.5,
        "progress": 0.35,
        "error_code": "AGENT_ERROR",
        "error_message": "The staging site did not answer within 60 seconds",
        "hours": (48.0, 20.0, 22.0),
        "due_in": 7,
    },
    {
        "id": "task-791",
        "title": "Evaluate push notification providers",
        "description": "Compare cost and reach of three providers",
        "status": "cancelled",
        "priority": "low",
        "project_id": "proj-789",
        "agent_id": None,
        "tags": ["mobile", "research"],
        "hours": (72.0, 40.0, None),
        "due_in": None,
    },
)

_COMMENTED_HOURS_AGO = 6.5


def add_demo(change: Change, admin_id: str) -> None:
    """Fill a new world; the admin exists."""
    for user_id, email, name in _USERS:
        # Without a password nobody can log in as them.
        about: dict[str, Any] = {"id": user_id, "email": email, "name": name, "role": "developer"}
        about |= {"password_hash": None, "created_at": _ago(change, 24 * 60), "last_login_at": None}
        users.add(change, about)
    for agent in _AGENTS:
        agents.add(change, agent | _agent_defaults(change))
    for project in _PROJECTS:
        _add_project(change, admin_id, project)
    for number, task in enumerate(_TASKS):
        _add_task(change, admin_id, task, number)
    comment: dict[str, Any] = {
        "id": "comment-123",
        "content": "Started working on the login component",
        "author": "agent-789",
        "mentions": [],
        "createdAt": _ago(change, _COMMENTED_HOURS_AGO),
    }
    tasks.add_comment(change, "task-123", comment)


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


def _add_task(change: Change, admin_id: str, seed: dict[str, Any], number: int) -> None:
    created, updated, started = seed["hours"]
    values: dict[str, Any] = dict.fromkeys(TaskRow._fields)
    values |= {"actual_hours": 0.0, "progress": 0.0, "requirements": [], "acceptance_criteria": []}
    values |= {name: value for name, value in seed.items() if name not in ("hours", "due_in")}
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
    _add_history(change, task, steps, number)


def _history(seed: dict[str, Any]) -> list[HistoryEntry]:
    steps = [HistoryEntry("created", None, None, "pending")]
    if seed["status"] in ("active", "completed", "failed"):
        steps.append(HistoryEntry("status_changed", None, "pending", "active"))
    if seed["status"] not in ("pending", "active"):
        steps.append(HistoryEntry("status_changed", None, steps[-1].new, seed["status"]))
    return steps


def _add_history(change: Change, task: TaskRow, steps: list[HistoryEntry], number: int) -> None:
    for place, step in enumerate(steps):
        actor = task.created_by if place == 0 or task.agent_id is None else task.agent_id
        moment = task.created_at if place == 0 else task.updated_at
        if step.new == "active":
            moment = task.started_at or moment
        # history-123 is the document's: task-123 becoming active.
        history_id = f"history-{122 + place}" if number == 0 else f"history-{200 + 10 * number + place}"
        tasks.add_history_at(change, task.id, actor, step, history_id, moment)
