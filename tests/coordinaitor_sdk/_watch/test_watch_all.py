"""Watching all tasks that match, and the ends of several as they come, in both clients."""

import asyncio

import pytest
from both import client
from scripted import scripted_server, task

from coordinaitor_sdk._core.watch_all import Criteria, CrowdMachine
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import AuthenticationError, TaskFailedError, WatchError
from coordinaitor_sdk.models.task import Task

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def following(updates):
    async with asyncio.timeout(5):
        return await anext(updates)


class TestWatchAll:
    async def test_present_and_later_tasks_are_told_to_their_ends(self, api):
        """Those of the project, no others, and none that had ended before."""
        project = (await api.projects.create(name="p")).id
        here = {"title": "x", "project_id": project}
        known, over = (await api.tasks.create(**here)).id, (await api.tasks.create(**here)).id
        await api.tasks.update(over, status="completed")
        updates = aiter(api.tasks.watch_all(project_id=project))
        assert (await following(updates)).task_id == known
        await api.tasks.create(title="elsewhere")
        later = (await api.tasks.create(**here)).id
        assert (await following(updates)).task_id == later
        await api.tasks.update(later, status="completed")
        await api.tasks.delete(known)
        ends = [await following(updates), await following(updates)]
        assert [(update.task_id, update.type) for update in ends] == [
            (later, "completed"),
            (known, "deleted"),
        ]

    async def test_one_that_no_longer_matches_is_told_once_more(self, api):
        """With what took it away."""
        project = (await api.projects.create(name="p")).id
        made = await api.tasks.create(title="x", project_id=project)
        updates = aiter(api.tasks.watch_all(project_id=project, status="pending"))
        assert (await following(updates)).task.status == "pending"
        await api.tasks.update(made.id, status="active")
        assert (await following(updates)).task.status == "active"
        await api.tasks.update(made.id, progress=0.5)
        other = (await api.tasks.create(title="y", project_id=project)).id
        assert (await following(updates)).task_id == other

    async def test_a_state_asked_for_is_told_of_ended_tasks_too(self, api):
        """`status="completed"` is a question about the past as well."""
        project = (await api.projects.create(name="p")).id
        made = await api.tasks.create(title="x", project_id=project)
        await api.tasks.update(made.id, status="completed")
        updates = aiter(api.tasks.watch_all(project_id=project, status="completed"))
        assert (await following(updates)).type == "completed"


class TestAsCompleted:
    async def test_ends_come_as_they_come(self, api):
        """`result()` is the task, or raises."""
        ids = [(await api.tasks.create(title="x")).id for _ in range(3)]
        ends = aiter(api.tasks.as_completed(ids))
        seen = []
        for task_id, status in zip(reversed(ids), ("completed", "failed", "cancelled"), strict=True):
            await api.tasks.update(task_id, status=status)
            seen.append(await following(ends))
        assert [update.task_id for update in seen] == ids[::-1]
        assert seen[0].result().id == ids[2]
        with pytest.raises(TaskFailedError):
            seen[1].result()
        assert [update async for update in ends] == []

    async def test_a_step_that_is_no_end_has_no_result(self, api):
        """Never a value that is not final."""
        made = await api.tasks.create(title="x")
        update = await following(aiter(api.tasks.watch(made.id)))
        with pytest.raises(WatchError, match="has not ended"):
            update.result()


class TestLosses:
    @pytest.fixture
    async def script(self, monkeypatch):
        monkeypatch.setattr(hub_module, "_BACKOFF", hub_module.Retry(backoff=0.02, max_backoff=0.1))
        async with scripted_server() as script:
            yield script

    @pytest.fixture
    async def watched(self, script):
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watcher = AsyncWatcher(script.url, Network(), **calls)
        yield watcher.watch((), WatchOptions(criteria=Criteria(fields={"project_id": "p"})))
        await watcher.close()

    async def test_a_reconnect_resumes_from_the_last_event(self, script, watched):
        """Without another sweep."""
        script.tasks["t"] = task(version=1, projectId="p")
        await following(watched)
        await script.push(task(version=2, projectId="p", progress=0.2))
        await following(watched)
        swept = script.listed
        await script.connections[-1].close(1012)
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 11}
        assert script.listed == swept

    async def test_a_first_sweep_that_fails_is_raised(self, script, watched):
        """Rather than waiting for nothing."""
        script.list_error = AuthenticationError("no", status=401)
        with pytest.raises(AuthenticationError):
            await following(watched)

    async def test_closing_unsubscribes(self, script, watched):
        """And nothing sweeps any more."""
        script.tasks["t"] = task(version=1, projectId="p")
        await following(watched)
        watched.close()
        await script.until(lambda: any(message["type"] == "unsubscribe" for _, message in script.received))
        assert [update async for update in watched] == []


class TestCrowd:
    def test_an_end_is_told_once_however_often_it_is_seen(self):
        """The named twin of a push, and the list after it."""
        crowd = CrowdMachine(Criteria())
        done = Task.model_validate(task(version=2, status="completed"))
        assert crowd.see(done, "push").is_final
        assert crowd.see(done, "push") is None
        assert crowd.see(done, "snapshot") is None
        assert len(crowd) == 0

    def test_those_that_go_on_are_known(self):
        """What a sweep doesn't bring of them may be gone, or elsewhere."""
        crowd = CrowdMachine(Criteria())
        for task_id in ("a", "b"):
            crowd.see(Task.model_validate(task(task_id, version=1)), "snapshot")
        assert list(crowd) == ["a", "b"]
        assert crowd.see_deleted("b", "snapshot").type == "deleted"
        assert crowd.see_deleted("b", "snapshot") is None
