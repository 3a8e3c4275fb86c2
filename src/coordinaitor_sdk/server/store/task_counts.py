"""How many tasks a world has, and how many of a status or with a tag: read, not counted.

Triggers keep these numbers (`tables.COUNTS`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, column, func, select, table

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_c = table("task_counts", column("world"), column("field"), column("value"), column("number"))
_of_world = _c.c.world == bindparam("world")
_number = select(func.coalesce(func.sum(_c.c.number), 0))
_ALL: Final = Statement(_number.where(_of_world, _c.c.field == bindparam("field", "status")))
_ONE: Final = Statement(
    _number.where(_of_world, _c.c.field == bindparam("field"), _c.c.value == bindparam("value"))
)
_worlds = tables.worlds.c
OTHERS: Final = select(_worlds.world).where(_worlds.world != bindparam("world"))
"""The worlds beside one, for a condition; snapshots are none."""

_ELSEWHERE: Final = Statement(
    _number.where(_c.c.world.in_(OTHERS), _c.c.field == bindparam("field", "status"))
)


def of_world(sql: Sql, world: str) -> int:
    """All tasks of a world."""
    return int(sql.value(_ALL, world=world))


def elsewhere(sql: Sql, world: str) -> int:
    """All tasks of the other worlds."""
    return int(sql.value(_ELSEWHERE, world=world))


def with_status(sql: Sql, world: str, status: str) -> int:
    """Those of a world with a status."""
    return int(sql.value(_ONE, world=world, field="status", value=status))


def with_tag(sql: Sql, world: str, tag: str) -> int:
    """Those of a world with a tag."""
    return int(sql.value(_ONE, world=world, field="tag", value=tag))
