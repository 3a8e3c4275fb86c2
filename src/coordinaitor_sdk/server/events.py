"""The event log: rows written with the change that they tell of, read by `/ws` (DESIGN: realtime protocol).

The numbers of a world's events are contiguous. The log keeps the newest `World.log_length` of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.webhooks.outbox import enqueue
from coordinaitor_sdk.server.worlds import World

SEQUENCE = "event"

_log = tables.events
_INSERT = Statement(insert(_log).values({column.name: bindparam(column.name) for column in _log.c}))
_TRIM = Statement(delete(_log).where(_log.c.world == bindparam("world"), _log.c.seq <= bindparam("seq")))
_OLDEST = Statement(select(func.min(_log.c.seq)).where(_log.c.world == bindparam("world")))
_LATEST = Statement(
    select(tables.sequences.c.value).where(
        tables.sequences.c.world == bindparam("world"), tables.sequences.c.name == SEQUENCE
    )
)
_LATEST_OF_ALL = Statement(
    select(tables.sequences.c.world, tables.sequences.c.value).where(tables.sequences.c.name == SEQUENCE)
)
_columns = [_log.c[name] for name in ("seq", "name", "channel", "subject", "filter_keys", "data", "at")]
_window = (
    select(*_columns)
    .where(
        _log.c.world == bindparam("world"), _log.c.seq > bindparam("after"), _log.c.seq <= bindparam("upto")
    )
    .order_by(_log.c.seq)
    .limit(bindparam("most"))
)
_ALL = Statement(_window)
_OF_CHANNEL = Statement(_window.where(_log.c.channel == bindparam("channel")))
_OF_SUBJECT = Statement(
    _window.where(_log.c.channel == bindparam("channel"), _log.c.subject == bindparam("subject"))
)


@dataclass(slots=True)
class Event:
    """One entry of the log.

    Attributes:
        keys: what subscriptions filter on, as it is after the change.
        data: the JSON text of the object concerned.
        at: when, as the server writes times.
    """

    world: str
    epoch: str
    seq: int
    name: str
    channel: str
    subject: str
    keys: Mapping[str, str | None]
    data: str
    at: str
    _frame: str = field(default="", repr=False)

    @property
    def frame(self) -> str:
        """The push, serialized once, however many sockets get it."""
        if not self._frame:
            self._frame = (
                f'{{"type":"{self.name}","data":{self.data},"seq":{self.seq},'
                f'"epoch":"{self.epoch}","timestamp":"{self.at}"}}'
            )
        return self._frame


def emit(
    change: Change, name: str, *, channel: str, subject: str, keys: Mapping[str, str | None], data: str
) -> None:
    """Append an event to the log of the change's world; it is pushed, and delivered to webhooks, after the
    commit.
    """
    world = change.world
    seq = change.next_number(SEQUENCE)
    change.sql.run(
        _INSERT,
        world=world.id,
        seq=seq,
        name=name,
        channel=channel,
        subject=subject,
        filter_keys=json.dumps(keys),
        data=data,
        at=change.stamp,
    )
    if seq % world.trim_every == 0:
        change.sql.run(_TRIM, world=world.id, seq=seq - world.log_length)
    enqueue(change, name, data)
    change.events.append(Event(world.id, world.epoch, seq, name, channel, subject, keys, data, change.stamp))


def latest_seq(sql: Sql, world: World) -> int:
    """The number of the newest event; 0 when there was none yet."""
    return int(sql.value(_LATEST, world=world.id) or 0)


def latest_seqs(sql: Sql) -> list[tuple[str, int]]:
    """Every world, and the number of its newest event."""
    return [(row.world, row.value) for row in sql.all(_LATEST_OF_ALL)]


def oldest_seq(sql: Sql, world: World) -> int | None:
    """The number of the oldest event still in the log."""
    value = sql.value(_OLDEST, world=world.id)
    return None if value is None else int(value)


def read_log(
    sql: Sql,
    world: World,
    *,
    after: int,
    upto: int,
    most: int,
    channel: str | None = None,
    subject: str | None = None,
) -> list[Event]:
    """Up to `most` events with `after < seq <= upto`, in order, of one channel and one subject if named."""
    given: dict[str, Any] = {"world": world.id, "after": after, "upto": upto, "most": most}
    if channel is None:
        rows = sql.all(_ALL, **given)
    elif subject is None:
        rows = sql.all(_OF_CHANNEL, channel=channel, **given)
    else:
        rows = sql.all(_OF_SUBJECT, channel=channel, subject=subject, **given)
    return [_event(world, row) for row in rows]


def _event(world: World, row: Sequence[Any]) -> Event:
    seq, name, channel, subject, keys, data, at = row
    return Event(world.id, world.epoch, seq, name, channel, subject, json.loads(keys), data, at)
