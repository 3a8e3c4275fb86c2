"""Notifications of users: queries and row statements."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, bindparam, func, insert, select, update

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_n = tables.notifications
_of_user = (_n.c.world == bindparam("world"), _n.c.user_id == bindparam("user_id"))
_ADD = Statement(insert(_n).values({column.name: bindparam(column.name) for column in _n.c}))
_LOAD = Statement(select(*_n.c).where(*_of_user, _n.c.id == bindparam("id")))
_READ = Statement(
    update(_n)
    .where(*_of_user, _n.c.id == bindparam("id"), _n.c.read_at.is_(None))
    .values(read_at=bindparam("at"))
)


def add(change: Change, notification: dict[str, Any]) -> None:
    """Store a new notification, given column by column."""
    change.sql.run(_ADD, world=change.world.id, **notification)


def load(sql: Sql, world: str, user_id: str, notification_id: str) -> Row[Any] | None:
    """The user's notification of that id."""
    row: Row[Any] | None = sql.first(_LOAD, world=world, user_id=user_id, id=notification_id)
    return row


def mark_read(change: Change, user_id: str, notification_id: str) -> None:
    """Mark a notification of the user as read; one that was read before stays as it is."""
    world = change.world.id
    change.sql.run(_READ, world=world, user_id=user_id, id=notification_id, at=change.stamp)


def page_of(
    sql: Sql, world: str, user_id: str, *, unread: bool | None, limit: int, offset: int
) -> tuple[list[Row[Any]], int]:
    """One page of the user's notifications, newest first, and how many there are in all."""
    rows, count = _statements(unread)
    with sql.snapshot():
        total = int(sql.value(count, world=world, user_id=user_id))
        return sql.all(rows, world=world, user_id=user_id, limit=limit, offset=offset), total


def wire(row: Row[Any]) -> dict[str, Any]:
    """A notification as it is sent."""
    return {
        "id": row.id,
        "type": row.type,
        "message": row.message,
        "taskId": row.task_id,
        "projectId": row.project_id,
        "read": row.read_at is not None,
        "readAt": row.read_at,
        "createdAt": row.created_at,
    }


@cache
def _statements(unread: bool | None) -> tuple[Statement, Statement]:
    conditions = [*_of_user]
    if unread is not None:
        conditions.append(_n.c.read_at.is_(None) if unread else _n.c.read_at.is_not(None))
    rows = (
        select(*_n.c)
        .where(*conditions)
        .order_by(_n.c.created_at.desc(), func.length(_n.c.id).desc(), _n.c.id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    return Statement(rows), Statement(select(func.count()).select_from(_n).where(*conditions))
