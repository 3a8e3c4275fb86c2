"""All rows of one world, in whichever table."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, select

from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_t = tables.tasks
_INDEXED: Final = Statement(
    select(_t.c.search_id, _t.c.title, _t.c.description).where(_t.c.world == bindparam("world"))
)
_DROPS: Final = tuple(
    Statement(delete(table).where(table.c.world == bindparam("in_world")))
    for table in tables.metadata.sorted_tables
)


def drop(sql: Sql, world: str) -> None:
    """Delete every row of a world, and take its tasks out of the full-text index."""
    for row in sql.all(_INDEXED, world=world):
        search.drop(sql, row.search_id, row.title, row.description)
    for statement in _DROPS:
        sql.run(statement, in_world=world)
