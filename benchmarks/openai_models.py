"""The page of tasks as a user of openai's package would declare it, in the shapes of the library's models."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads annotations at run time
from typing import Any

from openai import BaseModel
from pydantic import Field


class AgentSummary(BaseModel):
    """As `coordinaitor_sdk.models.task.AgentSummary`."""

    id: str | None = None
    name: str | None = None
    type: str | None = None


class ProjectSummary(BaseModel):
    """As `coordinaitor_sdk.models.task.ProjectSummary`."""

    id: str | None = None
    name: str | None = None


class Comment(BaseModel):
    """As `coordinaitor_sdk.models.task.Comment`."""

    id: str
    content: str
    author: str | None = None
    mentions: list[str] | None = None
    created_at: datetime | None = Field(default=None, alias="createdAt")


class TaskFile(BaseModel):
    """As `coordinaitor_sdk.models.task.TaskFile`."""

    id: str
    name: str
    size: int | None = None
    mime_type: str | None = Field(default=None, alias="mimeType")
    description: str | None = None
    uploaded_by: str | None = Field(default=None, alias="uploadedBy")
    uploaded_at: datetime | None = Field(default=None, alias="uploadedAt")


class HistoryEntry(BaseModel):
    """As `coordinaitor_sdk.models.task.HistoryEntry`."""

    id: str | None = None
    action: str | None = None
    field: str | None = None
    from_: Any = Field(default=None, alias="from")
    to: Any = None
    user: str | None = None
    timestamp: datetime | None = None


class TaskMetrics(BaseModel):
    """As `coordinaitor_sdk.models.task.TaskMetrics`."""

    time_spent: float | None = Field(default=None, alias="timeSpent")
    completion_rate: float | None = Field(default=None, alias="completionRate")
    quality_score: float | None = Field(default=None, alias="qualityScore")
    change_requests: int | None = Field(default=None, alias="changeRequests")


class TaskFailure(BaseModel):
    """As `coordinaitor_sdk.models.task.TaskFailure`."""

    code: str | None = None
    message: str | None = None


class Task(BaseModel):
    """As `coordinaitor_sdk.Task`."""

    id: str
    title: str
    description: str | None = None
    status: str
    priority: str | None = None
    project_id: str | None = Field(default=None, alias="projectId")
    agent_id: str | None = Field(default=None, alias="agentId")
    tags: list[str] | None = None
    estimated_hours: float | None = Field(default=None, alias="estimatedHours")
    actual_hours: float | None = Field(default=None, alias="actualHours")
    progress: float | None = None
    due_date: datetime | None = Field(default=None, alias="dueDate")
    created_at: datetime | None = Field(default=None, alias="createdAt")
    updated_at: datetime | None = Field(default=None, alias="updatedAt")
    completed_at: datetime | None = Field(default=None, alias="completedAt")
    created_by: str | None = Field(default=None, alias="createdBy")
    requirements: list[str] | None = None
    acceptance_criteria: list[str] | None = Field(default=None, alias="acceptanceCriteria")
    assigned_agent: AgentSummary | None = Field(default=None, alias="assignedAgent")
    agent: AgentSummary | None = None
    project: ProjectSummary | None = None
    comments: list[Comment] | None = None
    files: list[TaskFile] | None = None
    history: list[HistoryEntry] | None = None
    metrics: TaskMetrics | None = None
    error: TaskFailure | None = None
    version: int | None = None


class Pagination(BaseModel):
    """As `coordinaitor_sdk.Pagination`."""

    page: int | None = None
    limit: int | None = None
    total: int | None = None
    pages: int | None = None
    has_next: bool | None = Field(default=None, alias="hasNext")
    has_prev: bool | None = Field(default=None, alias="hasPrev")


class Links(BaseModel):
    """As `coordinaitor_sdk.models.common.Links`."""

    first: str | None = None
    last: str | None = None
    next: str | None = None
    prev: str | None = None


class Meta(BaseModel):
    """As `coordinaitor_sdk.models.common.Meta`."""

    request_id: str | None = Field(default=None, alias="requestId")
    timestamp: str | None = None
    version: str | None = None


class TaskPage(BaseModel):
    """As `coordinaitor_sdk.Page[Task]`."""

    data: list[Task]
    success: bool | None = None
    pagination: Pagination | None = None
    links: Links | None = None
    meta: Meta | None = None
