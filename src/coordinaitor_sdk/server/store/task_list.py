"""The list of tasks: one statement for each combination of filters and sort, built and compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, bindparam, exists, func, select

from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.store.tasks import ONE_BY_ONE

_t = tables.tasks
SORTS = {
    "createdAt": _t.c.created_at,
    "updatedAt": _t.c.updated_at,
    "priority": _t.c.priority,
    "dueDate": _t.c.due_date,
}
SortBy = Literal["createdAt", "updatedAt", "priority", "dueDate"]
SortOrder = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks, in which order (API document, "GET /api/v1/tasks"). All given conditions must hold.

    `priority` is the rank; the dates are written as the store writes them and exclude the moment itself.
    """

    status: str | None = None
    priority: int | None = None
    project_id: str | None = None
    agent_id: str | None = None
    search: str | None = None
    tags: tuple[str, ...] = ()
    created_after: str | None = None
    created_before: str | None = None
    sort_by: SortBy = "createdAt"
    sort_order: SortOrder = "desc"


_EQUALS = {
    "status": _t.c.status,
    "priority": _t.c.priority,
    "project_id": _t.c.project_id,
    "agent_id": _t.c.agent_id,
}


def page_of(
    sql: Sql, world: str, wanted: TaskFilter, *, limit: int, offset: int
) -> tuple[list[TaskRow], int]:
    """One page of the tasks wanted, and how many there are in all, both of one state of the database."""
    names, values = _parameters(wanted)
    rows, count = _statements(names, len(wanted.tags), wanted.sort_by, wanted.sort_order)
    with sql.snapshot():
        total = int(sql.value(count, world=world, **values))
        if offset >= total:
            return [], total
        found = sql.all(rows, world=world, limit=limit, offset=offset, **values)
    return [TaskRow._make(row) for row in found], total


def first_of(sql: Sql, world: str, wanted: TaskFilter, most: int) -> list[TaskRow]:
    """The first of the tasks wanted, uncounted."""
    names, values = _parameters(wanted)
    rows, _ = _statements(names, len(wanted.tags), wanted.sort_by, wanted.sort_order)
    return [TaskRow._make(row) for row in sql.all(rows, world=world, limit=most, offset=0, **values)]


def _parameters(wanted: TaskFilter) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of the conditions given, which make the shape, and the values of their parameters."""
    values: dict[str, Any] = {}
    for name in (*_EQUALS, "created_after", "created_before"):
        if (value := getattr(wanted, name)) is not None:
            values[name] = value
    if wanted.search is not None:
        indexed, short = search.split(wanted.search)
        if indexed:
            values["match"] = search.match_value(indexed)
        values |= {f"short_{number}": search.like_value(term) for number, term in enumerate(short)}
    names = tuple(values)
    values |= {f"tag_{number}": tag for number, tag in enumerate(wanted.tags)}
    return names, values


@lru_cache(maxsize=512)
def _statements(
    names: tuple[str, ...], tags: int, sort_by: SortBy, sort_order: SortOrder
) -> tuple[Statement, Statement]:
    conditions = [_condition(name) for name in names]
    conditions += [_has_tag(f"tag_{number}") for number in range(tags)]
    key = SORTS[sort_by]
    # Ties go by id in the same direction, so that one index serves both directions and pages are stable.
    order = (
        (key.asc().nulls_last(), _t.c.id.asc())
        if sort_order == "asc"
        else (key.desc().nulls_last(), _t.c.id.desc())
    )
    rows = (
        ONE_BY_ONE.where(*conditions)
        .order_by(*order)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    count = select(func.count()).select_from(_t).where(_t.c.world == bindparam("world"), *conditions)
    return Statement(rows), Statement(count)


def _condition(name: str) -> ColumnElement[bool]:
    if name in _EQUALS:
        return _EQUALS[name] == bindparam(name)
    if name == "created_after":
        return _t.c.created_at > bindparam(name)
    if name == "created_before":
        return _t.c.created_at < bindparam(name)
    return search.indexed_condition() if name == "match" else search.short_condition(name)


def _has_tag(parameter: str) -> ColumnElement[bool]:
    tags = tables.task_tags
    return exists().where(
        tags.c.world == _t.c.world, tags.c.tag == bindparam(parameter), tags.c.task_id == _t.c.id
    )
