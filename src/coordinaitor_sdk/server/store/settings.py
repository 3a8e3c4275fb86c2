"""Values that belong to the server as a whole: the key that signs tokens."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_s = tables.settings
_GET = Statement(select(_s.c.value).where(_s.c.world == tables.SERVER_WIDE, _s.c.name == bindparam("name")))
_ADD = Statement(insert(_s).values({column.name: bindparam(column.name) for column in _s.c}))


def get_setting(sql: Sql, name: str) -> str | None:
    """The stored value of that name."""
    value: str | None = sql.value(_GET, name=name)
    return value


def add_setting(sql: Sql, name: str, value: str) -> None:
    """Store a value for the first time."""
    sql.run(_ADD, world=tables.SERVER_WIDE, name=name, value=value)
