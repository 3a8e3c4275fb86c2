"""The system's state (API document, "System Endpoints")."""

from __future__ import annotations

from datetime import datetime

from .common import Model


class ServiceHealth(Model):
    """One service; `latency` in milliseconds. What else it reports stays readable by name."""

    status: str | None = None
    latency: float | None = None


class HealthMetrics(Model):
    """Figures of the whole system; `average_response_time` in milliseconds, `error_rate` from 0 to 1."""

    active_tasks: int | None = None
    completed_today: int | None = None
    average_response_time: float | None = None
    error_rate: float | None = None


class Health(Model):
    """The system's health; `uptime` in seconds."""

    status: str | None = None
    timestamp: datetime | None = None
    uptime: float | None = None
    version: str | None = None
    environment: str | None = None
    services: dict[str, ServiceHealth] | None = None
    metrics: HealthMetrics | None = None
