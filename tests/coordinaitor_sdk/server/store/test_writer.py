"""The writer thread: group commit, savepoints, and what happens when the database refuses."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlalchemy import Connection

from coordinaitor_sdk.server.changes.tasks import create_task
from coordinaitor_sdk.server.errors import UnavailableError
from coordinaitor_sdk.server.store import tasks
from coordinaitor_sdk.server.store.sql import Sql


def creation(title):
    """A change that creates a task."""
    return lambda change: create_task(change, "user-123", {"title": title})


def test_waiting_changes_share_a_commit_and_a_failing_one_spoils_no_other(opened, monkeypatch):
    """A hundred changes at once take a few transactions; the failing ones take back what they did, and
    only that.
    """
    commits = []
    plain = Sql.text

    def counted(sql, text):
        commits.extend([1] if text == "COMMIT" else [])
        plain(sql, text)

    def failing(change):
        create_task(change, "user-123", {"title": "Never"})
        raise ValueError("on purpose")

    async def run():
        async with opened(seed="empty") as it:
            monkeypatch.setattr(Sql, "text", counted)
            changes = [failing if number % 10 == 5 else creation(str(number)) for number in range(100)]
            found = await asyncio.gather(*(it.write(one) for one in changes), return_exceptions=True)
            monkeypatch.setattr(Sql, "text", plain)
            assert [number for number, one in enumerate(found) if isinstance(one, ValueError)] == [
                *range(5, 100, 10)
            ]
            made = [one for one in found if not isinstance(one, ValueError)]
            # Numbers of changes that were taken back are used again: ids and events have no gaps.
            assert [one.id for one in made] == [f"task-{1001 + number}" for number in range(90)]
            assert [event.seq for event in it.events] == list(range(1, 181))
            assert all(tasks.load(it.store.read, it.world.id, one.id) for one in made)
            assert len(commits) < 20

    asyncio.run(run())


def test_refusing_database_is_unavailable_and_changes_nothing(opened, tmp_path):
    """While another program holds the database, changes are refused with 503; afterwards they work again."""

    async def run():
        async with opened(seed="empty") as it:
            await it.write(lambda change: change.sql.text("PRAGMA busy_timeout = 50"))
            other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnavailableError):
                await it.write(creation("Refused"))
            other.execute("ROLLBACK")
            other.close()
            assert (await it.write(creation("Taken"))).id == "task-1001"
            assert [event.name for event in it.events] == ["task.updated", "task.created"]

    asyncio.run(run())


def test_closing_commits_what_waits(opened):
    """Changes that were submitted before the end are written before it."""

    async def run():
        async with opened(seed="empty") as it:
            waiting = [asyncio.ensure_future(it.write(creation(str(number)))) for number in range(50)]
            await asyncio.sleep(0)
        assert len([one for one in waiting if one.result().id]) == 50

    asyncio.run(run())


def test_sequences_are_read_and_written_once_a_transaction(opened, monkeypatch):
    """However many changes share it; what they were numbered is stored with them."""
    asked = []
    plain = Connection.exec_driver_sql

    def counted(connection, text, *given):
        asked.extend([text] if "sequences" in text else [])
        return plain(connection, text, *given)

    async def run():
        async with opened(seed="empty") as it:
            monkeypatch.setattr(Connection, "exec_driver_sql", counted)
            await asyncio.gather(*(it.write(creation(str(number))) for number in range(64)))
            monkeypatch.setattr(Connection, "exec_driver_sql", plain)
            assert len(asked) < 64
            assert (await it.write(creation("next"))).id == "task-1065"

    asyncio.run(run())


def test_sequences_whose_rows_were_replaced_are_read_anew(opened):
    """A world that is put back numbers from its beginning, whatever was numbered in the same transaction."""

    def replace(change):
        change.next_number("task")
        change.sql.text("UPDATE sequences SET value = 7000 WHERE world = 'org-456'")
        change.forget_numbers()

    async def run():
        async with opened(seed="empty") as it:
            beside = [it.write(creation("before")), it.write(replace), it.write(creation("after"))]
            made = await asyncio.gather(*beside)
            assert made[2].id == "task-7001"
            assert (await it.write(creation("next"))).id == "task-7002"

    asyncio.run(run())
