"""Thousands of watches on one connection."""

import asyncio

import pytest
from both import client
from server_process import ServerProcess
from watching import until

pytestmark = pytest.mark.anyio

WATCHES = 5_000


async def spread(function, items):
    """Call it with each item, some at once."""
    few = asyncio.Semaphore(20)

    async def call(item):
        async with few:
            return await function(item)

    return await asyncio.gather(*(call(item) for item in items))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_five_thousand_watches_share_one_connection():
    """Each is live, and each is told its own task's end."""
    with ServerProcess() as process:
        process.start(agents="off", api_key="ak_test")
        async with client("async on httpx2", process.url, api_key="ak_test", deadline=None) as api:
            made = await spread(lambda n: api.tasks.create(title=f"{n}"), range(WATCHES))
            watches = [api.tasks.watch(one.id) for one in made]
            ends = [asyncio.ensure_future(watch.result()) for watch in watches]
            await until(lambda: all(watch.state == "live" for watch in watches), within=240)
            await spread(lambda one: api.tasks.update(one.id, status="completed"), made)
            async with asyncio.timeout(120):
                ended = await asyncio.gather(*ends)
            hub = await api._watcher.hub()
    assert [task.id for task in ended] == [one.id for one in made]
    assert {task.status for task in ended} == {"completed"}
    assert hub._link.generation == 1
