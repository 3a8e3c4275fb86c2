"""Tasks and what belongs to them (API document, "Task Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field

from .common import ABSENT, Model, Moment, Number

if TYPE_CHECKING:
    TaskStatus: TypeAlias = Literal["pending", "active", "completed", "failed", "cancelled"] | str
    Priority: TypeAlias = Literal["low", "medium", "high"] | str
else:
    TaskStatus = str
    Priority = str

TaskSort: TypeAlias = Literal["createdAt", "updatedAt", "priority", "dueDate"]
SortOrder: TypeAlias = Literal["asc", "desc"]
TaskInclude: TypeAlias = Literal["comments", "files", "history", "metrics"]


class AgentSummary(Model):
    """The agent that a task is assigned to."""

    id: str | None = None
    name: str | None = None
    type: str | None = None


class ProjectSummary(Model):
    """The project that a task belongs to."""

    id: str | None = None
    name: str | None = None


class Comment(Model):
    """A comment on a task."""

    id: str = ABSENT
    content: str = ABSENT
    author: str | None = None
    mentions: list[str] | None = None
    created_at: Moment | None = None


class TaskFile(Model):
    """A file attached to a task; `size` in bytes."""

    id: str = ABSENT
    name: str = ABSENT
    size: int | None = None
    mime_type: str | None = None
    description: str | None = None
    uploaded_by: str | None = None
    uploaded_at: Moment | None = None


class HistoryEntry(Model):
    """One recorded change of a task."""

    id: str | None = None
    action: str | None = None
    field: str | None = None
    from_: Any = Field(default=None, alias="from")  # a keyword in Python
    to: Any = None
    user: str | None = None
    timestamp: Moment | None = None


class TaskMetrics(Model):
    """Measurements of a task; `time_spent` in hours, rates from 0 to 1."""

    time_spent: Number | None = None
    completion_rate: Number | None = None
    quality_score: Number | None = None
    change_requests: int | None = None


class TaskFailure(Model):
    """Why a task failed (ours, beyond the document: DESIGN 3.8)."""

    code: str | None = None
    message: str | None = None


class Task(Model):
    """A task. Hours are hours, `progress` runs from 0.0 to 1.0.

    `version`, `completed_at` and `error` are beyond the document; a server may not send them.
    """

    id: str = ABSENT
    title: str = ABSENT
    description: str | None = None
    status: TaskStatus = ABSENT
    priority: Priority | None = None
    project_id: str | None = None
    agent_id: str | None = None
    tags: list[str] | None = None
    estimated_hours: Number | None = None
    actual_hours: Number | None = None
    progress: Number | None = None
    due_date: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    completed_at: Moment | None = None
    created_by: str | None = None
    requirements: list[str] | None = None
    acceptance_criteria: list[str] | None = None
    assigned_agent: AgentSummary | None = None
    # Webhooks have the assigned agent under this name (API document, "Webhook Payload").
    agent: AgentSummary | None = None
    project: ProjectSummary | None = None
    comments: list[Comment] | None = None
    files: list[TaskFile] | None = None
    history: list[HistoryEntry] | None = None
    metrics: TaskMetrics | None = None
    error: TaskFailure | None = None
    version: int | None = None
