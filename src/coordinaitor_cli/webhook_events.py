"""The events that webhooks can be told of (API document, "Webhook Events")."""

from __future__ import annotations

from typing import Final

EVENTS: Final[dict[str, str]] = {
    "task.created": "a task was created",
    "task.updated": "a task was changed",
    "task.completed": "a task was completed",
    "task.failed": "a task failed",
    "task.assigned": "a task was assigned to an agent",
    "agent.created": "an agent was created",
    "agent.status_changed": "an agent's status changed",
    "project.created": "a project was created",
    "project.completed": "a project was completed",
    "user.registered": "a user was registered",
}
