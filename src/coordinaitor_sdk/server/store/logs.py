"""The system's log: queries and row statements. No two entries of a world have the same moment, so that the
last one's continues the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Integer, bindparam, delete, func, insert, select

from coordinaitor_sdk.server.clock import moment_of, stamp
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

Level = Literal["error", "warn", "info", "debug"]
Service = Literal["api", "auth", "agents", "webhooks", "scheduler", "database"]

KEPT: Final = 10_000
"""Entries that are kept in each world, at least."""

_TRIM_EVERY: Final = 500
_STEP: Final = timedelta(milliseconds=1)

_l = tables.logs
_ADD = Statement(insert(_l).values({column.name: bindparam(column.name) for column in _l.c}))
_LAST = Statement(select(func.max(_l.c.at)).where(_l.c.world == bindparam("world")))
_TRIM = Statement(delete(_l).where(_l.c.world == bindparam("world"), _l.c.id <= bindparam("upto")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what happened, where and when; `request_id` where a request made it happen."""

    at: str
    level: Level
    service: Service
    message: str
    request_id: str | None = None


def log(change: Change, level: Level, service: Service, message: str) -> None:
    """Write a line with the change that it tells of."""
    add(change, [Entry(change.stamp, level, service, message)])


def add(change: Change, entries: Sequence[Entry]) -> None:
    """Store entries in the order given; one at a moment that is taken moves on to the next."""
    world = change.world.id
    last: str = change.sql.value(_LAST, world=world) or ""
    number = change.next_number("log", by=len(entries)) - len(entries)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        number += 1
        last = entry.at if entry.at > last else stamp(moment_of(last) + _STEP)
        rows.append(
            {
                "world": world,
                "id": number,
                "at": last,
                "level": entry.level,
                "service": entry.service,
                "message": entry.message,
                "request_id": entry.request_id,
            }
        )
    change.sql.insert_many(_ADD, rows)
    if number % _TRIM_EVERY < len(entries):
        change.sql.run(_TRIM, world=world, upto=number - KEPT)


def read(
    sql: Sql, world: str, *, level: Level | None, service: Service | None, since: str | None, limit: int
) -> list[dict[str, Any]]:
    """Entries as they are sent, oldest first: with `since` the first after that moment, else the newest."""
    given = {"level": level, "service": service, "since": since}
    values = {name: value for name, value in given.items() if value is not None}
    rows = sql.all(_statement(frozenset(values)), world=world, limit=limit, **values)
    return [_wire(row) for row in (rows if since is not None else reversed(rows))]


def _wire(row: Any) -> dict[str, Any]:
    return {
        "id": f"log-{row.id}",
        "timestamp": row.at,
        "level": row.level,
        "service": row.service,
        "message": row.message,
        "requestId": row.request_id,
    }


@cache
def _statement(given: frozenset[str]) -> Statement:
    wanted = select(*_l.c).where(_l.c.world == bindparam("world"))
    for name in ("level", "service"):
        if name in given:
            wanted = wanted.where(_l.c[name] == bindparam(name))
    if "since" in given:
        wanted = wanted.where(_l.c.at > bindparam("since")).order_by(_l.c.at)
    else:
        wanted = wanted.order_by(_l.c.at.desc())
    return Statement(wanted.limit(bindparam("limit", type_=Integer)))
