"""The system's state (API document, "System Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from .common import Model, Moment, Number

if TYPE_CHECKING:
    LogLevel: TypeAlias = Literal["error", "warn", "info", "debug"] | str
else:
    LogLevel = str


class ServiceHealth(Model):
    """One service; `latency` in milliseconds. What else it reports stays readable by name."""

    status: str | None = None
    latency: Number | None = None
    connections: int | None = None
    memory: str | None = None
    total: int | None = None
    available: int | None = None
    busy: int | None = None


class HealthMetrics(Model):
    """Figures of the whole system; `average_response_time` in milliseconds, `error_rate` from 0 to 1."""

    active_tasks: int | None = None
    completed_today: int | None = None
    average_response_time: Number | None = None
    error_rate: Number | None = None


class Health(Model):
    """The system's health; `uptime` in seconds."""

    status: str | None = None
    timestamp: Moment | None = None
    uptime: Number | None = None
    version: str | None = None
    environment: str | None = None
    services: dict[str, ServiceHealth] | None = None
    metrics: HealthMetrics | None = None


class RequestMetrics(Model):
    """Requests to the server; times in milliseconds, `error_rate` from 0 to 1."""

    total: int | None = None
    failed: int | None = None
    average_response_time: Number | None = None
    p95_response_time: Number | None = None
    error_rate: Number | None = None


class TaskTotals(Model):
    """How many tasks there are, by state."""

    total: int | None = None
    pending: int | None = None
    active: int | None = None
    completed: int | None = None
    failed: int | None = None
    cancelled: int | None = None
    completed_today: int | None = None


class AgentTotals(Model):
    """How many agents there are, by status."""

    total: int | None = None
    available: int | None = None
    busy: int | None = None
    offline: int | None = None
    error: int | None = None


class ProjectTotals(Model):
    """How many projects there are."""

    total: int | None = None
    active: int | None = None


class RealtimeMetrics(Model):
    """Who listens over the WebSocket."""

    connections: int | None = None
    subscriptions: int | None = None


class WebhookMetrics(Model):
    """Webhooks that are active, and what became of their deliveries."""

    active: int | None = None
    pending: int | None = None
    delivered: int | None = None
    failed: int | None = None


class ProcessMetrics(Model):
    """The server's process; `memory` in bytes."""

    memory: int | None = None
    cpu_seconds: Number | None = None


class DatabaseMetrics(Model):
    """The server's database; `size` in bytes."""

    size: int | None = None


class SystemMetrics(Model):
    """Figures of the system; `uptime` in seconds.

    The document names none: these are the reference server's; another server's are readable by name.
    """

    timestamp: Moment | None = None
    uptime: Number | None = None
    requests: RequestMetrics | None = None
    tasks: TaskTotals | None = None
    agents: AgentTotals | None = None
    projects: ProjectTotals | None = None
    realtime: RealtimeMetrics | None = None
    webhooks: WebhookMetrics | None = None
    process: ProcessMetrics | None = None
    database: DatabaseMetrics | None = None


class SystemStatus(Model):
    """The system and each of its services in detail; `uptime` in seconds."""

    status: str | None = None
    timestamp: Moment | None = None
    started_at: Moment | None = None
    uptime: Number | None = None
    version: str | None = None
    environment: str | None = None
    services: dict[str, ServiceHealth] | None = None


class LogEntry(Model):
    """One line of the system's log."""

    id: str | int | None = None
    timestamp: Moment | None = None
    level: LogLevel | None = None
    service: str | None = None
    message: str | None = None
    request_id: str | None = None
