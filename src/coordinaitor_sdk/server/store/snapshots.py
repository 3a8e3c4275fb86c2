"""The names of snapshots: queries and row statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_s = tables.snapshots
_one = (_s.c.world == bindparam("in_world"), _s.c.name == bindparam("in_name"))
_ADD = Statement(insert(_s).values({column.name: bindparam(column.name) for column in _s.c}))
_FIND = Statement(select(*_s.c).where(*_one))
_OF_WORLD = Statement(
    select(*_s.c).where(_s.c.world == bindparam("world")).order_by(_s.c.taken_at, _s.c.name)
)
_DROP = Statement(delete(_s).where(*_one))


def add(change: Change, name: str, copy: str, epoch: str, taken_at: str, *, frozen: bool) -> None:
    """Store a snapshot of the change's world."""
    about = {"name": name, "copy": copy, "epoch": epoch, "taken_at": taken_at, "frozen": int(frozen)}
    change.sql.run(_ADD, world=change.world.id, **about)


def find(sql: Sql, world: str, name: str) -> Any:
    """The row of a snapshot, or None."""
    return sql.first(_FIND, in_world=world, in_name=name)


def of_world(sql: Sql, world: str) -> list[Any]:
    """The rows of a world's snapshots, oldest first by the world's clock."""
    return sql.all(_OF_WORLD, world=world)


def drop(change: Change, name: str) -> None:
    """Delete the row of a snapshot."""
    change.sql.run(_DROP, in_world=change.world.id, in_name=name)
