"""Webhooks and their deliveries: queries and row statements.

A delivery with neither `next_at` nor `ended_at` is to be attempted now; one with `next_at` waits for the due
work that is stored with it.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Integer, bindparam, delete, insert, literal, select, update

from coordinaitor_sdk.server.domain.webhooks import Delivery, Receiver
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

KEPT = 1_000
"""Ended deliveries that are kept in each world, at least."""

_w = tables.webhooks
_d = tables.webhook_deliveries
_ADD = Statement(insert(_w).values({column.name: bindparam(column.name) for column in _w.c}))
_LOAD = Statement(select(*_w.c).where(_w.c.world == bindparam("world"), _w.c.id == bindparam("id")))
_ACTIVE = Statement(
    select(_w.c.id, _w.c.events).where(_w.c.world == bindparam("world"), _w.c.active == literal(1))
)
_ADD_DELIVERY = Statement(insert(_d).values({column.name: bindparam(column.name) for column in _d.c}))
_ready = (_d.c.world == bindparam("world"), _d.c.ended_at.is_(None), _d.c.next_at.is_(None))
_WAITING_HOOKS = Statement(select(_d.c.webhook_id).where(*_ready).distinct())
_READY = Statement(
    select(*_d.c)
    .where(*_ready, _d.c.webhook_id == bindparam("webhook_id"))
    .order_by(_d.c.created_at, _d.c.id)
    .limit(bindparam("most", type_=Integer))
)
_one = (_d.c.world == bindparam("in_world"), _d.c.id == bindparam("in_id"))
_noted = ("attempts", "next_at", "last_status", "last_error", "ended_at")
_NOTE = Statement(
    update(_d).where(*_one, _d.c.ended_at.is_(None)).values({name: bindparam(name) for name in _noted})
)
_RELEASE = Statement(update(_d).where(*_one, _d.c.ended_at.is_(None)).values(next_at=None))
_PRUNE = Statement(
    delete(_d).where(
        _d.c.world == bindparam("in_world"),
        _d.c.ended_at.is_not(None),
        _d.c.ended_at
        < select(_d.c.ended_at)
        .where(_d.c.world == bindparam("of_world"), _d.c.ended_at.is_not(None))
        .order_by(_d.c.ended_at.desc())
        .limit(1)
        .offset(bindparam("kept", type_=Integer))
        .scalar_subquery(),
    )
)


def add(change: Change, webhook: dict[str, Any]) -> None:
    """Store a new webhook, given column by column."""
    change.sql.run(_ADD, world=change.world.id, **webhook)


def receiver(sql: Sql, world: str, webhook_id: str) -> Receiver | None:
    """Where the webhook of that id delivers to; None when it is gone."""
    row = sql.first(_LOAD, world=world, id=webhook_id)
    return None if row is None else Receiver(row.url, row.secret, json.loads(row.headers))


def subscribed(sql: Sql, world: str, event: str) -> list[str]:
    """The ids of the active webhooks that want this event."""
    return [row.id for row in sql.all(_ACTIVE, world=world) if event in json.loads(row.events)]


def add_delivery(change: Change, webhook_id: str, event: str, body: str) -> None:
    """Store a delivery that is to be attempted at once."""
    change.sql.run(
        _ADD_DELIVERY,
        world=change.world.id,
        id=change.new_id("delivery"),
        webhook_id=webhook_id,
        event=event,
        body=body,
        attempts=0,
        next_at=None,
        last_status=None,
        last_error=None,
        created_at=change.stamp,
        ended_at=None,
    )
    change.wakes_deliverer = True


def waiting_hooks(sql: Sql, world: str) -> list[str]:
    """The ids of the webhooks with deliveries to be attempted now."""
    return [row.webhook_id for row in sql.all(_WAITING_HOOKS, world=world)]


def ready(sql: Sql, world: str, webhook_id: str, most: int) -> list[Delivery]:
    """A webhook's deliveries to be attempted now, oldest first."""
    rows = sql.all(_READY, world=world, webhook_id=webhook_id, most=most)
    return [Delivery(row.id, row.webhook_id, row.event, row.body, row.attempts) for row in rows]


def note_attempt(
    change: Change,
    delivery_id: str,
    *,
    attempts: int,
    status: int | None,
    error: str | None,
    next_at: str | None,
) -> None:
    """Store how an attempt ended; without a `next_at` it was the last."""
    change.sql.run(
        _NOTE,
        in_world=change.world.id,
        in_id=delivery_id,
        attempts=attempts,
        next_at=next_at,
        last_status=status,
        last_error=error,
        ended_at=change.stamp if next_at is None else None,
    )


def release(change: Change, delivery_id: str) -> None:
    """A delivery's wait is over: it is to be attempted now."""
    change.sql.run(_RELEASE, in_world=change.world.id, in_id=delivery_id)
    change.wakes_deliverer = True


def prune(change: Change) -> None:
    """Forget ended deliveries beyond the newest."""
    world = change.world.id
    change.sql.run(_PRUNE, in_world=world, of_world=world, kept=KEPT)
