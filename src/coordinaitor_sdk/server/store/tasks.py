"""Tasks: queries and row statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import FromClause, Select, and_, bindparam, delete, func, insert, select, update

from coordinaitor_sdk.server.domain.task import HistoryEntry, TaskRow
from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_t = tables.tasks
_in_world = _t.c.world == bindparam("world")
_agent = and_(tables.agents.c.world == _t.c.world, tables.agents.c.id == _t.c.agent_id)
_project = and_(tables.projects.c.world == _t.c.world, tables.projects.c.id == _t.c.project_id)
STORED = TaskRow._fields[:-3]
_columns = [_t.c[name] for name in STORED] + [
    tables.agents.c.name,
    tables.agents.c.type,
    tables.projects.c.name,
]


def whole_rows(found: FromClause) -> Select[Any]:
    """The rows of the tasks whose ids are in `found`, which is read first."""
    task = and_(_in_world, _t.c.id == found.c.id)
    joined = found.outerjoin(_t, task).outerjoin(tables.agents, _agent).outerjoin(tables.projects, _project)
    return select(*_columns).select_from(joined)


_one = select(*_columns).select_from(_t.outerjoin(tables.agents, _agent).outerjoin(tables.projects, _project))
_LOAD = Statement(_one.where(_in_world, _t.c.id == bindparam("id")))
_INSERT = Statement(insert(_t).values({column.name: bindparam(column.name) for column in _t.c}))
_DELETE = Statement(delete(_t).where(_in_world, _t.c.id == bindparam("id")))
_ADD_TAG = Statement(
    insert(tables.task_tags).values({column.name: bindparam(column.name) for column in tables.task_tags.c})
)
_DROP_TAG = Statement(
    delete(tables.task_tags).where(
        tables.task_tags.c.world == bindparam("world"),
        tables.task_tags.c.tag == bindparam("tag"),
        tables.task_tags.c.task_id == bindparam("task_id"),
    )
)

_h = tables.history
_ADD_HISTORY = Statement(insert(_h).values({column.name: bindparam(column.name) for column in _h.c}))
_HISTORY = Statement(
    select(_h.c.id, _h.c.action, _h.c.field, _h.c.old, _h.c.new, _h.c.actor, _h.c.at)
    .where(_h.c.world == bindparam("world"), _h.c.task_id == bindparam("id"))
    .order_by(_h.c.at, func.length(_h.c.id), _h.c.id)
)
_DROP_HISTORY = Statement(delete(_h).where(_h.c.world == bindparam("world"), _h.c.task_id == bindparam("id")))

_c = tables.comments
_ADD_COMMENT = Statement(insert(_c).values({column.name: bindparam(column.name) for column in _c.c}))
_COMMENTS = Statement(
    select(_c.c.id, _c.c.content, _c.c.author, _c.c.mentions, _c.c.created_at)
    .where(_c.c.world == bindparam("world"), _c.c.task_id == bindparam("id"))
    .order_by(_c.c.created_at, func.length(_c.c.id), _c.c.id)
)
_DROP_COMMENTS = Statement(
    delete(_c).where(_c.c.world == bindparam("world"), _c.c.task_id == bindparam("id"))
)


def load(sql: Sql, world: str, task_id: str) -> TaskRow | None:
    """The task of that id."""
    row = sql.first(_LOAD, world=world, id=task_id)
    return None if row is None else TaskRow._make(row)


def add(change: Change, task: TaskRow) -> None:
    """Store a new task, its tags and its search text."""
    world = change.world.id
    change.sql.run(_INSERT, world=world, **{name: getattr(task, name) for name in STORED})
    _set_tags(change, task.id, "[]", task.tags)
    search.add(change.sql, task.search_id, task.title, task.description)


def save(change: Change, old: TaskRow, new: TaskRow) -> None:
    """Store what differs."""
    changed = tuple(name for name in STORED if getattr(old, name) != getattr(new, name))
    values = {name: getattr(new, name) for name in changed}
    change.sql.run(_update_of(changed), world=change.world.id, in_id=old.id, **values)
    _set_tags(change, old.id, old.tags, new.tags)
    if (old.title, old.description) != (new.title, new.description):
        search.drop(change.sql, old.search_id, old.title, old.description)
        search.add(change.sql, new.search_id, new.title, new.description)


def drop(change: Change, task: TaskRow) -> None:
    """Delete a task and all that belongs to it; its events stay in the log."""
    world = change.world.id
    _set_tags(change, task.id, task.tags, "[]")
    search.drop(change.sql, task.search_id, task.title, task.description)
    for statement in (_DROP_COMMENTS, _DROP_HISTORY, _DELETE):
        change.sql.run(statement, world=world, id=task.id)


def add_history(change: Change, task_id: str, actor: str, entries: Iterable[HistoryEntry]) -> None:
    """Append to a task's history, now."""
    for entry in entries:
        add_history_at(change, task_id, actor, entry, change.new_id("history"), change.stamp)


def add_history_at(
    change: Change, task_id: str, actor: str, entry: HistoryEntry, history_id: str, at: str
) -> None:
    """Append one entry under an id and a moment of its own (seeds)."""
    change.sql.run(
        _ADD_HISTORY,
        world=change.world.id,
        id=history_id,
        task_id=task_id,
        action=entry.action,
        field=entry.field,
        old=json.dumps(entry.old),
        new=json.dumps(entry.new),
        actor=actor,
        at=at,
    )


def history_of(sql: Sql, world: str, task_id: str) -> list[dict[str, Any]]:
    """A task's history as it is sent, oldest first."""
    return [
        {
            "id": row.id,
            "action": row.action,
            "field": row.field,
            "from": json.loads(row.old),
            "to": json.loads(row.new),
            "user": row.actor,
            "timestamp": row.at,
        }
        for row in sql.all(_HISTORY, world=world, id=task_id)
    ]


def add_comment(change: Change, task_id: str, comment: Mapping[str, Any]) -> None:
    """Store a comment, given as it is sent."""
    change.sql.run(
        _ADD_COMMENT,
        world=change.world.id,
        id=comment["id"],
        task_id=task_id,
        content=comment["content"],
        author=comment["author"],
        mentions=json.dumps(comment["mentions"]),
        created_at=comment["createdAt"],
    )


def comments_of(sql: Sql, world: str, task_id: str) -> list[dict[str, Any]]:
    """A task's comments as they are sent, oldest first."""
    return [
        {
            "id": row.id,
            "content": row.content,
            "author": row.author,
            "mentions": json.loads(row.mentions),
            "createdAt": row.created_at,
        }
        for row in sql.all(_COMMENTS, world=world, id=task_id)
    ]


def _set_tags(change: Change, task_id: str, old: str, new: str) -> None:
    if old == new:
        return
    before, after = set[str](json.loads(old)), set[str](json.loads(new))
    for tag in sorted(before - after):
        change.sql.run(_DROP_TAG, world=change.world.id, tag=tag, task_id=task_id)
    for tag in sorted(after - before):
        change.sql.run(_ADD_TAG, world=change.world.id, tag=tag, task_id=task_id)


@lru_cache(maxsize=256)
def _update_of(columns: tuple[str, ...]) -> Statement:
    return Statement(
        update(_t)
        .where(_in_world, _t.c.id == bindparam("in_id"))
        .values({name: bindparam(name) for name in columns})
    )
