"""Agents: queries and row statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from coordinaitor_sdk.server.domain.agent_choice import Candidate
from coordinaitor_sdk.server.domain.working_hours import WorkingHours
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
_DROP_CAPABILITIES = Statement(
    delete(tables.agent_capabilities).where(
        tables.agent_capabilities.c.world == bindparam("world"),
        tables.agent_capabilities.c.agent_id == bindparam("id"),
    )
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
_JSON = {"capabilities", "specializations", "working_hours", "configuration"}
_NOT_TOLD = {"model", "provider"}
_COUNTS = Statement(select(_a.c.status, func.count()).where(_in_world).group_by(_a.c.status))


def load(sql: Sql, world: str, agent_id: str) -> Row[Any] | None:
    """The agent of that id, with `active`: the tasks that it works on now."""
    row: Row[Any] | None = sql.first(_LOAD, world=world, id=agent_id)
    return row


def columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the columns hold them: lists and maps as JSON text; a model that isn't told as nothing."""
    values = dict(given)
    for name in _JSON & values.keys():
        values[name] = None if values[name] is None else json.dumps(values[name])
    for name in _NOT_TOLD & values.keys():
        values[name] = values[name] or ""
    return values


def add(change: Change, agent: dict[str, Any]) -> None:
    """Store a new agent, given column by column; lists and maps as Python values."""
    add_row(change, columns({"disabled_reason": None, "version": 1} | agent))


def add_row(change: Change, row: Mapping[str, Any]) -> None:
    """Store a new agent, given as the columns hold it."""
    change.sql.run(_INSERT, **({"world": change.world.id} | dict(row)))
    _add_capabilities(change, row["id"], json.loads(row["capabilities"]))


def save(change: Change, agent_id: str, values: Mapping[str, Any]) -> None:
    """Store other values of some columns, given as the columns hold them."""
    world = change.world.id
    change.sql.run(_update_of(tuple(sorted(values))), world=world, in_id=agent_id, **values)
    if "capabilities" in values:
        change.sql.run(_DROP_CAPABILITIES, world=world, id=agent_id)
        _add_capabilities(change, agent_id, json.loads(values["capabilities"]))


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
    """The agents that may be given work, free or not, at whatever hour."""
    return [found for row in sql.all(_ALL, world=world) if (found := _candidate(row)) is not None]


def candidate(sql: Sql, world: str, agent_id: str) -> Candidate | None:
    """The agent of that id, if it may work at all."""
    row = load(sql, world, agent_id)
    return None if row is None else _candidate(row)


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


def _candidate(row: Row[Any]) -> Candidate | None:
    if not row.enabled or row.status not in ("available", "busy"):
        return None
    hours = None if row.working_hours is None else WorkingHours.of(json.loads(row.working_hours))
    return Candidate(row.id, _skills(row), row.active, row.max_concurrent_tasks, hours)


def _add_capabilities(change: Change, agent_id: str, capabilities: Iterable[str]) -> None:
    for capability in sorted({name.casefold() for name in capabilities}):
        change.sql.run(_ADD_CAPABILITY, world=change.world.id, capability=capability, agent_id=agent_id)


@lru_cache(maxsize=256)
def _update_of(names: tuple[str, ...]) -> Statement:
    return Statement(
        update(_a)
        .where(_in_world, _a.c.id == bindparam("in_id"))
        .values({name: bindparam(name) for name in names})
    )


def _skills(row: Row[Any]) -> frozenset[str]:
    names: list[str] = [row.type, *json.loads(row.capabilities), *json.loads(row.specializations)]
    return frozenset(name.casefold() for name in names)


def average_response(row: Row[Any]) -> float | int | None:
    """The mean number of seconds from an assignment to the start; None before there is one."""
    return plain(round(row.response_seconds / row.response_count, 3)) if row.response_count else None


def wire(row: Row[Any]) -> dict[str, Any]:
    """An agent as it is sent (API document, "GET /api/v1/agents")."""
    ended = row.completed_count + row.failed_count
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "status": row.status,
        "model": row.model or None,
        "provider": row.provider or None,
        "capabilities": json.loads(row.capabilities),
        "specializations": json.loads(row.specializations),
        "maxConcurrentTasks": row.max_concurrent_tasks,
        "currentTasks": row.active,
        "averageResponseTime": average_response(row),
        "successRate": plain(round(row.completed_count / ended, 4)) if ended else None,
        "totalTasksCompleted": row.completed_count,
        "createdAt": row.created_at,
        "lastActiveAt": row.last_active_at,
        "workingHours": None if row.working_hours is None else json.loads(row.working_hours),
        "configuration": json.loads(row.configuration),
        "enabled": bool(row.enabled),
        "disabledReason": row.disabled_reason,
        "version": row.version,
    }
