"""Values that belong to the server as a whole (the key that signs tokens) or to a world as a whole."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_s = tables.settings
_GET = Statement(select(_s.c.value).where(_s.c.world == bindparam("world"), _s.c.name == bindparam("name")))
_OF_WORLDS = Statement(select(_s.c.world, _s.c.value).where(_s.c.name == bindparam("name")))
_ADD = Statement(insert(_s).values({column.name: bindparam(column.name) for column in _s.c}))
_SET = Statement(
    update(_s)
    .where(_s.c.world == bindparam("in_world"), _s.c.name == bindparam("in_name"))
    .values(value=bindparam("value"))
)


def get_setting(sql: Sql, name: str, world: str = tables.SERVER_WIDE) -> str | None:
    """The stored value of that name."""
    value: str | None = sql.value(_GET, name=name, world=world)
    return value


def settings_of(sql: Sql, name: str) -> dict[str, str]:
    """The stored values of that name, by world."""
    return {row.world: row.value for row in sql.all(_OF_WORLDS, name=name)}


def set_setting(sql: Sql, name: str, value: str, world: str = tables.SERVER_WIDE) -> None:
    """Store a value, in place of the one before."""
    if not sql.run(_SET, in_world=world, in_name=name, value=value):
        sql.run(_ADD, world=world, name=name, value=value)
