"""Projects: queries and row statements. Counts and progress are computed from the tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.wire import plain

_p = tables.projects
_m = tables.project_members
_g = tables.project_agents
_t = tables.tasks
_in_world = _p.c.world == bindparam("world")
_ROWS = select(*_p.c).where(_in_world)
_LOAD = Statement(_ROWS.where(_p.c.id == bindparam("id")))
_INSERT = Statement(insert(_p).values({column.name: bindparam(column.name) for column in _p.c}))
_ADD_MEMBER = Statement(insert(_m).values({column.name: bindparam(column.name) for column in _m.c}))
_ADD_AGENT = Statement(insert(_g).values({column.name: bindparam(column.name) for column in _g.c}))
_DROP = Statement(delete(_p).where(_in_world, _p.c.id == bindparam("id")))
_DROP_MEMBERS = Statement(
    delete(_m).where(_m.c.world == bindparam("world"), _m.c.project_id == bindparam("id"))
)
_DROP_MEMBER = Statement(
    delete(_m).where(
        _m.c.world == bindparam("world"),
        _m.c.project_id == bindparam("id"),
        _m.c.user_id == bindparam("user_id"),
    )
)
_DROP_AGENTS = Statement(
    delete(_g).where(_g.c.world == bindparam("world"), _g.c.project_id == bindparam("id"))
)
_LAST_POSITION = Statement(
    select(func.max(_m.c.position)).where(
        _m.c.world == bindparam("world"), _m.c.project_id == bindparam("id")
    )
)
_TASKS = Statement(
    select(_t.c.id)
    .where(_t.c.world == bindparam("world"), _t.c.project_id == bindparam("id"))
    .order_by(_t.c.created_at, func.length(_t.c.id), _t.c.id)
)
_MEMBERS = Statement(
    select(_m.c.user_id, _m.c.role, _m.c.permissions)
    .where(_m.c.world == bindparam("world"), _m.c.project_id == bindparam("id"))
    .order_by(_m.c.position)
)
_AGENTS = Statement(
    select(_g.c.agent_id)
    .where(_g.c.world == bindparam("world"), _g.c.project_id == bindparam("id"))
    .order_by(_g.c.position)
)
_COUNTS = Statement(
    select(_t.c.status, func.count(), func.sum(_t.c.progress))
    .where(_t.c.world == bindparam("world"), _t.c.project_id == bindparam("id"))
    .group_by(_t.c.status)
)


def load(sql: Sql, world: str, project_id: str) -> Row[Any] | None:
    """The project of that id."""
    row: Row[Any] | None = sql.first(_LOAD, world=world, id=project_id)
    return row


def add(
    change: Change, project: dict[str, Any], members: Sequence[dict[str, Any]], agents: Sequence[str]
) -> None:
    """Store a new project, given column by column, with its members and agents."""
    change.sql.run(_INSERT, world=change.world.id, **({"version": 1} | project))
    set_members(change, project["id"], members)
    set_agents(change, project["id"], agents)


def save(change: Change, project_id: str, values: Mapping[str, Any]) -> None:
    """Store other values of some columns."""
    change.sql.run(_update_of(tuple(sorted(values))), world=change.world.id, in_id=project_id, **values)


def set_members(change: Change, project_id: str, members: Sequence[dict[str, Any]]) -> None:
    """Replace a project's members, given as they are sent."""
    change.sql.run(_DROP_MEMBERS, world=change.world.id, id=project_id)
    for position, member in enumerate(members):
        _add_member(change, project_id, member, position)


def add_member(change: Change, project_id: str, member: dict[str, Any]) -> None:
    """Add a member, given as it is sent, as the last one."""
    last = change.sql.value(_LAST_POSITION, world=change.world.id, id=project_id)
    _add_member(change, project_id, member, 0 if last is None else last + 1)


def drop_member(change: Change, project_id: str, user_id: str) -> bool:
    """Remove a member; whether there was one."""
    return change.sql.run(_DROP_MEMBER, world=change.world.id, id=project_id, user_id=user_id) > 0


def set_agents(change: Change, project_id: str, agents: Sequence[str]) -> None:
    """Replace a project's agents."""
    world = change.world.id
    change.sql.run(_DROP_AGENTS, world=world, id=project_id)
    for position, agent_id in enumerate(agents):
        change.sql.run(_ADD_AGENT, world=world, project_id=project_id, agent_id=agent_id, position=position)


def drop(change: Change, project_id: str) -> None:
    """Delete a project with its members and agents; its tasks are not touched."""
    for statement in (_DROP_MEMBERS, _DROP_AGENTS, _DROP):
        change.sql.run(statement, world=change.world.id, id=project_id)


def tasks_of(change: Change, project_id: str) -> list[str]:
    """The ids of a project's tasks, oldest first."""
    return [row[0] for row in change.sql.all(_TASKS, world=change.world.id, id=project_id)]


def page_of(
    sql: Sql,
    world: str,
    *,
    status: str | None,
    text: str | None,
    member_id: str | None,
    limit: int,
    offset: int,
) -> tuple[list[dict[str, Any]], int]:
    """One page of projects as they are sent, newest first, and how many there are in all."""
    terms = [] if text is None else list(dict.fromkeys(text.split()))
    rows, count = _statements(status is not None, member_id is not None, len(terms))
    values: dict[str, Any] = {f"term_{number}": search.like_value(term) for number, term in enumerate(terms)}
    if status is not None:
        values["status"] = status
    if member_id is not None:
        values["member_id"] = member_id
    with sql.snapshot():
        total = int(sql.value(count, world=world, **values))
        found = sql.all(rows, world=world, limit=limit, offset=offset, **values)
        return [wire(sql, world, row) for row in found], total


def _add_member(change: Change, project_id: str, member: dict[str, Any], position: int) -> None:
    change.sql.run(
        _ADD_MEMBER,
        world=change.world.id,
        project_id=project_id,
        user_id=member["userId"],
        role=member["role"],
        permissions=json.dumps(member.get("permissions") or []),
        position=position,
    )


@lru_cache(maxsize=256)
def _update_of(names: tuple[str, ...]) -> Statement:
    return Statement(
        update(_p)
        .where(_in_world, _p.c.id == bindparam("in_id"))
        .values({name: bindparam(name) for name in names})
    )


@lru_cache(maxsize=64)
def _statements(by_status: bool, by_member: bool, terms: int) -> tuple[Statement, Statement]:
    conditions: list[ColumnElement[bool]] = [_contains(f"term_{number}") for number in range(terms)]
    if by_status:
        conditions.append(_p.c.status == bindparam("status"))
    if by_member:
        conditions.append(
            exists().where(
                _m.c.world == _p.c.world, _m.c.user_id == bindparam("member_id"), _m.c.project_id == _p.c.id
            )
        )
    rows = (
        _ROWS.where(*conditions)
        .order_by(_p.c.created_at.desc(), _p.c.id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    return Statement(rows), Statement(select(func.count()).select_from(_p).where(_in_world, *conditions))


def _contains(parameter: str) -> ColumnElement[bool]:
    value: BindParameter[str] = bindparam(parameter)
    return or_(_p.c.name.like(value, escape="\\"), _p.c.description.like(value, escape="\\"))


def wire(sql: Sql, world: str, row: Row[Any]) -> dict[str, Any]:
    """A project as it is sent (API document, "GET /api/v1/projects"), with what its creation was given."""
    members = sql.all(_MEMBERS, world=world, id=row.id)
    agents = [found[0] for found in sql.all(_AGENTS, world=world, id=row.id)]
    counts = {found[0]: (found[1], found[2]) for found in sql.all(_COUNTS, world=world, id=row.id)}
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "status": row.status,
        "priority": row.priority,
        "startDate": row.start_date,
        "endDate": row.end_date,
        "progress": plain(_progress(counts)),
        "taskCount": _task_count(counts),
        "teamSize": len(members),
        "assignedAgents": len(agents),
        "budget": None if row.budget is None else json.loads(row.budget),
        "teamMembers": [
            {"userId": member.user_id, "role": member.role, "permissions": json.loads(member.permissions)}
            for member in members
        ],
        "agents": agents,
        "tags": json.loads(row.tags),
        "createdBy": row.created_by,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "version": row.version,
    }


def _task_count(counts: dict[str, tuple[int, float]]) -> dict[str, int]:
    named = {status: counts.get(status, (0, 0.0))[0] for status in ("completed", "active", "pending")}
    return {"total": sum(count for count, _ in counts.values()), **named}


def _progress(counts: dict[str, tuple[int, float]]) -> float:
    """The mean progress of the tasks that were not cancelled."""
    kept = [value for status, value in counts.items() if status != "cancelled"]
    number = sum(count for count, _ in kept)
    return round(sum(progress for _, progress in kept) / number, 2) if number else 0.0
