"""Simulated agents keep to their hours, their limits and their enablement, by the world's clock."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from coordinaitor_sdk.server.changes import agents as agent_changes
from coordinaitor_sdk.server.changes import tasks as task_changes
from coordinaitor_sdk.server.scheduler import Scheduler
from coordinaitor_sdk.server.schemas.agents import AgentCreate
from coordinaitor_sdk.server.simulator import HANDLERS
from coordinaitor_sdk.server.store import agents, tasks
from coordinaitor_sdk.server.worlds import Work

# The manual clock starts on Monday, 15 January 2024, at 10:30 UTC.
MORNING = {"timezone": "UTC", "start": "09:00", "end": "12:00"}
EVENING = {"timezone": "UTC", "start": "18:00", "end": "20:00"}
HOUR = 3600


class Office:
    """A world on a manual clock, whose agents work when the test lets time pass."""

    def __init__(self, it):
        self.it = it
        self._scheduler = Scheduler(it.store, it.worlds, HANDLERS)

    async def agent(self, **fields):
        """A new agent's id."""
        body = AgentCreate.model_validate({"name": "A", "type": "coding", **fields})
        return (await self.it.write(lambda change: agent_changes.create_agent(change, body.columns()))).id

    async def change(self, agent_id, **columns):
        """Change an agent."""
        await self.it.write(lambda change: agent_changes.update_agent(change, agent_id, columns))

    async def disable(self, agent_id):
        """Disable an agent."""
        await self.it.write(lambda change: agent_changes.disable_agent(change, agent_id, None))

    async def enable(self, agent_id):
        """Enable an agent."""
        await self.it.write(lambda change: agent_changes.enable_agent(change, agent_id))

    async def task(self, hours=10.0, **fields):
        """A new task's id; it takes that many seconds."""
        given = {"title": "T", "estimated_hours": float(hours), **fields}
        return (await self.it.write(lambda change: task_changes.create_task(change, "user-123", given))).id

    async def passes(self, seconds):
        """Time passes, from one moment at which something falls due to the next."""
        clock = self.it.clock
        end = clock.now() + timedelta(seconds=seconds)
        while (due := await self._scheduler.run_due(self.it.world)) is not None and due <= end:
            clock.advance((due - clock.now()).total_seconds())
        clock.advance((end - clock.now()).total_seconds())

    def now(self, task_id):
        """Status, agent and progress of a task."""
        task = tasks.load(self.it.store.read, self.it.world.id, task_id)
        return task.status, task.agent_id, task.progress

    def status(self, agent_id):
        """The status of an agent."""
        return agents.load(self.it.store.read, self.it.world.id, agent_id).status


@pytest.fixture
def office(opened):
    """Run a test in an office: `office(test)`, where `test` is given one."""

    @asynccontextmanager
    async def open_office():
        async with opened(seed="empty") as it:
            yield Office(it)

    def run(test):
        async def within():
            async with open_office() as found:
                await test(found)

        asyncio.run(within())

    return run


def test_task_waits_for_the_hours_of_its_agent(office):
    """Outside its hours nothing is begun; when they begin the task is, at that moment."""

    async def test(it):
        agent = await it.agent(workingHours=EVENING)
        own, free = await it.task(agent_id=agent), await it.task()
        await it.passes(HOUR)
        assert it.now(own) == ("pending", agent, 0)
        assert it.now(free) == ("pending", None, 0)
        await it.passes(6.4 * HOUR)
        assert it.now(own)[0] == "pending"
        await it.passes(0.2 * HOUR)
        assert [it.now(task)[0] for task in (own, free)] == ["completed", "completed"]

    office(test)


def test_work_rests_when_the_hours_end_and_goes_on_when_they_begin(office):
    """It stays active with its progress over night."""

    async def test(it):
        agent = await it.agent(workingHours=MORNING)
        await it.passes(1.5 * HOUR - 5)  # five seconds before noon
        task = await it.task(hours=20)
        await it.passes(60)
        status, _, progress = it.now(task)
        assert status == "active"
        assert 0 < progress < 1
        await it.passes(20.9 * HOUR)
        assert it.now(task) == ("active", agent, progress)
        await it.passes(0.2 * HOUR)
        assert it.now(task)[0] == "completed"

    office(test)


def test_another_agent_on_duty_takes_what_fits_one_that_rests_better(office):
    """Who is free and on duty comes before who fits."""

    async def test(it):
        await it.agent(capabilities=["react"], workingHours=EVENING)
        other = await it.agent(capabilities=["python"])
        task = await it.task(tags='["react"]')
        await it.passes(60)
        assert it.now(task)[:2] == ("completed", other)

    office(test)


def test_other_hours_count_at_once(office):
    """An agent whose hours are changed begins or rests accordingly."""

    async def test(it):
        agent = await it.agent(workingHours=EVENING)
        task = await it.task(hours=40)
        await it.passes(60)
        assert it.now(task)[0] == "pending"
        await it.change(agent, working_hours=MORNING | {"days": ["monday"]})
        await it.passes(10)
        assert it.now(task)[0] == "active"
        await it.change(agent, working_hours=EVENING | {"days": ["monday"]})
        progress = it.now(task)[2]
        await it.passes(HOUR)
        assert it.now(task) == ("active", agent, progress)
        await it.change(agent, working_hours=None)
        await it.passes(60)
        assert it.now(task)[0] == "completed"

    office(test)


def test_world_that_ignores_hours_works_at_all(office):
    """As `--ignore-working-hours` says."""

    async def test(it):
        it.it.world.work = Work(keep_hours=False)
        await it.agent(workingHours=EVENING)
        task = await it.task()
        await it.passes(60)
        assert it.now(task)[0] == "completed"

    office(test)


def test_disabled_agent_does_nothing_until_it_is_enabled(office):
    """What it works on rests with its progress; its pending tasks wait; both are gone on with."""

    async def test(it):
        agent = await it.agent(maxConcurrentTasks=1)
        task = await it.task(hours=20)
        await it.passes(5)
        waiting = await it.task(agent_id=agent)
        await it.disable(agent)
        status, _, progress = it.now(task)
        assert (status, it.status(agent)) == ("active", "offline")
        await it.passes(HOUR)
        assert it.now(task) == ("active", agent, progress)
        assert it.now(waiting)[0] == "pending"
        await it.enable(agent)
        assert it.status(agent) == "busy"
        await it.passes(60)
        assert [it.now(one)[0] for one in (task, waiting)] == ["completed", "completed"]
        assert it.status(agent) == "available"

    office(test)


def test_agent_that_may_do_more_takes_more_at_once(office):
    """A higher limit, or a new agent, is noticed without a new task."""

    async def test(it):
        agent = await it.agent(maxConcurrentTasks=1)
        made = [await it.task(hours=40) for _ in range(4)]
        await it.passes(3)
        assert [it.now(task)[0] for task in made].count("active") == 1
        await it.change(agent, max_concurrent_tasks=3)
        await it.passes(3)
        assert [it.now(task)[0] for task in made].count("active") == 3
        second = await it.agent()
        await it.passes(3)
        assert [it.now(task)[:2] for task in made].count(("active", second)) == 1

    office(test)


def test_resting_work_goes_on_when_a_restart_ignores_hours(server_process, eventually):
    """What waits for another day is taken up at once."""
    key = "ak_test-key"
    server = server_process.start(api_key=key, sim_speed=20)
    with httpx.Client(base_url=server.url + "/api/v1", headers={"X-API-Key": key}) as client:
        # A minute long, at the other side of the clock.
        far = (int(client.get("/system/health").json()["meta"]["timestamp"][11:13]) + 12) % 24
        hours = {"timezone": "UTC", "start": f"{far:02}:00", "end": f"{far:02}:01"}
        agent = client.post("/agents", json={"name": "A", "type": "qa", "workingHours": hours}).json()["data"]
        body = {"title": "T", "agentId": agent["id"], "estimatedHours": 4}
        task = client.post("/tasks", json=body).json()["data"]["id"]
        other = client.post("/tasks", json=body | {"agentId": "agent-123"}).json()["data"]["id"]
        path = f"/tasks/{task}"
        eventually(lambda: client.get(f"/tasks/{other}").json()["data"]["status"] == "completed")
        assert client.get(path).json()["data"]["status"] == "pending"
    server.restart(ignore_working_hours=True)
    with httpx.Client(base_url=server.url + "/api/v1", headers={"X-API-Key": key}) as client:
        eventually(lambda: client.get(path).json()["data"]["status"] == "completed")
