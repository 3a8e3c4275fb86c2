"""Watching agents and projects, as tasks are watched, in both clients."""

import asyncio
import json

import pytest
from both import client

from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    InvalidArgumentError,
    ProjectDeletedError,
    WatchTimeoutError,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def following(updates):
    async with asyncio.timeout(10):
        return await anext(updates)


async def rest(updates):
    async with asyncio.timeout(10):
        return [update async for update in updates]


class TestAgents:
    async def made(self, api):
        return (await api.agents.create(name="a", type="coding")).id

    async def test_its_state_comes_first_and_then_every_step(self, api):
        """What it does, and what was changed of it."""
        agent_id = await self.made(api)
        updates = aiter(api.agents.watch(agent_id))
        seen = [await following(updates)]
        await api.agents.disable(agent_id)
        seen.append(await following(updates))
        await api.agents.update(agent_id, name="b")
        seen.append(await following(updates))
        assert [(update.type, update.agent.status) for update in seen] == [
            ("status", "available"),
            ("status", "offline"),
            ("updated", "offline"),
        ]
        assert [update["agent"].name for update in seen] == ["a", "a", "b"]
        assert [update.source for update in seen] == ["snapshot", "push", "push"]

    async def test_an_agent_that_there_is_not_ends_as_deleted(self, api):
        """As a task does."""
        assert [update.type for update in await rest(api.agents.watch("agent-none"))] == ["deleted"]

    async def test_several_are_followed_in_one_iteration(self, api):
        """Each update says whose it is."""
        ids = [await self.made(api) for _ in range(3)]
        updates = aiter(api.agents.watch_many(ids))
        assert {(await following(updates)).agent_id for _ in ids} == set(ids)
        await api.agents.disable(ids[1])
        assert (await following(updates)).agent_id == ids[1]

    async def test_polling_carries_one_too(self, api):
        """Without a version it would be compared as a whole."""
        agent_id = await self.made(api)
        updates = aiter(api.agents.watch(agent_id, transport="poll"))
        await following(updates)
        await api.agents.disable(agent_id)
        update = await following(updates)
        assert (update.type, update.source) == ("status", "poll")

    async def test_one_that_a_filter_no_longer_meets_is_told_once_more(self, api):
        """Of all, and those created later."""
        fields = {"name": "a", "type": "documentation"}
        first = (await api.agents.create(**fields)).id
        updates = aiter(api.agents.watch_all(type="documentation", status="available"))
        while (await following(updates)).agent_id != first:
            pass
        later = (await api.agents.create(**fields)).id
        assert (await following(updates)).agent_id == later
        await api.agents.disable(first)
        update = await following(updates)
        assert (update.agent_id, update.agent.status) == (first, "offline")
        await api.agents.update(first, name="b")
        await api.agents.update(later, name="c")
        assert (await following(updates)).agent_id == later


class TestProjects:
    async def made(self, api, **fields):
        return (await api.projects.create(name="p", **fields)).id

    async def test_its_state_comes_first_and_then_every_step(self, api):
        """To its end."""
        project_id = await self.made(api)
        updates = aiter(api.projects.watch(project_id))
        seen = [(await following(updates)).type]
        for fields in ({"name": "q"}, {"status": "on-hold"}, {"status": "completed"}):
            await api.projects.update(project_id, **fields)
            seen.append((await following(updates)).type)
        assert seen == ["status", "updated", "status", "completed"]
        assert await rest(updates) == []

    async def test_what_follows_from_its_tasks_is_told_too(self, api):
        """No event does: a look."""
        project_id = await self.made(api)
        updates = aiter(api.projects.watch(project_id, check_interval=0.2))
        await following(updates)
        await api.tasks.create(title="x", project_id=project_id)
        assert (await following(updates)).project.task_count.total == 1

    async def test_it_is_waited_for_until_it_has_ended(self, api):
        """Completed or archived; its status says which."""
        for status in ("completed", "archived"):
            project_id = await self.made(api)
            await api.projects.update(project_id, status=status)
            assert (await api.projects.wait(project_id, timeout=10)).status == status

    async def test_a_wait_for_one_that_is_gone_raises(self, api):
        """Before, or meanwhile."""
        project_id = await self.made(api)
        waiting = asyncio.ensure_future(api.projects.wait(project_id, timeout=10))
        await asyncio.sleep(0.3)
        await api.projects.delete(project_id)
        with pytest.raises(ProjectDeletedError, match=project_id) as caught:
            await waiting
        assert caught.value.project_id == project_id
        with pytest.raises(ProjectDeletedError):
            await api.projects.wait("proj-none", timeout=10)

    async def test_a_wait_gives_up_after_its_timeout(self, api):
        """The project goes on."""
        project_id = await self.made(api)
        with pytest.raises(WatchTimeoutError, match="it is active") as caught:
            await api.projects.wait(project_id, timeout=0.5)
        assert (caught.value.project_id, caught.value.project.name) == (project_id, "p")

    async def test_one_that_goes_on_after_its_end_is_told_anew(self, api):
        """By a watch of all; its end comes once for each time."""
        updates = aiter(api.projects.watch_all())
        project_id = await self.made(api)
        seen = []

        async def step():
            while (update := await following(updates)).project_id != project_id:
                pass
            seen.append(update.type)

        await step()
        for status in ("completed", "active", "archived"):
            await api.projects.update(project_id, status=status)
            await step()
        await api.projects.delete(project_id)
        other = await self.made(api)
        assert (await following(updates)).project_id == other
        assert seen == ["status", "completed", "status", "archived"]


class TestTakingUp:
    @pytest.mark.parametrize("noun", ["agents", "projects"])
    async def test_a_token_goes_on_where_it_was_made(self, api, noun):
        """What was told isn't told again, and what happened since is."""
        resource = getattr(api, noun)
        fields = {"type": "coding"} if noun == "agents" else {}
        made = (await resource.create(name="a", **fields)).id
        watch = resource.watch(made)
        await following(aiter(watch))
        saved = watch.token
        await _closed(watch)
        await resource.update(made, name="b")
        resumed = resource.watch(made, resume=saved)
        update = await following(aiter(resumed))
        assert (update.type, update.subject.name) == ("updated", "b")

    async def test_a_token_of_another_kind_is_refused(self, api):
        """It knows nothing of these."""
        made = await api.tasks.create(title="x")
        watch = api.tasks.watch(made.id)
        await following(aiter(watch))
        with pytest.raises(InvalidArgumentError, match="tasks, not of agents"):
            api.agents.watch("agent-123", resume=watch.token)

    async def test_a_token_without_a_kind_is_one_of_tasks(self, api):
        """Those of earlier versions."""
        made = await api.tasks.create(title="x")
        old = json.dumps({"format": 1, "known": {}, "ended": [made.id]})
        assert await rest(api.tasks.watch(made.id, resume=old)) == []


class TestBadInput:
    async def test_what_can_not_be_watched_is_refused_at_once(self, api):
        """Before anything is sent."""
        for call in (
            lambda: api.agents.watch(""),
            lambda: api.projects.watch_many("proj-1"),
            lambda: api.projects.watch("proj-1", check_interval=0),
            lambda: api.agents.watch_all(transport="smoke"),
        ):
            with pytest.raises(InvalidArgumentError):
                call()

    async def test_wrong_credentials_are_an_error_not_a_wait(self, kind, idle_server):
        """At the first look."""
        async with client(kind, idle_server.url, api_key="ak_wrong") as c:
            for watch in (c.agents.watch("agent-123"), c.projects.watch_all()):
                with pytest.raises(AuthenticationError):
                    await following(aiter(watch))


async def _closed(watch):
    closing = watch.close()
    if asyncio.iscoroutine(closing):
        await closing
