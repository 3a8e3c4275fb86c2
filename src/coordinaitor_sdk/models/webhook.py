"""Webhooks and what they deliver (API document, "Webhooks")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field

from .agent import Agent
from .common import ABSENT, Model, Moment
from .project import Project
from .task import Task
from .user import User

if TYPE_CHECKING:
    WebhookEventName: TypeAlias = (
        Literal[
            "task.created",
            "task.updated",
            "task.completed",
            "task.failed",
            "task.assigned",
            "agent.created",
            "agent.status_changed",
            "project.created",
            "project.completed",
            "user.registered",
        ]
        | str
    )
else:
    WebhookEventName = str


class Webhook(Model):
    """A webhook. `secret` may be shown at its creation only."""

    id: str = ABSENT
    url: str | None = None
    events: list[str] | None = None
    active: bool | None = None
    headers: dict[str, str] | None = None
    secret: str | None = Field(default=None, repr=False)
    created_at: Moment | None = None


class Organization(Model):
    """Whose event it is."""

    id: str | None = None
    name: str | None = None


class WebhookEvent(Model):
    """One delivery of a webhook, whatever it is about: `data` is what came.

    The events of tasks, agents, projects and users are of their own classes, with `data` typed.
    """

    event: str = ABSENT
    timestamp: Moment | None = None
    data: Any = None
    organization: Organization | None = None


class TaskEvent(WebhookEvent):
    """`task.created`, `task.updated`, `task.assigned`, `task.completed`, `task.failed`, ..."""

    data: Task = ABSENT


class AgentEvent(WebhookEvent):
    """`agent.created`, `agent.status_changed`, ..."""

    data: Agent = ABSENT


class ProjectEvent(WebhookEvent):
    """`project.created`, `project.completed`, ..."""

    data: Project = ABSENT


class UserEvent(WebhookEvent):
    """`user.registered`."""

    data: User = ABSENT
