"""OAuth codes: queries and row statements. Codes are stored as hashes only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_c = tables.oauth_codes
_ADD = Statement(insert(_c).values({column.name: bindparam(column.name) for column in _c.c}))
# A code names its world: it comes without any other credential.
_FIND = Statement(select(*_c.c).where(_c.c.hash == bindparam("hash")))
_USE = Statement(
    update(_c)
    .where(_c.c.world == bindparam("in_world"), _c.c.hash == bindparam("in_hash"))
    .values(session_id=bindparam("session_id"))
)
_FORGET = Statement(
    delete(_c).where(_c.c.world == bindparam("in_world"), _c.c.expires_at <= bindparam("before"))
)


def add(change: Change, code: dict[str, Any]) -> None:
    """Store a new code, given column by column."""
    change.sql.run(_ADD, world=change.world.id, session_id=None, **code)


def find(sql: Sql, digest: str) -> Row[Any] | None:
    """The code of that hash, in whichever world."""
    row: Row[Any] | None = sql.first(_FIND, hash=digest)
    return row


def use(change: Change, digest: str, session_id: str) -> None:
    """Note the session that a code has opened."""
    change.sql.run(_USE, in_world=change.world.id, in_hash=digest, session_id=session_id)


def forget(change: Change, before: str) -> None:
    """Drop codes that expired before that moment."""
    change.sql.run(_FORGET, in_world=change.world.id, before=before)
