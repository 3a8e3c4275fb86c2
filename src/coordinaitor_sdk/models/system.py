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


class SystemMetrics(Model):
    """Figures of the system; `uptime` in seconds.

    The document names no fields: what the server measures is readable by name, such as
    `metrics["tasks"]["active"]`.
    """

    timestamp: Moment | None = None
    uptime: Number | None = None


class SystemStatus(Model):
    """The system and each of its services in detail; `uptime` in seconds."""

    status: str | None = None
    timestamp: Moment | None = None
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
