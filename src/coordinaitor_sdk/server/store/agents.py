"""Agents: queries and row statements."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from coordinaitor_sdk.server.domain.agent_choice import Candidate
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.wire import plain

_a = tables.agents
_t = tables.tasks
_in_world = _a.c.world == bindparam("world")
_active = (
    select(func.count())
    .select_from(_t)
    .where(_t.c.world == _a.c.world, _t.c.agent_id == _a.c.id, _t.c.status == literal("active"))
    .scalar_subquery()
    .label("active")
)
_ROWS = select(*_a.c, _active).where(_in_world)
_LOAD = Statement(_ROWS.where(_a.c.id == bindparam("id")))
_ALL = Statement(_ROWS.order_by(_a.c.id))
_INSERT = Statement(insert(_a).values({column.name: bindparam(column.name) for column in _a.c}))
_ADD_CAPABILITY = Statement(
    insert(tables.agent_capabilities).values(
        {column.name: bindparam(column.name) for column in tables.agent_capabilities.c}
    )
)
_SET_STATUS = Statement(
    update(_a).where(_in_world, _a.c.id == bindparam("in_id")).values(status=bindparam("status"))
)
_NOTE = Statement(
    update(_a)
    .where(_in_world, _a.c.id == bindparam("in_id"))
    .values(
        last_active_at=bindparam("last_active_at"),
        completed_count=_a.c.completed_count + bindparam("completed"),
        failed_count=_a.c.failed_count + bindparam("failed"),
        response_count=_a.c.response_count + bindparam("responses"),
        response_seconds=_a.c.response_seconds + bindparam("seconds"),
    )
)
_COUNTS = Statement(select(_a.c.status, func.count()).where(_in_world).group_by(_a.c.status))


def load(sql: Sql, world: str, agent_id: str) -> Row[Any] | None:
    """The agent of that id, with `active`: the tasks that it works on now."""
    row: Row[Any] | None = sql.first(_LOAD, world=world, id=agent_id)
    return row


def add(change: Change, agent: dict[str, Any]) -> None:
    """Store a new agent, given column by column; lists and maps as Python values."""
    values = {"disabled_reason": None, "version": 1} | agent
    for name in ("capabilities", "specializations", "working_hours", "configuration"):
        values[name] = None if agent[name] is None else json.dumps(agent[name])
    change.sql.run(_INSERT, world=change.world.id, **values)
    for capability in sorted({name.casefold() for name in agent["capabilities"]}):
        change.sql.run(_ADD_CAPABILITY, world=change.world.id, capability=capability, agent_id=agent["id"])


def set_status(change: Change, agent_id: str, status: str) -> None:
    """Store an agent's status."""
    change.sql.run(_SET_STATUS, world=change.world.id, in_id=agent_id, status=status)


def note_activity(
    change: Change,
    agent_id: str,
    *,
    completed: int = 0,
    failed: int = 0,
    responses: int = 0,
    seconds: float = 0.0,
) -> None:
    """Add to what an agent has done; it was active now."""
    change.sql.run(
        _NOTE,
        world=change.world.id,
        in_id=agent_id,
        last_active_at=change.stamp,
        completed=completed,
        failed=failed,
        responses=responses,
        seconds=seconds,
    )


def candidates(sql: Sql, world: str) -> list[Candidate]:
    """The agents that may be given work, free or not."""
    return [
        Candidate(row.id, _skills(row), row.active, row.max_concurrent_tasks)
        for row in sql.all(_ALL, world=world)
        if row.enabled and row.status in ("available", "busy")
    ]


def counts(sql: Sql, world: str) -> dict[str, int]:
    """How many agents have each status."""
    return {row[0]: row[1] for row in sql.all(_COUNTS, world=world)}


def page_of(
    sql: Sql,
    world: str,
    *,
    equals: dict[str, str],
    capabilities: tuple[str, ...],
    available: bool | None,
    limit: int,
    offset: int,
) -> tuple[list[Row[Any]], int]:
    """One page of agents by id, and how many there are in all."""
    rows, count = _statements(tuple(equals), len(capabilities), available)
    values: dict[str, Any] = {
        **equals,
        **{f"capability_{number}": name.casefold() for number, name in enumerate(capabilities)},
    }
    with sql.snapshot():
        total = int(sql.value(count, world=world, **values))
        found = sql.all(rows, world=world, limit=limit, offset=offset, **values)
    return found, total


@lru_cache(maxsize=256)
def _statements(
    equals: tuple[str, ...], capabilities: int, available: bool | None
) -> tuple[Statement, Statement]:
    conditions: list[ColumnElement[bool]] = [_a.c[name] == bindparam(name) for name in equals]
    conditions += [_has_capability(f"capability_{number}") for number in range(capabilities)]
    if available is not None:
        free = _a.c.status == literal("available")
        conditions.append(free if available else ~free)
    rows = (
        _ROWS.where(*conditions)
        .order_by(_a.c.id)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    return Statement(rows), Statement(select(func.count()).select_from(_a).where(_in_world, *conditions))


def _has_capability(parameter: str) -> ColumnElement[bool]:
    known = tables.agent_capabilities
    return exists().where(
        known.c.world == _a.c.world, known.c.capability == bindparam(parameter), known.c.agent_id == _a.c.id
    )


def _skills(row: Row[Any]) -> frozenset[str]:
    names: list[str] = [row.type, *json.loads(row.capabilities), *json.loads(row.specializations)]
    return frozenset(name.casefold() for name in names)


def wire(row: Row[Any]) -> dict[str, Any]:
    """An agent as it is sent (API document, "GET /api/v1/agents")."""
    ended = row.completed_count + row.failed_count
    responses = row.response_count
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "status": row.status,
        "model": row.model,
        "provider": row.provider,
        "capabilities": json.loads(row.capabilities),
        "specializations": json.loads(row.specializations),
        "maxConcurrentTasks": row.max_concurrent_tasks,
        "currentTasks": row.active,
        "averageResponseTime": plain(round(row.response_seconds / responses, 3)) if responses else None,
        "successRate": plain(round(row.completed_count / ended, 4)) if ended else None,
        "totalTasksCompleted": row.completed_count,
        "createdAt": row.created_at,
        "lastActiveAt": row.last_active_at,
        "workingHours": None if row.working_hours is None else json.loads(row.working_hours),
        "configuration": json.loads(row.configuration),
    }
