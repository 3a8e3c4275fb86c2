"""The stored totals are those of the rows, however the rows come and go."""

from __future__ import annotations

import asyncio
import json

import pytest

from coordinaitor_sdk.server.changes.tasks import create_task, delete_task, update_task
from coordinaitor_sdk.server.seeds.start import Start, start_data
from coordinaitor_sdk.server.store import task_counts, task_list, world_copy, world_rows
from coordinaitor_sdk.server.store.engine import connect, open_engine
from coordinaitor_sdk.server.store.schema import prepare
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.store.task_list import TaskFilter, page_of
from coordinaitor_sdk.server.worlds import Work, load_worlds


def assert_counted(sql):
    """What is stored is what counting tells."""
    connection = sql._connection
    stored = connection.exec_driver_sql("SELECT * FROM task_counts ORDER BY 1, 2, 3").fetchall()
    counted = connection.exec_driver_sql(
        "SELECT world, 'status', status, count(*) FROM tasks GROUP BY 1, 3 "
        "UNION ALL SELECT world, 'tag', tag, count(*) FROM task_tags GROUP BY 1, 3 ORDER BY 1, 2, 3"
    ).fetchall()
    assert stored == counted


def created(change, **given):
    """A task with these fields."""
    given = {"title": "Look", "priority": 2} | given
    return create_task(change, "user-123", given | {"tags": json.dumps(given.get("tags", []))})


def test_tasks_that_come_change_and_go_are_counted(opened):
    """Status and tags, also where a change is taken back, and where a world's rows are deleted."""

    def fails(change):
        created(change, tags=["a"])
        raise ValueError

    async def run():
        async with opened() as it:
            sql, world = it.store.read, it.world.id
            assert_counted(sql)
            before = task_counts.of_world(sql, world)
            one = await it.store.write(it.world, lambda change: created(change, tags=["a", "b"]))
            await it.store.write(it.world, lambda change: created(change, tags=["a"]))
            assert (task_counts.with_tag(sql, world, "a"), task_counts.of_world(sql, world)) == (
                2,
                before + 2,
            )
            given = {"status": "cancelled", "tags": '["b", "c"]'}
            await it.store.write(it.world, lambda change: update_task(change, "user-123", one.id, given))
            assert_counted(sql)
            assert [task_counts.with_tag(sql, world, tag) for tag in "abc"] == [1, 1, 1]
            await it.store.write(it.world, lambda change: delete_task(change, "user-123", one.id, None))
            with pytest.raises(ValueError):
                await it.store.write(it.world, fails)
            assert_counted(sql)
            await it.store.write(it.world, lambda change: world_rows.drop(change.sql, world))
            assert_counted(sql)
            assert task_counts.of_world(sql, world) == 0

    asyncio.run(run())


@pytest.mark.parametrize("query", ["kiss", "KISS", "ki%s", "a_b", "kiss off", "ünder", "kiss un"])
def test_search_is_counted_and_met_within_the_world(opened, monkeypatch, query):
    """Whichever way is taken, the same tasks are found, and none of another world or of a snapshot."""
    titles = ("A kiss", "\u212ai\u017fs off", "kisS off under", "ki%s a_b", "kixs aXb", "ÜNDER", "none")

    def fill(change):
        for number in range(21):
            created(change, title=titles[number % 7], description=f"Number {number}")

    async def run():
        async with opened() as it:
            sql, wanted = it.store.read, TaskFilter(search=query)
            for world in load_worlds(sql, work=Work(), log_length=1_000):
                await it.store.write(world, fill)
                await it.store.write(world, lambda change: world_copy.keep(change, f"of {change.world.id}"))
            found = []
            for few, cost in ((1_000, 10**9), (0, 10**9), (0, 0), (1_000, 0)):
                monkeypatch.setattr(task_list, "FEW", few)
                monkeypatch.setattr(task_list, "READ_COST", cost)
                found.append(page_of(sql, it.world.id, wanted, limit=20, offset=0))
            assert all(each == found[0] for each in found)
            assert found[0][1] == len(found[0][0]) > 0

    asyncio.run(run())


def test_older_database_is_counted_by_its_migration(tmp_path):
    """What was written before there were stored totals is in them too."""
    path = tmp_path / "old.db"
    engine = open_engine(path)
    prepare(engine, path)
    start_data(engine, Start("demo", None, "a password", loopback=True, work=Work(), log_length=1_000))
    with connect(engine) as connection:
        for table in ("tasks", "task_tags"):
            for name in ("in", "out", "over"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_counted_{name}")
        connection.exec_driver_sql("DROP TABLE task_counts")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    prepare(engine, path)
    with connect(engine) as connection:
        sql = Sql(connection)
        assert_counted(sql)
        assert task_counts.of_world(sql, "org-123") > 0
        connection.exec_driver_sql("DELETE FROM tasks WHERE world = 'org-123'")
        assert task_counts.of_world(sql, "org-123") == 0
        assert_counted(sql)
