"""Many watches: their list is read, as far as something may have changed, instead of each being asked for."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from both import client
from scripted import scripted_server, task
from server_process import ServerProcess

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch import looks as looks_module
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import AuthorizationError, ServiceUnavailableError

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, tzinfo=UTC)


def changed(task_id, minute, version=1, **fields):
    moment = START + timedelta(minutes=minute)
    return task(task_id, version=version, updatedAt=moment.isoformat(), **fields)


@pytest.fixture
async def script(monkeypatch):
    monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
    async with scripted_server() as script:
        yield script


@pytest.fixture
async def watcher(script):
    calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
    watcher = AsyncWatcher(script.url, Network(), **calls)
    yield watcher
    await watcher.close()


async def taken(watch, count):
    async with asyncio.timeout(60):
        return [await anext(watch) for _ in range(count)]


def requests(script):
    return len(script.fetched) + script.listed


async def test_a_resync_of_five_thousand_takes_a_hundred_requests_at_most(script, watcher):
    """Of twenty thousand tasks, 200 of them changed; nor does the first look take one each."""
    script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(20_000)}
    watched = [f"t{n}" for n in range(0, 20_000, 4)]
    watch = watcher.watch(watched, WatchOptions(conflate=False))
    await taken(watch, 5000)
    assert requests(script) <= 250
    async with asyncio.timeout(30):
        while watch.state != "live":
            await asyncio.sleep(0.05)

    async def resync(connection, message):
        told = {"type": "resync", "id": message["id"], "reason": "log_truncated"}
        await connection.send(json.dumps(told))
        await confirm(connection, message)

    confirm, script.on_subscribe = script.on_subscribe, resync
    before = requests(script)
    for n in range(0, 20_000, 100):
        script.tasks[f"t{n}"] = changed(f"t{n}", 30_000 + n, version=2, progress=0.5)
    await script.connections[-1].close(1012)
    updates = await taken(watch, 200)
    assert {update.task_id for update in updates} == {f"t{n}" for n in range(0, 20_000, 100)}
    assert requests(script) - before <= 100


class TestPolling:
    def poll(self, watcher, ids, **options):
        return watcher.watch(ids, WatchOptions(transport="poll", **options))

    async def test_a_look_at_many_is_a_page(self, script, watcher):
        """Not one request each."""
        script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(100)}
        watch = self.poll(watcher, list(script.tasks))
        await taken(watch, 100)
        script.tasks["t7"] = changed("t7", 200, version=2, status="completed")
        (update,) = await taken(watch, 1)
        assert (update.type, update.task_id, update.source) == ("completed", "t7", "poll")
        assert script.fetched == []

    async def test_a_deletion_is_found_by_reading_all_of_the_list(self, script, watcher, monkeypatch):
        """The list has become shorter, and nothing on it says why."""
        monkeypatch.setattr(looks_module, "_SHORTER", 0.0)
        script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(150)}
        watch = self.poll(watcher, list(script.tasks))
        await taken(watch, 150)
        await script.until(lambda: script.listed >= 4)
        del script.tasks["t3"]
        (update,) = await taken(watch, 1)
        assert (update.type, update.task_id) == ("deleted", "t3")
        assert script.fetched == ["t3"]

    async def test_where_there_is_no_list_each_is_asked_for(self, script, watcher):
        """A key that may read tasks, and not list them."""
        script.list_error = AuthorizationError("no", status=403)
        script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(30)}
        watch = self.poll(watcher, list(script.tasks))
        await taken(watch, 30)
        assert sorted(set(script.fetched)) == sorted(script.tasks)
        assert script.listed == 1

    async def test_a_list_that_fails_for_a_while_ends_nothing(self, script, watcher):
        """It is asked for again."""
        script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(30)}
        watch = self.poll(watcher, list(script.tasks), check_interval=0.05)
        await taken(watch, 30)
        script.list_error = ServiceUnavailableError("down", status=503)
        asked = script.listed
        await script.until(lambda: script.listed > asked + 1)
        script.list_error = None
        script.tasks["t1"] = changed("t1", 100, version=2, status="failed")
        assert [update.type for update in await taken(watch, 1)] == ["error"]

    async def test_the_rate_limit_is_kept(self, script):
        """What it asks for comes before what moves."""
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watcher = AsyncWatcher(script.url, Network(), **calls, spacing=lambda: 30.0)
        script.tasks = {f"t{n}": changed(f"t{n}", n) for n in range(30)}
        await taken(self.poll(watcher, list(script.tasks)), 30)
        await asyncio.sleep(1.2)
        assert script.listed == 1
        await watcher.close()


@pytest.fixture(scope="module")
def limited():
    """Ten requests at once, and ten a second."""
    with ServerProcess() as process:
        process.start(agents="off", api_key="ak_test", rate_limit=36_000, burst=10)
        yield process


async def test_polls_never_meet_the_rate_limit(kind, limited):
    """They slow down before, however often they are asked for."""
    seen = []

    def note(request, send):
        response = send(request)
        seen.append(response.status)
        return response

    async def note_later(request, send):
        response = await send(request)
        seen.append(response.status)
        return response

    middleware = [note_later if kind.startswith("async") else note]
    async with client(kind, limited.url, api_key="ak_test", middleware=middleware) as c:
        updates = aiter(c.tasks.watch("task-123", transport="poll", check_interval=0.01))
        async with asyncio.timeout(30):
            await anext(updates)
            while len(seen) < 25:
                await asyncio.sleep(0.1)
    assert set(seen) == {200}


async def test_a_real_list_carries_many_polled_watches(kind, idle_server):
    """Changes, ends and a deletion, in both clients."""
    async with client(kind, idle_server.url, api_key="ak_test") as c:
        project = (await c.projects.create(name="p")).id
        ids = [(await c.tasks.create(title=f"{n}", project_id=project)).id for n in range(25)]
        updates = aiter(c.tasks.watch_many(ids, transport="poll"))
        async with asyncio.timeout(20):
            first = {(await anext(updates)).task_id for _ in ids}
            await c.tasks.update(ids[3], progress=0.5)
            moved = await anext(updates)
            await c.tasks.update(ids[4], status="completed")
            ended = await anext(updates)
    assert first == set(ids)
    assert (moved.task_id, moved.progress, moved.source) == (ids[3], 0.5, "poll")
    assert (ended.task_id, ended.type) == (ids[4], "completed")
