"""All rows of one world, in whichever table."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete

from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

_DROPS: Final = tuple(
    Statement(delete(table).where(table.c.world == bindparam("in_world")))
    for table in tables.metadata.sorted_tables
    if table is not tables.snapshots
)


def drop(sql: Sql, world: str) -> None:
    """Delete every row of a world but the names of its snapshots, and take its tasks out of the full-text
    index.
    """
    search.drop_world(sql, world)
    drop_unindexed(sql, world)


def drop_unindexed(sql: Sql, world: str) -> None:
    """The same, where the full-text index is not concerned."""
    for statement in _DROPS:
        sql.run(statement, in_world=world)
