"""Due work on a clock that the test moves."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from coordinaitor_sdk.server.changes.tasks import create_task
from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.scheduler import Scheduler, is_scheduled, schedule, unschedule
from coordinaitor_sdk.server.simulator import HANDLERS
from coordinaitor_sdk.server.store import tasks


def test_due_work_is_done_in_order_and_not_before_its_time(opened):
    """By due time, then in the order of storing; what a piece of work makes due is taken in its place."""
    done = []

    def note(change, due):
        done.append(due.subject)
        if due.subject == "first":
            schedule(change, "note", after=0, subject="made by the first")

    async def run():
        async with opened(seed="empty") as it:
            scheduler = Scheduler(it.store, it.worlds, {"note": note})

            def plan(change):
                for after, subject in ((5, "third"), (1, "first"), (1, "second"), (9, "fourth")):
                    schedule(change, "note", after=after, subject=subject)
                schedule(change, "of another kind", after=0)

            await it.write(plan)
            assert await scheduler.run_due(it.world) is not None
            assert done == []
            it.clock.advance(6)
            following = await scheduler.run_due(it.world)
            assert done == ["first", "second", "third", "made by the first"]
            assert following is not None
            assert (following - it.clock.now()).total_seconds() == 3
            it.clock.advance(3)
            assert await scheduler.run_due(it.world) is None
            assert done[-1] == "fourth"
            assert await it.write(lambda change: is_scheduled(change, "of another kind"))

    asyncio.run(run())


def test_failing_work_is_dropped_with_what_it_did(opened, caplog):
    """It is logged, leaves no trace in the store or the log, and holds up nothing."""
    done = []

    def work(change, due):
        if due.subject == "bad":
            create_task(change, "user-123", {"title": "Never"})
            raise ZeroDivisionError
        done.append(due.subject)
        emit(change, "x", channel="tasks", subject="x", keys={}, data="{}")

    async def run():
        async with opened(seed="empty") as it:
            scheduler = Scheduler(it.store, it.worlds, {"work": work})
            for subject in ("bad", "good", "taken back"):
                await it.write(partial(schedule, kind="work", after=0, subject=subject))
            await it.write(lambda change: unschedule(change, "work", "taken back"))
            await scheduler.run_due(it.world)
            assert done == ["good"]
            assert [event.seq for event in it.events] == [1]
            assert tasks.load(it.store.read, it.world.id, "task-1001") is None
            assert "ZeroDivisionError" in caplog.text

    asyncio.run(run())


def run_all(opened, **fields):
    """Everything that is pushed about a task on a clock that jumps from one due moment to the next."""

    async def run():
        async with opened() as it:
            scheduler = Scheduler(it.store, it.worlds, HANDLERS)
            given = {"title": "Repeated", "estimated_hours": 8.0} | fields
            await it.write(lambda change: create_task(change, "user-123", given))
            began = it.clock.now()
            while (following := await scheduler.run_due(it.world)) is not None:
                it.clock.advance((following - it.clock.now()).total_seconds())
            ended = next(event.at for event in it.events if event.name == "task.completed")
            seconds = (moment_of(ended) - began).total_seconds()
            return [(e.seq, e.name, e.data, e.at) for e in it.events], seconds

    return asyncio.run(run())


def test_simulation_repeats_exactly(opened, tmp_path):
    """Same seed, same requests, a clock that only the test moves: the same events, byte for byte."""
    first, seconds = run_all(opened)
    (tmp_path / "store.db").unlink()
    again, _ = run_all(opened)
    assert first == again
    assert seconds == pytest.approx(8.3, abs=0.05)  # one estimated hour is one second, after 0.3 s of looking
    assert [name for _, name, _, _ in first][-1] == "task.completed"
