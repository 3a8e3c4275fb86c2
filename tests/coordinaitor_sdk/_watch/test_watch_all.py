"""Watching all tasks that match, and the ends of several as they come, in both clients."""

import asyncio

import pytest
from both import client
from scripted import scripted_server, task

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._core.watch_all import Criteria, CrowdMachine
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidArgumentError,
    TaskFailedError,
    WatchError,
)
from coordinaitor_sdk.models.task import Task

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def following(updates):
    async with asyncio.timeout(5):
        return await anext(updates)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


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
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
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


class TestHowUpdatesCome:
    async def test_a_live_one_says_so(self, api):
        """And when it was last confirmed."""
        await api.tasks.create(title="x")
        watch = api.tasks.watch_all()
        assert watch.state == "resuming"
        await following(aiter(watch))
        await until(lambda: watch.state == "live")
        async with asyncio.timeout(10):
            while await asyncio.to_thread(lambda: watch.last_confirmed_at) is None:
                await asyncio.sleep(0.01)

    async def test_polling_carries_one_too(self, api):
        """Changes, those created later, ends and deletions."""
        project = (await api.projects.create(name="p")).id
        made = (await api.tasks.create(title="x", project_id=project)).id
        watch = api.tasks.watch_all(project_id=project, transport="poll")
        updates = aiter(watch)
        seen = [await following(updates)]
        later = (await api.tasks.create(title="y", project_id=project)).id
        seen.append(await following(updates))
        await api.tasks.update(made, status="completed")
        seen.append(await following(updates))
        await api.tasks.delete(later)
        seen.append(await following(updates))
        assert [(update.task_id, update.type) for update in seen] == [
            (made, "progress"),
            (later, "progress"),
            (made, "completed"),
            (later, "deleted"),
        ]
        assert {update.source for update in seen} == {"poll"}
        assert watch.state == "polling"

    async def test_a_token_goes_on_where_it_was_made(self, api):
        """What ended, came and changed since is told, and nothing twice."""
        project = (await api.projects.create(name="p")).id
        here = {"title": "x", "project_id": project}
        known = [(await api.tasks.create(**here)).id for _ in range(3)]
        watch = api.tasks.watch_all(project_id=project)
        updates = aiter(watch)
        for _ in known:
            await following(updates)
        saved = watch.token
        watch.close()
        await api.tasks.update(known[0], status="completed")
        await api.tasks.update(known[1], progress=0.5)
        later = (await api.tasks.create(**here)).id
        over = (await api.tasks.create(**here)).id
        await api.tasks.update(over, status="failed")
        updates = aiter(api.tasks.watch_all(project_id=project, resume=saved))
        told = {}
        while len(told) < 4 or told[over] != "error":
            update = await following(updates)
            told[update.task_id] = update.type
        assert told == {known[0]: "completed", known[1]: "progress", later: "progress", over: "error"}

    @pytest.mark.parametrize("transport", ["auto", "poll"])
    async def test_an_end_that_was_told_is_not_told_again(self, api, transport):
        """Not by its twin, and not by the list."""
        project = (await api.projects.create(name="p")).id
        here = {"title": "x", "project_id": project}
        await api.tasks.create(**here)
        over = (await api.tasks.create(**here)).id
        watch = api.tasks.watch_all(project_id=project, transport=transport)
        updates = aiter(watch)
        for _ in range(2):
            await following(updates)
        await api.tasks.update(over, status="completed")
        assert (await following(updates)).type == "completed"
        saved = watch.token
        watch.close()
        resumed = aiter(api.tasks.watch_all(project_id=project, transport=transport, resume=saved))
        await asyncio.sleep(1.5)
        later = (await api.tasks.create(**here)).id
        assert (await following(resumed)).task_id == later

    async def test_a_token_goes_on_by_polling_too(self, api):
        """Nothing is replayed there: the list says it."""
        project = (await api.projects.create(name="p")).id
        here = {"title": "x", "project_id": project}
        known = [(await api.tasks.create(**here)).id for _ in range(2)]
        watch = api.tasks.watch_all(project_id=project, transport="poll")
        updates = aiter(watch)
        for _ in known:
            await following(updates)
        saved = watch.token
        watch.close()
        await api.tasks.update(known[0], status="completed")
        await api.tasks.delete(known[1])
        resumed = aiter(api.tasks.watch_all(project_id=project, transport="poll", resume=saved))
        told = [await following(resumed), await following(resumed)]
        assert {(update.task_id, update.type) for update in told} == {
            (known[0], "completed"),
            (known[1], "deleted"),
        }

    async def test_bad_input_is_refused_at_once(self, api):
        """Before anything is sent."""
        for options in ({"resume": "{}"}, {"transport": "smoke"}, {"check_interval": 0}):
            with pytest.raises(InvalidArgumentError):
                api.tasks.watch_all(**options)


class TestSweeps:
    @pytest.fixture
    async def script(self, monkeypatch):
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
        async with scripted_server() as script:
            yield script

    @pytest.fixture
    async def watch(self, script):
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watcher = AsyncWatcher(script.url, Network(), **calls)
        yield lambda **options: watcher.watch(
            (), WatchOptions(criteria=Criteria(fields={"project_id": "p"}), **options)
        )
        await watcher.close()

    def listed(self, script, count):
        for n in range(count):
            moment = f"2026-01-01T00:{n // 60:02}:{n % 60:02}+00:00"
            script.tasks[f"t{n}"] = task(f"t{n}", version=1, projectId="p", updatedAt=moment)

    async def test_looks_get_rarer_while_nothing_moves(self, script, watch):
        """And fast again when something does."""
        self.listed(script, 1)
        updates = watch(transport="poll")
        await following(updates)
        await asyncio.sleep(4.0)
        assert 3 <= script.listed <= 6  # after 0, 0.5, 1.25, 2.4, 4.1 seconds, more or less
        assert script.connections == []

    async def test_a_long_list_is_read_as_far_as_it_has_changed(self, script, watch):
        """The first time all of it, and then a page."""
        self.listed(script, 500)
        updates = watch(transport="poll")
        for _ in range(500):
            await following(updates)
        await script.until(lambda: script.listed == 6)
        moment = "2026-01-02T00:00:00+00:00"
        script.tasks["t3"] = task("t3", version=2, status="failed", projectId="p", updatedAt=moment)
        script.tasks["t4"] = task("t4", version=2, projectId="other", updatedAt=moment)
        told = [await following(updates), await following(updates)]
        assert {(update.task_id, update.type) for update in told} == {("t3", "error"), ("t4", "updated")}
        assert script.listed <= 9
        assert script.fetched == []

    async def test_neither_socket_nor_rest_is_stale(self, script, watch):
        """Until one of them is back."""
        self.listed(script, 1)
        updates = watch(check_interval=0.1)
        await following(updates)
        await until(lambda: updates.state == "live")
        script.refuses, script.list_error = 503, ConnectionFailedError("down")
        await script.connections[-1].close(1012)
        await until(lambda: updates.state == "stale")
        script.refuses = script.list_error = None
        await until(lambda: updates.state == "live")

    async def test_it_goes_back_to_the_websocket_when_that_returns(self, script, watch):
        """As a watch of one does."""
        script.refuses = 404
        self.listed(script, 1)
        updates = watch(check_interval=0.2)
        assert (await following(updates)).source in {"poll", "snapshot"}
        await until(lambda: updates.state == "polling")
        script.refuses = None
        await until(lambda: updates.state == "live")
        await script.push(task("t0", version=2, projectId="p", progress=0.5))
        assert (await following(updates)).source == "push"

    async def test_websocket_alone_ends_where_it_is_refused(self, script, watch):
        """The error says what to do."""
        script.refuses = 404
        with pytest.raises(WatchError, match="transport='auto'"):
            await following(watch(transport="websocket"))


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
