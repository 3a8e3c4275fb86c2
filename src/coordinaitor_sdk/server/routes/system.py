"""`/system` (API document, "System Endpoints"): measured, never invented."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk._version import __version__
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.context import AdminReadSystem, Call, OpenCall, ReadSystem
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.process import resident_memory, seconds_of_cpu
from coordinaitor_sdk.server.schemas.agents import NoQuery
from coordinaitor_sdk.server.schemas.reading import read_query
from coordinaitor_sdk.server.schemas.system import LogQuery
from coordinaitor_sdk.server.store import logs, system_counts
from coordinaitor_sdk.server.store.store import CONNECTIONS
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/system")

ENVIRONMENT = "development"
_BEST_FIRST = ("healthy", "degraded", "unhealthy")


@router.get("/health")
@operation("Health", query=NoQuery, failures=(503,))
async def get_health(call: OpenCall, request: Request) -> Response:
    """The state of the server; 503 with the same body when the database doesn't answer."""
    read_query(request, NoQuery)
    try:
        services: dict[str, Any] = {"database": _database(call), "agents": _agents(call)}
        counts = _health_counts(call)
        status, code = "healthy", 200
    except DBAPIError:
        services = {"database": {"status": "unhealthy", "latency": None, "connections": CONNECTIONS}}
        counts = {"activeTasks": None, "completedToday": None}
        status, code = "unhealthy", 503
    meter = call.parts.meter
    metrics = {
        **counts,
        "averageResponseTime": meter.average_milliseconds(),
        "errorRate": meter.error_rate(),
    }
    return call.answer(
        dumps({"status": status, **_about(call), "services": services, "metrics": metrics}), code
    )


@router.get("/metrics")
@operation("SystemMetrics", query=NoQuery)
async def get_system_metrics(call: ReadSystem, request: Request) -> Response:
    """What is counted of the organization, and measured of the server."""
    read_query(request, NoQuery)
    parts, world = call.parts, call.world.id
    connections, subscriptions = parts.hub.counts()
    with call.sql.snapshot():
        deliveries = system_counts.webhooks(call.sql, world)
        counted = {
            "tasks": system_counts.tasks(call.sql, world, _today(call)),
            "agents": system_counts.agents_by_status(call.sql, world),
            "projects": system_counts.projects(call.sql, world),
        }
    del deliveries["retrying"]
    data: dict[str, Any] = {
        "timestamp": stamp(call.world.clock.now()),
        "uptime": int(parts.meter.uptime()),
        "requests": parts.meter.summary(),
        **counted,
        "realtime": {"connections": connections, "subscriptions": subscriptions},
        "webhooks": deliveries,
        "process": {"memory": resident_memory(), "cpuSeconds": seconds_of_cpu()},
        "database": {"size": parts.store.size()},
    }
    return call.answer(dumps(data))


@router.get("/status")
@operation("SystemStatus", query=NoQuery)
async def get_system_status(call: ReadSystem, request: Request) -> Response:
    """The server and each of its services."""
    read_query(request, NoQuery)
    parts = call.parts
    connections, subscriptions = parts.hub.counts()
    services: dict[str, Any] = {
        "api": {"status": "healthy", "requests": parts.meter.total, "errorRate": parts.meter.error_rate()},
        "database": _database(call) | {"size": parts.store.size()},
        "realtime": {"status": "healthy", "connections": connections, "subscriptions": subscriptions},
        "scheduler": _scheduler(call),
        "agents": _agents(call) | {"simulated": call.world.work.agents == "simulate"},
        "webhooks": _webhooks(call),
    }
    worst = max((service["status"] for service in services.values()), key=_BEST_FIRST.index)
    started = {"startedAt": stamp(parts.meter.started_at)}
    return call.answer(dumps({"status": worst, **_about(call), **started, "services": services}))


@router.get("/logs")
@operation("LogEntry", form="list", query=LogQuery)
async def list_system_logs(call: AdminReadSystem, request: Request) -> Response:
    """The system's log, oldest entry first."""
    query = read_query(request, LogQuery)
    await call.parts.log.flush()
    found = logs.read(
        call.sql,
        call.world.id,
        level=query.level,
        service=query.service,
        since=query.since,
        limit=query.limit,
    )
    return call.items([dumps(entry) for entry in found])


def _about(call: Call) -> dict[str, Any]:
    return {
        "timestamp": stamp(call.world.clock.now()),
        "uptime": int(call.parts.meter.uptime()),
        "version": __version__,
        "environment": ENVIRONMENT,
    }


def _today(call: Call) -> str:
    return stamp(call.world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0))


def _health_counts(call: Call) -> dict[str, Any]:
    counted = system_counts.tasks(call.sql, call.world.id, _today(call))
    return {"activeTasks": counted["active"], "completedToday": counted["completedToday"]}


def _database(call: Call) -> dict[str, Any]:
    return {"status": "healthy", "latency": call.parts.store.latency(), "connections": CONNECTIONS}


def _agents(call: Call) -> dict[str, Any]:
    counted = system_counts.agents_by_status(call.sql, call.world.id)
    shown = {name: counted[name] for name in ("total", "available", "busy")}
    return {"status": "degraded" if counted["error"] else "healthy", **shown}


def _scheduler(call: Call) -> dict[str, Any]:
    waiting, overdue = call.parts.scheduler.counts(call.world)
    return {"status": "degraded" if overdue else "healthy", "waiting": waiting, "overdue": overdue}


def _webhooks(call: Call) -> dict[str, Any]:
    counted = system_counts.webhooks(call.sql, call.world.id)
    shown = {name: counted[name] for name in ("active", "pending", "retrying")}
    return {"status": "degraded" if counted["retrying"] else "healthy", **shown}
