"""Watching against the real server, in both clients."""

import asyncio

import pytest
from both import client
from server_process import ServerProcess
from vendor import speaking

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidArgumentError,
    TaskCancelledError,
    TaskDeletedError,
    TaskFailedError,
    WatchTimeoutError,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, place):
    async with client(kind, place.url, api_key="ak_test") as api:
        yield api


@pytest.fixture
async def idle(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


def moments(updates, task_id=None):
    """What orders the states of a task: its version, or when it was changed where a server has none."""
    tasks = [update.task for update in updates if task_id in (None, update.task_id)]
    return [task.updated_at if task.version is None else task.version for task in tasks]


async def collected(watch):
    async with asyncio.timeout(60):
        return [update async for update in watch]


class TestWatch:
    async def test_a_task_is_followed_to_its_end(self, api, form):
        """The present state, progress that rises, and the end exactly once."""
        made = await api.tasks.create(title="x", estimated_hours=20)
        updates = await collected(api.tasks.watch(made.id))
        assert [update.is_final for update in updates] == [False] * (len(updates) - 1) + [True]
        assert updates[-1].type == "completed"
        assert moments(updates) == sorted(set(moments(updates)))
        progress = [update["progress"] for update in updates]
        assert progress == sorted(progress)
        assert progress[-1] == 1.0
        assert ("push" in {update.source for update in updates}) == form.documented

    async def test_a_failing_task_tells_why(self, api, form):
        """`update["error"]` is a sentence."""
        made = await api.tasks.create(title="x", tags=["simulate-failure"])
        last = (await collected(api.tasks.watch(made.id)))[-1]
        assert (last["type"], last.task.status) == ("error", form.says("failed"))
        assert "simulate-failure" in last["error"]

    async def test_a_finished_task_ends_at_once(self, idle):
        """With one update."""
        made = await idle.tasks.create(title="x")
        await idle.tasks.update(made.id, status="cancelled")
        assert [update.type for update in await collected(idle.tasks.watch(made.id))] == ["cancelled"]

    async def test_every_kind_of_step_is_told(self, idle):
        """Assigned, progress, updated, deleted."""
        made = await idle.tasks.create(title="x")
        watch = idle.tasks.watch(made.id)
        updates = aiter(watch)
        seen = [(await anext(updates)).type]
        for change in (
            lambda: idle.tasks.assign(made.id, "agent-123"),
            lambda: idle.tasks.update(made.id, status="active"),
            lambda: idle.tasks.update(made.id, progress=0.5),
            lambda: idle.tasks.update(made.id, title="y"),
            lambda: idle.tasks.delete(made.id),
        ):
            await change()
            async with asyncio.timeout(5):
                seen.append((await anext(updates)).type)
        assert seen == ["progress", "assigned", "progress", "progress", "updated", "deleted"]

    async def test_many_are_followed_in_one_iteration(self, api):
        """It ends with the last of them; each end comes once."""
        ids = [(await api.tasks.create(title=f"{n}", estimated_hours=n)).id for n in range(1, 8)]
        updates = await collected(api.tasks.watch_many(ids))
        assert sorted(update.task_id for update in updates if update.is_final) == sorted(ids)

    async def test_one_task_watched_twice_is_seen_twice(self, api):
        """Each watch has all of it."""
        made = await api.tasks.create(title="x", estimated_hours=10)
        both = await asyncio.gather(collected(api.tasks.watch(made.id)), collected(api.tasks.watch(made.id)))
        assert [updates[-1].type for updates in both] == ["completed", "completed"]

    async def test_tokens_carry_a_watch_too(self, kind, place):
        """Not only API keys."""
        login = {"email": place.admin_email, "password": place.admin_password}
        async with client(kind, place.url, **login) as c:
            made = await c.tasks.create(title="x", estimated_hours=10)
            finished = await c.tasks.wait(made.id, timeout=20)
            assert finished.status == place.form.says("completed")

    async def test_a_token_that_expires_in_the_middle_is_renewed(self, kind, form):
        """The server closes with 4408, or refuses a look; the watch comes back with a fresh one."""
        with ServerProcess() as process:
            process.start(access_token_ttl=1, api_key="ak_test")
            with speaking(process, form) as place:
                login = {"email": process.admin_email, "password": process.admin_password}
                async with client(kind, place.url, api_prefix=place.prefix, **login) as c:
                    made = await c.tasks.create(title="x", estimated_hours=4)
                    updates = await collected(c.tasks.watch(made.id))
        assert updates[-1].type == "completed"
        assert ("push" in {update.source for update in updates[-4:]}) == form.documented


class TestWait:
    async def test_it_returns_the_completed_task(self, api, form):
        """And nothing that is not final."""
        made = await api.tasks.create(title="x", estimated_hours=10)
        assert (await api.tasks.wait(made.id, timeout=20)).status == form.says("completed")

    async def test_it_raises_for_every_other_end(self, api, idle):
        """Failed, cancelled, deleted, never there."""
        failing = await api.tasks.create(title="x", tags=["simulate-failure"])
        with pytest.raises(TaskFailedError, match="simulate-failure"):
            await api.tasks.wait(failing.id, timeout=20)
        made = await idle.tasks.create(title="x")
        await idle.tasks.update(made.id, status="cancelled")
        with pytest.raises(TaskCancelledError):
            await idle.tasks.wait(made.id, timeout=20)
        with pytest.raises(TaskDeletedError):
            await idle.tasks.wait("task-none", timeout=20)

    async def test_it_gives_up_after_its_timeout(self, idle, form):
        """The task goes on on the server."""
        made = await idle.tasks.create(title="x")
        with pytest.raises(WatchTimeoutError, match=f"it is {form.says('pending')}"):
            await idle.tasks.wait(made.id, timeout=0.3)
        assert (await idle.tasks.get(made.id)).status == form.says("pending")


class TestBadInput:
    async def test_what_can_not_be_watched_is_refused_at_once(self, idle):
        """Before anything is sent."""
        for call in (
            lambda: idle.tasks.watch(""),
            lambda: idle.tasks.watch_many(["task-1", ""]),
            lambda: idle.tasks.watch_many("task-1"),
            lambda: idle.tasks.watch("task-1", check_interval=0),
        ):
            with pytest.raises(InvalidArgumentError):
                call()

    async def test_a_server_that_is_down_is_an_error_not_a_wait(self, kind):
        """At the first look."""
        async with client(kind, "http://127.0.0.1:9") as c:
            with pytest.raises(ConnectionFailedError):
                await collected(c.tasks.watch("task-1"))

    async def test_wrong_credentials_are_an_error_not_a_wait(self, kind, idle_place):
        """At the first look."""
        async with client(kind, idle_place.url, api_key="ak_wrong") as c:
            with pytest.raises(AuthenticationError):
                await collected(c.tasks.watch("task-123"))


class TestLosses:
    async def test_a_restart_in_the_middle_is_survived(self, kind, form, tmp_path):
        """Clean stop and start on the same database: the watch goes on and ends."""
        with ServerProcess(tmp_path) as process:
            process.start(api_key="ak_test", sim_speed=2)
            with speaking(process, form) as place:
                async with client(kind, place.url, api_prefix=place.prefix, api_key="ak_test") as c:
                    made = await c.tasks.create(title="x", estimated_hours=6)
                    watch = asyncio.ensure_future(collected(c.tasks.watch(made.id)))
                    await asyncio.sleep(1.0)
                    await asyncio.to_thread(process.restart)
                    updates = await watch
        assert [update.type for update in updates if update.is_final] == ["completed"]
        assert moments(updates) == sorted(set(moments(updates)))

    @pytest.mark.slow
    async def test_a_killed_server_loses_nothing_that_it_answered(self, kind, tmp_path):
        """SIGKILL in the middle of a run: all is there again, watchers come back, and the run ends."""
        with ServerProcess(tmp_path) as process:
            process.start(api_key="ak_test", sim_speed=4)
            async with client(kind, process.url, api_key="ak_test") as c:
                made, comments = [], {}
                for n in range(8):
                    made.append((await c.tasks.create(title=f"{n}", estimated_hours=12)).id)
                    comments[made[-1]] = (await c.tasks.add_comment(made[-1], f"note {n}")).id
                watch = asyncio.ensure_future(collected(c.tasks.watch_many(made)))
                for _ in range(2):
                    await asyncio.sleep(1.2)
                    process.kill()
                    await asyncio.sleep(0.5)
                    await asyncio.to_thread(process.restart)
                updates = await watch
                for task_id in made:
                    task = await c.tasks.get(task_id, include=["comments"])
                    assert task.status == "completed"
                    assert [comment.id for comment in task.comments] == [comments[task_id]]
        ends = [update.task_id for update in updates if update.is_final]
        assert sorted(ends) == sorted(made)
        for task_id in made:
            versions = [update.task.version for update in updates if update.task_id == task_id]
            assert versions == sorted(set(versions))


async def test_a_sync_watch_works_inside_a_running_loop(place, form):
    """As in a notebook's cell, which runs in one."""
    with Coordinaitor(place.url, api_key="ak_test") as c:
        made = c.tasks.create(title="x", estimated_hours=10)
        assert c.tasks.wait(made.id, timeout=20).status == form.says("completed")
        assert [update.type for update in c.tasks.watch(made.id)] == ["completed"]
