"""Worlds: an organization with its clock, its numbering, its random seed and its event log.

Every credential belongs to one world; nothing in one is visible from another.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import bindparam, insert, select

from coordinaitor_sdk.server.clock import Clock, SystemClock
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

SEQUENCES = (
    "task",
    "comment",
    "history",
    "file",
    "proj",
    "agent",
    "user",
    "notification",
    "session",
    "key",
    "webhook",
    "delivery",
    "event",
    "due",
    "log",
)
COUNTED_FROM_ONE = ("event", "due", "log")
FIRST_NUMBER = 1001
"""Ids count from here: the ids of the API document lie below."""

_WORLDS = Statement(select(tables.worlds).order_by(tables.worlds.c.world))
_ADD_WORLD = Statement(
    insert(tables.worlds).values({column.name: bindparam(column.name) for column in tables.worlds.c})
)
_ADD_SEQUENCE = Statement(
    insert(tables.sequences).values({column.name: bindparam(column.name) for column in tables.sequences.c})
)


@dataclass(slots=True)
class World:
    """An organization and what is its own.

    Attributes:
        seed: what every random choice in this world is derived from.
        epoch: names the run of the event log; another epoch is another history.
        pace: how many times faster than real time its simulated agents work.
        log_length: how many of the newest events are kept.
        keep_hours: whether its simulated agents keep to their working hours.
    """

    id: str
    name: str
    seed: int
    epoch: str
    is_default: bool
    clock: Clock = field(default_factory=SystemClock)
    pace: float = 1.0
    log_length: int = 100_000
    keep_hours: bool = True

    @property
    def trim_every(self) -> int:
        """Trim the log once in this many events, so that it costs nothing noticeable."""
        return max(1, min(1_000, self.log_length // 10))

    def random(self, *purpose: object) -> random.Random:
        """A generator for one purpose: the same in every run, whatever else was drawn, also after a
        restart.
        """
        return random.Random(f"{self.seed}:{':'.join(map(str, purpose))}")  # noqa: S311 - simulation, not secrets


class Worlds:
    """The worlds of an open database."""

    def __init__(self, worlds: Iterable[World]) -> None:
        self._by_id = {world.id: world for world in worlds}
        self.default: World = next(world for world in self._by_id.values() if world.is_default)

    def get(self, world_id: str) -> World | None:
        """The world of that id."""
        return self._by_id.get(world_id)

    def all(self) -> list[World]:
        """Every world."""
        return list(self._by_id.values())


def load_worlds(sql: Sql, *, pace: float, log_length: int, keep_hours: bool) -> list[World]:
    """The stored worlds, each with the system's clock."""
    return [
        World(
            row.world,
            row.name,
            row.seed,
            row.epoch,
            bool(row.is_default),
            pace=pace,
            log_length=log_length,
            keep_hours=keep_hours,
        )
        for row in sql.all(_WORLDS)
    ]


def add_world(sql: Sql, world: World, created_at: str) -> None:
    """Store a new world and start its numbering."""
    sql.run(
        _ADD_WORLD,
        world=world.id,
        name=world.name,
        seed=world.seed,
        epoch=world.epoch,
        created_at=created_at,
        is_default=int(world.is_default),
    )
    for name in SEQUENCES:
        first = 1 if name in COUNTED_FROM_ONE else FIRST_NUMBER
        sql.run(_ADD_SEQUENCE, world=world.id, name=name, value=first - 1)


def add_server_sequences(sql: Sql) -> None:
    """Start the numbering that all worlds of a database share (rows of the full-text index)."""
    sql.run(_ADD_SEQUENCE, world=tables.SERVER_WIDE, name="search", value=0)


def new_epoch() -> str:
    """A name for a new run of an event log."""
    return secrets.token_hex(8)
