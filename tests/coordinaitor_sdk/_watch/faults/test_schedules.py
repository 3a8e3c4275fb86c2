"""Random schedules of faults on real processes: server, network and client each break at odd moments."""

import asyncio

import pytest
from both import client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from server_process import ServerProcess
from tcp import tcp_proxy
from watching import Followed, forget_events

from coordinaitor_sdk.testing import Control

STEPS = (
    "progress", "title", "read", "reset", "down", "up", "silent", "take up", "forget",
    "drop", "duplicate", "reorder", "close", "half-open", "refuse-subscription",
)  # fmt: skip
ENDS = {"completed": "completed", "failed": "error", "cancelled": "cancelled", "deleted": "deleted"}


@pytest.fixture(scope="module")
def victim():
    """A server that is killed and started again."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test", control=True)


class Schedule:
    """One task and its watch, on the way through a schedule."""

    def __init__(self, side, server, proxy, direct, *, conflate):
        self.side, self.server, self.proxy, self.direct = side, server, proxy, direct
        self.conflate, self.told, self.changes, self.token = conflate, [], 0, None

    async def begin(self):
        self.task = (await self.direct.tasks.create(title="x")).id
        await self.open()
        self.told.append(await self.followed.next())

    async def open(self):
        self.api = client(self.side, self.proxy.url, api_key="ak_test", timeout=1.0)
        options = {"conflate": self.conflate, "check_interval": 0.5, "resume": self.token}
        self.followed = Followed(self.api.tasks.watch(self.task, **options))

    async def close(self):
        self.followed.watch.close()
        await self.api.close()

    async def take(self, step):
        """One step of the schedule."""
        if step in {"progress", "title"}:
            self.changes += 1
            changed = {"progress": self.changes / 100} if step == "progress" else {"title": f"{self.changes}"}
            await self.direct.tasks.update(self.task, **changed)
        elif step == "read":
            if len(getattr(self.followed.watch, "_wrapped", self.followed.watch)._queue):
                self.told.append(await self.followed.next())
        elif step == "take up":
            self.token = self.followed.watch.token
            await self.close()
            await self.open()
        elif step == "kill":
            self.server.kill()
            await asyncio.to_thread(self.server.restart)
        elif step == "forget":
            forget_events(self.server.database)
        else:
            self.break_(step)

    def break_(self, step):
        """What the network or the server does to the connection, or to the next push on it."""
        self.proxy.down = {"down": True, "up": False}.get(step, self.proxy.down)
        self.proxy.silent = self.proxy.silent or step == "silent"
        if step in {"reset", "down"}:
            self.proxy.reset()
        elif step not in {"up", "silent"}:
            with Control(self.server.url) as control:
                control.add_fault(control.worlds()[0].world, step)

    async def finish(self, end):
        """The task ends, the network is whole again, and the watch is read to its end."""
        if end == "deleted":
            await self.direct.tasks.delete(self.task)
        else:
            await self.direct.tasks.update(self.task, status=end)
        self.proxy.down = self.proxy.silent = False
        self.proxy.reset()
        self.told += await self.followed.rest(within=30.0)


async def _told(side, server, schedule, end, *, conflate):
    async with (
        asyncio.timeout(60),
        tcp_proxy(server.url) as proxy,
        client("async", server.url, api_key="ak_test") as direct,
    ):
        running = Schedule(side, server, proxy, direct, conflate=conflate)
        await running.begin()
        try:
            for step in schedule:
                await running.take(step)
            await running.finish(end)
        finally:
            await running.close()
    return running.told


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(
    max_examples=20,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # to make a failing one smaller takes too long here
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    schedule=st.lists(st.sampled_from(STEPS), min_size=3, max_size=10),
    killed_at=st.none() | st.integers(0, 10),
    end=st.sampled_from(sorted(ENDS)),
    conflate=st.booleans(),
)
def test_whatever_happens_states_are_in_order_and_the_end_comes_once(
    side, victim, schedule, killed_at, end, conflate
):
    """No duplicate, nothing after the end, no step back, and no schedule in which a watch hangs."""
    steps = schedule if killed_at is None else [*schedule[:killed_at], "kill", *schedule[killed_at:]]
    told = asyncio.run(_told(side, victim, steps, end, conflate=conflate))
    versions = [update.task.version for update in told if update.type != "deleted"]
    assert versions == sorted(set(versions))
    assert [update.is_final for update in told] == [False] * (len(told) - 1) + [True]
    assert told[-1].type == ENDS[end]
