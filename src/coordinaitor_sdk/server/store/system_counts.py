"""What the system's metrics count in a world."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, literal, select

from coordinaitor_sdk.server.domain.states import STATUSES
from coordinaitor_sdk.server.store import agents, tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_t = tables.tasks
_p = tables.projects
_w = tables.webhooks
_d = tables.webhook_deliveries


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_TASKS = Statement(
    select(_t.c.status, func.count()).where(_t.c.world == bindparam("world")).group_by(_t.c.status)
)
_COMPLETED_SINCE = Statement(
    select(func.count()).where(_t.c.world == bindparam("world"), _t.c.completed_at >= bindparam("since"))
)
_PROJECTS = Statement(
    select(func.count(), _sum(_p.c.status == literal("active"))).where(_p.c.world == bindparam("world"))
)
_WEBHOOKS = Statement(select(func.count()).where(_w.c.world == bindparam("world"), _w.c.active == literal(1)))
_good = _d.c.last_status.between(literal(200), literal(299))
_DELIVERIES = Statement(
    select(
        _sum(_d.c.ended_at.is_(None)),
        _sum(_d.c.ended_at.is_(None) & (_d.c.attempts > literal(0))),
        _sum(_d.c.ended_at.is_not(None) & _good),
        _sum(_d.c.ended_at.is_not(None) & func.coalesce(~_good, literal(1) == literal(1))),
    ).where(_d.c.world == bindparam("world"))
)


def tasks(sql: Sql, world: str, today: str) -> dict[str, int]:
    """Tasks by state, and those completed since the moment `today`."""
    found = {row[0]: int(row[1]) for row in sql.all(_TASKS, world=world)}
    by_status = {status: found.get(status, 0) for status in STATUSES}
    return {"total": sum(found.values()), **by_status, "completedToday": completed_since(sql, world, today)}


def completed_since(sql: Sql, world: str, moment: str) -> int:
    """Tasks completed since a moment."""
    return int(sql.value(_COMPLETED_SINCE, world=world, since=moment))


def agents_by_status(sql: Sql, world: str) -> dict[str, int]:
    """Agents by state."""
    found = agents.counts(sql, world)
    by_status = {status: found.get(status, 0) for status in ("available", "busy", "offline", "error")}
    return {"total": sum(found.values()), **by_status}


def projects(sql: Sql, world: str) -> dict[str, int]:
    """Projects, all of them and active ones."""
    total, active = sql.first(_PROJECTS, world=world)
    return {"total": total, "active": active}


def webhooks(sql: Sql, world: str) -> dict[str, int]:
    """Active webhooks, and their deliveries; `retrying` are those pending ones that have failed before."""
    pending, retrying, delivered, failed = sql.first(_DELIVERIES, world=world)
    active = int(sql.value(_WEBHOOKS, world=world))
    counted = {"pending": pending, "retrying": retrying, "delivered": delivered, "failed": failed}
    return {"active": active, **counted}
