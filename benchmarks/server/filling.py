"""Databases of the reference server with as many tasks as wanted, written through its store."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.states import PRIORITY_NAME
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.seeds.start import Start, start_data
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import connect, open_engine
from coordinaitor_sdk.server.store.schema import prepare
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.wire import dumps

if TYPE_CHECKING:
    from pathlib import Path

    from coordinaitor_sdk.server.store.tables import Table

KEY: Final = "ak_benchmarks"
SEEDED: Final = 5
"""Tasks of the demo data, which are in each of these databases."""

FREQUENT_WORD: Final = "review"
RARE_WORD: Final = "zephyr"
FREQUENT_TAG: Final = "tag-0"
RARE_TAG: Final = "rare"

_STATUSES: Final = (("completed", 45), ("pending", 20), ("active", 15), ("failed", 10), ("cancelled", 10))
_PRIORITIES: Final = tuple(PRIORITY_NAME)
_PROJECTS: Final = ("proj-123", "proj-456", "proj-789", None)
_AGENTS: Final = ("agent-123", "agent-456", "agent-789", None)
_SYLLABLES: Final = ("ka", "lor", "min", "tes", "vu", "dra", "pel", "on", "shi", "gar", "bel", "ux")
_EVERY_RARE: Final = 5_000
_SPAN: Final = timedelta(days=365)


def fill(path: Path, count: int) -> None:
    """Make a database in which the demo data's first organization has `count` tasks."""
    engine = open_engine(path)
    prepare(engine, path)
    start = Start(seed="demo", api_key=KEY, admin_password=None, loopback=True, log_length=100_000)
    started = start_data(engine, start)
    world = next(each for each in started.worlds if each.is_default)
    sql = Sql(connect(engine))
    for pragma in ("cache_size = -400000", "synchronous = OFF"):
        sql.text(f"PRAGMA {pragma}")
    with sql.transaction():
        _add_tasks(Change(sql, world), count - SEEDED)
    sql.text("PRAGMA wal_checkpoint(TRUNCATE)")
    sql.close()
    engine.dispose()


def _add_tasks(change: Change, count: int) -> None:
    rng = random.Random(7)
    last = change.next_number("task", by=count)
    last_search = change.next_number("search", tables.SERVER_WIDE, by=count)
    words = [f"{a}{b}{c}" for a in _SYLLABLES for b in _SYLLABLES for c in ("", "na", "ri")]
    rows: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for number in range(count):
        tagged = _tags(rng, number)
        place = count - 1 - number
        about = {"id": f"task-{last - place}", "search_id": last_search - place, "tags": dumps(tagged)}
        rows.append(_task(change, rng, place / count) | _words(rng, number, words) | about)
        world = change.world.id
        tags += [{"world": world, "tag": tag, "task_id": about["id"]} for tag in tagged]
    change.sql.insert_many(_insert(tables.tasks), rows)
    change.sql.insert_many(_insert(tables.task_tags), sorted(tags, key=lambda row: row["tag"]))
    change.sql.text("INSERT INTO task_search (task_search) VALUES ('rebuild')")


def _task(change: Change, rng: random.Random, age: float) -> dict[str, Any]:
    created = change.now - _SPAN * age - timedelta(minutes=1)
    updated = created + (change.now - created) * rng.random()
    (status,) = rng.choices([name for name, _ in _STATUSES], [weight for _, weight in _STATUSES])
    values: dict[str, Any] = dict.fromkeys(TaskRow._fields)
    return values | {
        "world": change.world.id,
        "status": status,
        "priority": rng.choice(_PRIORITIES),
        "project_id": rng.choice(_PROJECTS),
        "agent_id": rng.choice(_AGENTS),
        "estimated_hours": float(rng.randrange(1, 40)),
        "actual_hours": 0.0,
        "progress": 1.0 if status == "completed" else 0.0,
        "due_date": stamp(created + _SPAN * rng.random()) if rng.random() < 0.5 else None,
        "created_at": stamp(created),
        "updated_at": stamp(updated),
        "created_by": "user-123",
        "requirements": '["It works","It is tested"]',
        "acceptance_criteria": '["All tests pass"]',
        "completed_at": stamp(updated) if status == "completed" else None,
        "version": 2,
        "workable": 0,
    }


def _words(rng: random.Random, number: int, words: list[str]) -> dict[str, str]:
    description = rng.choices(words, k=12)
    if rng.random() < 0.3:
        description[3] = FREQUENT_WORD
    if number % _EVERY_RARE == _EVERY_RARE // 2:
        description[7] = RARE_WORD
    return {"title": " ".join(rng.choices(words, k=4)), "description": " ".join(description)}


def _tags(rng: random.Random, number: int) -> list[str]:
    """One that every fifth task has, one that few have, and some in between."""
    tags = {f"tag-{1 + int(40 * rng.random() ** 2)}" for _ in range(rng.randrange(4))}
    if number % 5 == 0:
        tags.add(FREQUENT_TAG)
    if number % _EVERY_RARE == 0:
        tags.add(RARE_TAG)
    return sorted(tags)


def _insert(table: Table) -> Statement:
    return Statement(insert(table).values({column.name: bindparam(column.name) for column in table.c}))
