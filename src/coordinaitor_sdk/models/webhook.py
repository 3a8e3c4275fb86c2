"""Webhooks and what they deliver (API document, "Webhooks")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field, PrivateAttr

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
    """One event, as a webhook delivers it or the live feed tells it: `data` is what came.

    The events of tasks, agents, projects and users are of their own classes, with `data` typed. `seq` and
    `epoch`, the event's number in the server's log, come with the feed alone.
    """

    event: str = ABSENT
    timestamp: Moment | None = None
    data: Any = None
    organization: Organization | None = None
    seq: int | None = None
    epoch: str | None = None
    _sent: dict[str, Any] | None = PrivateAttr(default=None)

    def to_dict(self) -> dict[str, Any]:
        """The event as the server sent it: the wire's names, only what was there, JSON types."""
        return super().to_dict() if self._sent is None else dict(self._sent)


def keeping(event: WebhookEvent, sent: dict[str, Any]) -> WebhookEvent:
    """The event, with what it was read from for its `to_dict`."""
    event._sent = sent  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - of this module
    return event


class Resync(WebhookEvent):
    """Events may be missing before this one: read anew by REST what you keep of the channel.

    Attributes:
        reason: `epoch_changed` (the server's history began anew), `log_truncated` (it no longer has what was
            missed), `slow_consumer` (more came than was read), `reconnected` (the server can't go on from a
            point), or another word of the server's.
    """

    event: str = "resync"
    reason: str | None = None


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
