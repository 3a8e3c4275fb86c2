"""Agents (API document, "Agent Endpoints")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .common import ABSENT, Model

if TYPE_CHECKING:
    AgentStatus: TypeAlias = Literal["available", "busy", "offline", "error"] | str
    AgentType: TypeAlias = Literal["coding", "analysis", "review", "qa", "documentation"] | str
else:
    AgentStatus = str
    AgentType = str


class WorkingHours(Model):
    """When an agent works: times of day such as "09:00" in `timezone`, days such as "monday"."""

    timezone: str | None = None
    start: str | None = None
    end: str | None = None
    days: list[str] | None = None


class Agent(Model):
    """An agent; `average_response_time` in seconds, `success_rate` from 0 to 1."""

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
    average_response_time: float | None = None
    success_rate: float | None = None
    total_tasks_completed: int | None = None
    created_at: datetime | None = None
    last_active_at: datetime | None = None
    working_hours: WorkingHours | None = None
    configuration: dict[str, Any] | None = None
