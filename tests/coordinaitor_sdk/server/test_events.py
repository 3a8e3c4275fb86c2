"""The event log."""

from __future__ import annotations

import asyncio

from coordinaitor_sdk.server.changes.tasks import create_task, update_task
from coordinaitor_sdk.server.events import latest_seq, oldest_seq, read_log


def test_log_keeps_the_newest_events(opened):
    """Older ones are dropped once in a while; numbers go on without a gap."""

    async def run():
        async with opened(seed="empty", log_length=50) as it:
            task = await it.write(lambda change: create_task(change, "user-123", {"title": "x"}))
            for number in range(100):
                given = {"title": str(number)}
                await it.write(lambda change, given=given: update_task(change, "user-123", task.id, given))
            assert latest_seq(it.store.read, it.world) == 102
            oldest = oldest_seq(it.store.read, it.world)
            assert oldest is not None
            assert 102 - 55 <= oldest - 1 <= 102 - 50
            kept = read_log(it.store.read, it.world, after=0, upto=200, most=500)
            assert [event.seq for event in kept] == list(range(oldest, 103))

    asyncio.run(run())


def test_stored_event_equals_the_pushed_one(opened):
    """What a resumed socket reads is, byte for byte, what a live one got."""

    async def run():
        async with opened() as it:
            given = {"title": 'Ünï "quoted" \u2028', "project_id": "proj-123", "agent_id": "agent-123"}
            await it.write(lambda change: create_task(change, "user-123", given))
            stored = read_log(it.store.read, it.world, after=0, upto=10, most=10, channel="tasks")
            assert [event.frame for event in stored] == [event.frame for event in it.events]
            assert [event.keys for event in stored] == [event.keys for event in it.events]
            assert len(stored) == 3

    asyncio.run(run())
