"""`/system` (API document, "System Endpoints"): measured, never invented."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter
from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk._version import __version__
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.context import Call, OpenCall
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import NoQuery
from coordinaitor_sdk.server.schemas.reading import read_query
from coordinaitor_sdk.server.store import agents, tables
from coordinaitor_sdk.server.store.sql import Statement
from coordinaitor_sdk.server.store.store import CONNECTIONS
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/system")

_t = tables.tasks
_ACTIVE = Statement(
    select(func.count())
    .select_from(_t)
    .where(_t.c.world == bindparam("world"), _t.c.status == literal("active"))
)
_COMPLETED = Statement(
    select(func.count())
    .select_from(_t)
    .where(_t.c.world == bindparam("world"), _t.c.completed_at >= bindparam("since"))
)


@router.get("/health")
@operation("Health", query=NoQuery, failures=(503,))
async def health(call: OpenCall, request: Request) -> Response:
    """The state of the server; 503 with the same body when the database doesn't answer."""
    read_query(request, NoQuery)
    now = call.world.clock.now()
    try:
        services, counts = _services(call, stamp(now.replace(hour=0, minute=0, second=0, microsecond=0)))
        status, code = "healthy", 200
    except DBAPIError:
        services = {"database": {"status": "unhealthy", "latency": None, "connections": CONNECTIONS}}
        counts = {"activeTasks": None, "completedToday": None}
        status, code = "unhealthy", 503
    meter = call.parts.meter
    data: dict[str, Any] = {
        "status": status,
        "timestamp": stamp(now),
        "uptime": int(meter.uptime()),
        "version": __version__,
        "environment": "development",
        "services": services,
        "metrics": {
            **counts,
            "averageResponseTime": meter.average_milliseconds(),
            "errorRate": meter.error_rate(),
        },
    }
    return call.answer(dumps(data), code)


def _services(call: Call, today: str) -> tuple[dict[str, Any], dict[str, Any]]:
    world = call.world.id
    began = time.perf_counter()
    call.parts.store.ping()
    latency = round(1_000 * (time.perf_counter() - began), 3)
    by_status = agents.counts(call.sql, world)
    services = {
        "database": {"status": "healthy", "latency": latency, "connections": CONNECTIONS},
        "agents": {
            "status": "degraded" if by_status.get("error") else "healthy",
            "total": sum(by_status.values()),
            "available": by_status.get("available", 0),
            "busy": by_status.get("busy", 0),
        },
    }
    counts = {
        "activeTasks": call.sql.value(_ACTIVE, world=world),
        "completedToday": call.sql.value(_COMPLETED, world=world, since=today),
    }
    return services, counts
