"""The list of tasks: one statement for each combination of filters and sort, built and compiled once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    Text,
    bindparam,
    exists,
    func,
    intersect,
    select,
    tuple_,
)

from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.store import search, tables, task_counts
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.store.tasks import whole_rows

FEW = 1_000
"""So many tasks are found and sorted faster than met among all others."""

WALK = 10
"""How many entries of the sort's index are passed while one task is looked up and sorted."""

MERGE = 7
"""How many tasks of all the tags are passed while one of the rarest is looked up among another's."""

MOST_READ = 3_000
"""So many tasks are read one after the other faster than all that a search finds are gathered."""

READ_COST = 3
"""How many tasks that a search finds are looked up while the text of one is read."""

_t = tables.tasks
_tags = tables.task_tags
_given = func.json_each(bindparam("ids")).table_valued("value", name="given")
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
    with sql.snapshot():
        wanted = _rarest_tag_first(sql, world, wanted)
        names, values = _parameters(wanted)
        tags = len(wanted.tags)
        ids = _ids_of_few(sql, world, tags, names, values)
        total = _total(sql, world, wanted, names, values) if ids is None else len(ids)
        if offset >= total:
            return [], total
        few = total <= FEW
        if ids is not None:
            names, values, tags = ("ids",), {"ids": json.dumps(ids)}, 0
            few = (offset + limit) / total * task_counts.of_world(sql, world) > WALK * total
        if "match" in names and not few:
            names, values = _read_instead(sql, world, wanted, (names, values), (offset + limit) / total)
        rows = _rows(names, tags, wanted.sort_by, wanted.sort_order, few=few)
        found = sql.tuples(rows, world=world, limit=limit, offset=offset, **values)
    return [TaskRow._make(row) for row in found], total


def first_of(sql: Sql, world: str, wanted: TaskFilter, most: int) -> list[TaskRow]:
    """The first of the tasks wanted, uncounted."""
    names, values = _parameters(wanted)
    rows = _rows(names, len(wanted.tags), wanted.sort_by, wanted.sort_order, few=False)
    return [TaskRow._make(row) for row in sql.tuples(rows, world=world, limit=most, offset=0, **values)]


def _rarest_tag_first(sql: Sql, world: str, wanted: TaskFilter) -> TaskFilter:
    """The same tasks; the statements begin with the first tag."""
    if len(wanted.tags) < 2:
        return wanted
    tags = sorted(wanted.tags, key=lambda tag: task_counts.with_tag(sql, world, tag))
    return replace(wanted, tags=tuple(tags))


def _ids_of_few(
    sql: Sql, world: str, tags: int, names: tuple[str, ...], values: dict[str, Any]
) -> list[str] | None:
    """The tasks wanted, found once for count and page; None if too many, or better counted alone."""
    if not tags or (tags == 1 and not names):
        return None
    statement = _ids(names, tags)
    if not names:
        counts = [task_counts.with_tag(sql, world, values[f"tag_{number}"]) for number in range(tags)]
        if sum(counts) < MERGE * min(counts):
            statement = _merged_ids(tags)
    rows = sql.tuples(statement, world=world, most=FEW + 1, **values)
    return None if len(rows) > FEW else [row[0] for row in rows]


def _total(sql: Sql, world: str, wanted: TaskFilter, names: tuple[str, ...], values: dict[str, Any]) -> int:
    """How many tasks are wanted, from what is stored of it where it is."""
    if not names and len(wanted.tags) == 1:
        return task_counts.with_tag(sql, world, wanted.tags[0])
    if not names and not wanted.tags:
        return task_counts.of_world(sql, world)
    if wanted.status is not None and len(values) == 1:
        return task_counts.with_status(sql, world, wanted.status)
    if names == ("match",) and not wanted.tags:
        return _searched(sql, world, wanted, values)
    return int(sql.value(_count(names, len(wanted.tags)), world=world, **values))


def _searched(sql: Sql, world: str, wanted: TaskFilter, values: dict[str, Any]) -> int:
    """How many tasks a search finds: what the index tells of all worlds, without those of the others."""
    total = search.count_in_all_worlds(sql, values["match"])
    others = task_counts.elsewhere(sql, world)
    if not total or not others:
        return total
    words = _words(wanted)
    if others * READ_COST > total or words is None:
        return int(sql.value(_count(("match",), 0), world=world, **values))
    return total - int(sql.value(_count_elsewhere(tuple(words)), world=world, **words))


def _read_instead(
    sql: Sql, world: str, wanted: TaskFilter, asked: tuple[tuple[str, ...], dict[str, Any]], share: float
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The conditions with the search put as one on the text of a task, where a page is met soon."""
    words = _words(wanted)
    if words is None or share * task_counts.of_world(sql, world) > MOST_READ:
        return asked
    names, values = asked
    return (
        tuple(name for name in names if name != "match") + tuple(words),
        {name: value for name, value in values.items() if name != "match"} | words,
    )


def _words(wanted: TaskFilter) -> dict[str, str] | None:
    """The parameters of the search's terms for looking into the text; None where that tells another thing."""
    indexed, _ = search.split(wanted.search or "")
    if not search.can_be_read(indexed):
        return None
    return {f"word_{number}": search.like_value(term) for number, term in enumerate(indexed)}


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
def _rows(
    names: tuple[str, ...], tags: int, sort_by: SortBy, sort_order: SortOrder, *, few: bool
) -> Statement:
    """A page of tasks: a walk along the sort's index until it is full, or, of few, all of them sorted.

    Only the page's own tasks are read whole: the pages before it are passed in the index alone.
    """
    key = SORTS[sort_by]
    page = (
        select(_t.c.id, key.label("key"))
        .where(*(_found(names, tags) if few else _met(names, tags)))
        .order_by(*_order(key, _t.c.id, sort_order))
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
        .subquery("page")
    )
    return Statement(whole_rows(page).order_by(*_order(page.c.key, page.c.id, sort_order)))


@lru_cache(maxsize=512)
def _count(names: tuple[str, ...], tags: int) -> Statement:
    if tags and not names:  # the table of tags tells it alone
        return Statement(select(func.count()).select_from(_tags).where(*_tagged(tags)))
    return Statement(select(func.count()).select_from(_t).where(*_found(names, tags)))


@lru_cache(maxsize=512)
def _ids(names: tuple[str, ...], tags: int) -> Statement:
    most = bindparam("most", type_=Integer)
    if names:
        return Statement(select(_t.c.id).where(*_found(names, tags)).limit(most))
    return Statement(select(_tags.c.task_id).where(*_tagged(tags)).limit(most))


@lru_cache(maxsize=32)
def _merged_ids(tags: int) -> Statement:
    """The tasks that have all of the tags, for going through all of these side by side."""
    world = _tags.c.world == bindparam("world")
    each = (select(_tags.c.task_id).where(world, _tags.c.tag == bindparam(f"tag_{n}")) for n in range(tags))
    return Statement(intersect(*each).order_by("task_id").limit(bindparam("most", type_=Integer)))


@lru_cache(maxsize=32)
def _count_elsewhere(words: tuple[str, ...]) -> Statement:
    """The tasks of other worlds with these words."""
    conditions = [_t.c.world.in_(task_counts.OTHERS), *(_condition(name) for name in words)]
    return Statement(select(func.count()).select_from(_t).where(*conditions))


def _order(key: ColumnElement[Any], task_id: ColumnElement[str], order: SortOrder) -> tuple[Any, Any]:
    # Ties go by id in the same direction, so that one index serves both directions and pages are stable.
    if order == "asc":
        return key.asc().nulls_last(), task_id.asc()
    return key.desc().nulls_last(), task_id.desc()


def _met(names: tuple[str, ...], tags: int) -> list[ColumnElement[bool]]:
    """The conditions on a task, for looking at one task after the other."""
    conditions = [_t.c.world == bindparam("world"), *(_condition(name) for name in names)]
    return conditions + [_has_tag(number, _t) for number in range(tags)]


def _found(names: tuple[str, ...], tags: int) -> list[ColumnElement[bool]]:
    """The same, for beginning with the tasks that a search or else the first tag finds."""
    if names == ("ids",):
        given = select(bindparam("world", type_=Text), _given.c.value)
        return [_t.c.world.concat("") == bindparam("world"), tuple_(_t.c.world, _t.c.id).in_(given)]
    if "match" not in names and not tags:
        return _met(names, tags)
    # Without statistics SQLite takes a world for small and would go through all of it: no index has this.
    conditions = [_t.c.world.concat("") == bindparam("world"), *(_condition(name) for name in names)]
    if "match" in names:
        return conditions + [_has_tag(number, _t) for number in range(tags)]
    tagged = select(_tags.c.world, _tags.c.task_id).where(*_tagged(tags))
    return [*conditions, tuple_(_t.c.world, _t.c.id).in_(tagged)]


def _tagged(tags: int) -> list[ColumnElement[bool]]:
    """The conditions on a row of the first tag whose task has all of them."""
    first = [_tags.c.world == bindparam("world"), _tags.c.tag == bindparam("tag_0")]
    return first + [_has_tag(number, _tags) for number in range(1, tags)]


def _condition(name: str) -> ColumnElement[bool]:
    if name in _EQUALS:
        return _EQUALS[name] == bindparam(name)
    if name == "ids":
        return _t.c.id.in_(select(_given.c.value))
    if name == "created_after":
        return _t.c.created_at > bindparam(name)
    if name == "created_before":
        return _t.c.created_at < bindparam(name)
    if name.startswith("word_"):
        return search.read_condition(name)
    return search.indexed_condition() if name == "match" else search.short_condition(name)


def _has_tag(number: int, outer: Table) -> ColumnElement[bool]:
    """That a task, or the task of a tag, has the tag of this number."""
    inner = _tags.alias(f"tags_{number}")
    task_id = outer.c.id if outer is _t else outer.c.task_id
    return exists().where(
        inner.c.world == outer.c.world,
        inner.c.tag == bindparam(f"tag_{number}"),
        inner.c.task_id == task_id,
    )
