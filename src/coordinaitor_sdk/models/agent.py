"""Agents (API document, "Agent Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from .common import ABSENT, Model, Moment, Number
from .task import Task

if TYPE_CHECKING:
    AgentStatus: TypeAlias = Literal["available", "busy", "offline", "error"] | str
    AgentType: TypeAlias = Literal["coding", "analysis", "review", "qa", "documentation"] | str
else:
    AgentStatus = str
    AgentType = str


AgentInclude: TypeAlias = Literal["tasks", "metrics", "logs"]


class WorkingHoursParam(TypedDict, total=False):
    """When an agent works, as sent: times of day such as "09:00" in `timezone`, days such as "monday"."""

    timezone: str
    start: str
    end: str
    days: list[str]


class WorkingHours(Model):
    """When an agent works: times of day such as "09:00" in `timezone`, days such as "monday"."""

    timezone: str | None = None
    start: str | None = None
    end: str | None = None
    days: list[str] | None = None


class Period(Model):
    """From when to when something was measured."""

    start: Moment | None = None
    end: Moment | None = None


class AgentTaskMetrics(Model):
    """What became of an agent's tasks; `average_completion_time` in hours, `success_rate` from 0 to 1."""

    total_tasks: int | None = None
    completed_tasks: int | None = None
    failed_tasks: int | None = None
    cancelled_tasks: int | None = None
    success_rate: Number | None = None
    average_completion_time: Number | None = None


class AgentPerformanceMetrics(Model):
    """How an agent performs; `average_response_time` in seconds, the others as the server rates them."""

    average_response_time: Number | None = None
    quality_score: Number | None = None
    customer_satisfaction: Number | None = None
    code_quality_score: Number | None = None


class AgentUtilizationMetrics(Model):
    """How much an agent works: hours, a rate from 0 to 1, and spans of the day such as "10:00-12:00"."""

    total_hours: Number | None = None
    active_hours: Number | None = None
    utilization_rate: Number | None = None
    peak_hours: list[str] | None = None


class AgentMetrics(Model):
    """An agent's performance over a period."""

    agent_id: str | None = None
    period: Period | None = None
    task_metrics: AgentTaskMetrics | None = None
    performance_metrics: AgentPerformanceMetrics | None = None
    utilization_metrics: AgentUtilizationMetrics | None = None


class AgentLogEntry(Model):
    """One thing that an agent did."""

    timestamp: Moment | None = None
    level: str | None = None
    message: str | None = None
    task_id: str | None = None


class Agent(Model):
    """An agent; `average_response_time` in seconds, `success_rate` from 0 to 1.

    `enabled`, `disabled_reason` and `version` are beyond the document; a server may not send them. `tasks`,
    `metrics` and `logs` are there when they were asked for.
    """

    id: str = ABSENT
    name: str = ABSENT
    type: AgentType = ABSENT
    status: AgentStatus = ABSENT
    model: str | None = None
    provider: str | None = None
    capabilities: list[str] | None = None
    specializations: list[str] | None = None
    max_concurrent_tasks: int | None = None
    current_tasks: int | None = None
    average_response_time: Number | None = None
    success_rate: Number | None = None
    total_tasks_completed: int | None = None
    created_at: Moment | None = None
    last_active_at: Moment | None = None
    working_hours: WorkingHours | None = None
    configuration: dict[str, Any] | None = None
    enabled: bool | None = None
    disabled_reason: str | None = None
    version: int | None = None
    tasks: list[Task] | None = None
    metrics: AgentMetrics | None = None
    logs: list[AgentLogEntry] | None = None
