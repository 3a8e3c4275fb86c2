"""Worlds: an organization with its clock, its numbering, its random seed and its event log.

Every credential belongs to one world; nothing in one is visible from another.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import bindparam, insert, select

from coordinaitor_sdk.server.clock import Clock, WorldClock, moment_of, stamp
from coordinaitor_sdk.server.schemas.scenario import Scenario
from coordinaitor_sdk.server.store import settings, tables
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

CLOCK = "clock"
"""The name of the setting that says how a world's clock stands or goes."""

WORK = "work"
"""The name of the setting that says how a world's agents work, where it differs from the server's way."""

Agents: TypeAlias = Literal["simulate", "manual", "off"]
"""Whether simulated agents work: by themselves, moved by calls of the control API, or not at all."""

_WORLDS = Statement(select(tables.worlds).order_by(tables.worlds.c.world))
_ADD_WORLD = Statement(
    insert(tables.worlds).values({column.name: bindparam(column.name) for column in tables.worlds.c})
)
_ADD_SEQUENCE = Statement(
    insert(tables.sequences).values({column.name: bindparam(column.name) for column in tables.sequences.c})
)


@dataclass(frozen=True, slots=True)
class Work:
    """How the simulated agents of a world work.

    Attributes:
        pace: how many times faster than real time.
        keep_hours: whether they keep to their working hours.
        failure_rate: the share of tasks that fail on the way, from 0 to 1.
        scenario: which tasks do what it says instead.
    """

    agents: Agents = "simulate"
    pace: float = 1.0
    keep_hours: bool = True
    failure_rate: float = 0.0
    scenario: Scenario | None = None


@dataclass(slots=True)
class World:
    """An organization and what is its own.

    Attributes:
        seed: what every random choice in this world is derived from.
        epoch: names the run of the event log; another epoch is another history.
        work: how its simulated agents work.
        log_length: how many of the newest events are kept.
        requests: how many were made of it since the start of the server; see `request_id`.
        is_gone: whether it was deleted: nothing can be changed in it any more.
    """

    id: str
    name: str
    seed: int
    epoch: str
    is_default: bool
    clock: Clock = field(default_factory=WorldClock)
    work: Work = field(default_factory=Work)
    log_length: int = 100_000
    requests: int = 0
    is_gone: bool = False

    @property
    def pace(self) -> float:
        """How many times faster than real time its agents work."""
        return self.work.pace

    @property
    def keep_hours(self) -> bool:
        """Whether its agents keep to their working hours."""
        return self.work.keep_hours

    @property
    def repeats(self) -> bool:
        """Whether the same requests give the same in every run: its clock moves by control calls alone."""
        return isinstance(self.clock, WorldClock) and self.clock.is_frozen

    def request_id(self) -> str | None:
        """An id for the next request, the same in every run; None where others would do as well."""
        if not self.repeats:
            return None
        self.requests += 1
        return f"req-{_digest(self.seed, self.epoch, stamp(self.clock.now()), self.requests)}"

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

    def add(self, world: World) -> None:
        """From now on there is one more."""
        self._by_id[world.id] = world

    def remove(self, world: World) -> None:
        """No longer; a credential of it leads nowhere. The default world must stay."""
        self._by_id.pop(world.id, None)


def load_worlds(sql: Sql, *, work: Work, log_length: int) -> list[World]:
    """The stored worlds, each with its clock and its way of work.

    Parameters:
        work: how agents work where a world has no way of its own; the scenario is that of the default one.
    """
    clocks, ways = settings.settings_of(sql, CLOCK), settings.settings_of(sql, WORK)
    return [
        World(
            row.world,
            row.name,
            row.seed,
            row.epoch,
            bool(row.is_default),
            _clock(clocks.get(row.world)),
            work=work_of(work if row.is_default else replace(work, scenario=None), ways.get(row.world)),
            log_length=log_length,
        )
        for row in sql.all(_WORLDS)
    ]


def work_of(usual: Work, stored: str | None) -> Work:
    """The usual way of work, but for what is stored of a world's own."""
    if stored is None:
        return usual
    own: dict[str, Any] = json.loads(stored)
    if (scenario := own.get("scenario")) is not None:
        own["scenario"] = Scenario.model_validate(scenario)
    return replace(usual, **own)


def stored_work(work: Work) -> str:
    """A way of work in the form in which it is stored."""
    scenario = None if work.scenario is None else work.scenario.model_dump(mode="json", exclude_none=True)
    return json.dumps(asdict(replace(work, scenario=None)) | {"scenario": scenario})


def keep_clock(sql: Sql, world_id: str, clock: WorldClock) -> None:
    """Store how a clock stands or goes, so that a later start goes on with it."""
    kept = {
        "frozen": stamp(clock.now()) if clock.is_frozen else None,
        "ahead": clock.ahead.total_seconds(),
    }
    settings.set_setting(sql, CLOCK, json.dumps(kept), world_id)


def _clock(stored: str | None) -> WorldClock:
    if stored is None:
        return WorldClock()
    kept = json.loads(stored)
    frozen = None if kept["frozen"] is None else moment_of(kept["frozen"])
    return WorldClock(frozen, timedelta(seconds=kept["ahead"]))


def add_world(sql: Sql, world: World, created_at: str) -> None:
    """Store a new world and start its numbering."""
    add_world_row(sql, world, created_at)
    first = {name: 1 if name in COUNTED_FROM_ONE else FIRST_NUMBER for name in SEQUENCES}
    add_sequences(sql, world.id, {name: number - 1 for name, number in first.items()})


def add_world_row(sql: Sql, world: World, created_at: str) -> None:
    """Store a new world whose numbering is stored otherwise."""
    sql.run(
        _ADD_WORLD,
        world=world.id,
        name=world.name,
        seed=world.seed,
        epoch=world.epoch,
        created_at=created_at,
        is_default=int(world.is_default),
    )


def add_sequences(sql: Sql, world_id: str, values: Mapping[str, int]) -> None:
    """Store sequences, each with the number that it has come to."""
    rows = [{"world": world_id, "name": name, "value": value} for name, value in values.items()]
    sql.insert_many(_ADD_SEQUENCE, rows)


def add_server_sequences(sql: Sql) -> None:
    """Start the numbering that all worlds of a database share (rows of the full-text index)."""
    sql.run(_ADD_SEQUENCE, world=tables.SERVER_WIDE, name="search", value=0)


def new_epoch() -> str:
    """A name for a new run of an event log."""
    return secrets.token_hex(8)


def epoch_of(clock: WorldClock, *before: object) -> str:
    """A name for a run of an event log that follows from what was `before`, if its clock stands."""
    return _digest(*before, stamp(clock.now())) if clock.is_frozen else new_epoch()


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
