"""What was answered to requests with an idempotency key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Statement

_i = tables.idempotency
_in_world = _i.c.world == bindparam("world")
_LOAD = Statement(
    select(_i.c.fingerprint, _i.c.status, _i.c.data).where(
        _in_world, _i.c.principal == bindparam("principal"), _i.c.key == bindparam("key")
    )
)
_ADD = Statement(insert(_i).values({column.name: bindparam(column.name) for column in _i.c}))
_FORGET = Statement(delete(_i).where(_in_world, _i.c.created_at <= bindparam("before")))


def load(change: Change, principal: str, key: str) -> Row[Any] | None:
    """What was answered: fingerprint, status and data."""
    row: Row[Any] | None = change.sql.first(_LOAD, world=change.world.id, principal=principal, key=key)
    return row


def add(change: Change, principal: str, key: str, fingerprint: str, status: int, data: str) -> None:
    """Store what is answered."""
    change.sql.run(
        _ADD,
        world=change.world.id,
        principal=principal,
        key=key,
        fingerprint=fingerprint,
        status=status,
        data=data,
        created_at=change.stamp,
    )


def forget(change: Change, *, before: str) -> None:
    """Delete what was answered up to that moment."""
    change.sql.run(_FORGET, world=change.world.id, before=before)
