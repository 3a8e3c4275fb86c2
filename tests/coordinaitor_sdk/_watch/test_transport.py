"""How updates come, what a watch tells of that, and what it does where there is no WebSocket."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from both import client
from scripted import scripted_server, task

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import ConnectionFailedError, InvalidArgumentError, WatchError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def script(monkeypatch):
    monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.05, longest=0.1))
    async with scripted_server() as script:
        script.tasks["t"] = task(version=1)
        yield script


@pytest.fixture
async def watch(script):
    calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
    watcher = AsyncWatcher(script.url, Network(), **calls)
    yield lambda **options: watcher.watch(("t",), WatchOptions(**options))
    await watcher.close()


async def following(updates):
    async with asyncio.timeout(5):
        return await anext(updates)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


class TestBothClients:
    async def test_polling_carries_a_watch_to_its_end(self, kind, idle_server):
        """No WebSocket is opened; each update says where it comes from."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            made = await c.tasks.create(title="x")
            watch = c.tasks.watch(made.id, transport="poll")
            updates = aiter(watch)
            seen = [await following(updates)]
            assert watch.state in {"resuming", "polling"}
            await c.tasks.update(made.id, progress=0.5)
            seen.append(await following(updates))
            assert watch.state == "polling"
            await c.tasks.delete(made.id)
            seen.append(await following(updates))
        assert [update.type for update in seen] == ["progress", "progress", "deleted"]
        assert {update.source for update in seen} == {"poll"}

    async def test_a_live_watch_says_so(self, kind, idle_server):
        """And when it was last confirmed."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            made = await c.tasks.create(title="x")
            watch = c.tasks.watch(made.id)
            assert (watch.state, watch.last_confirmed_at) == ("resuming", None)
            await following(aiter(watch))
            await until(lambda: watch.state == "live")
            confirmed = await asyncio.to_thread(lambda: watch.last_confirmed_at)
        assert abs((datetime.now(UTC) - confirmed).total_seconds()) < 5

    async def test_a_transport_that_there_is_not_is_refused(self, kind, idle_server):
        """Before anything is sent."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            with pytest.raises(InvalidArgumentError, match="auto, websocket, poll"):
                c.tasks.watch("task-123", transport="smoke")


class TestStates:
    async def test_each_change_is_told(self, script, watch):
        """Live, lost, live again."""
        watched, states = watch(), []
        watched.on("state", lambda state: states.append(state))
        await until(lambda: states == ["live"])
        script.refuses = 503
        await script.connections[-1].close(1012)
        await until(lambda: states[-1] == "polling")
        script.refuses = None
        await until(lambda: states[-1] == "live")
        assert states == ["live", "resuming", "polling", "live"] or states == [
            "live", "resuming", "polling", "resuming", "live",
        ]  # fmt: skip

    async def test_neither_socket_nor_rest_is_stale(self, script, watch):
        """What is known may be out of date; the moment of the last confirmation stays."""
        watched = watch(check_interval=0.05)
        await following(watched)
        script.refuses, script.tasks["t"] = 503, ConnectionFailedError("down")
        await script.connections[-1].close(1012)
        await until(lambda: watched.state == "stale")
        before = watched.last_confirmed_at
        await asyncio.sleep(0.1)
        assert abs((watched.last_confirmed_at - before).total_seconds()) < 0.05
        script.refuses, script.tasks["t"] = None, task(version=2, status="completed")
        assert (await following(watched)).type == "completed"

    async def test_a_short_restart_sends_nobody_to_polling(self, script, watch):
        """Only a server that answers without a WebSocket does."""
        watched, states = watch(), []
        watched.on("state", lambda state: states.append(state))
        await until(lambda: states == ["live"])
        for _ in range(3):
            await script.connections[-1].close(1012)
            await until(lambda: states[-1] == "live")
            await script.until(lambda: script.connections[-1].state.name == "OPEN")
        assert "polling" not in states

    async def test_a_refusal_that_may_pass_is_tried_again_first(self, script, watch):
        """A proxy says 503 while the server behind it restarts."""
        watched, states = watch(), []
        watched.on("state", lambda state: states.append(state))
        await until(lambda: states == ["live"])
        script.refuses = 503
        await script.connections[-1].close(1012)
        await until(lambda: states[-1] == "resuming")
        script.refuses = None
        await until(lambda: states[-1] == "live")
        assert "polling" not in states

    async def test_it_is_logged(self, script, watch, caplog):
        """Once a change, not once a look."""
        script.refuses = 404
        with caplog.at_level(logging.INFO, "coordinaitor_sdk"):
            watched = watch(check_interval=0.1)
            await following(watched)
            await until(lambda: watched.state == "polling")
            await asyncio.sleep(0.4)
            script.refuses = None
            await until(lambda: watched.state == "live")
        assert caplog.text.count("watches poll by REST") == 1
        assert "watches are live again" in caplog.text


class TestChoice:
    async def test_poll_never_connects(self, script, watch):
        """Looks are all that there is."""
        watched = watch(transport="poll")
        assert (await following(watched)).source == "poll"
        script.tasks["t"] = task(version=2, status="completed")
        assert (await following(watched)).type == "completed"
        assert script.connections == []

    async def test_looks_get_rarer_while_nothing_moves(self, script, watch):
        """And fast again when something does."""
        watched = watch(transport="poll")
        await following(watched)
        await asyncio.sleep(4.0)
        assert 3 <= len(script.fetched) <= 6  # after 0, 0.5, 1.25, 2.4, 4.1 seconds, more or less

    async def test_websocket_alone_ends_where_it_is_refused(self, script, watch):
        """The error says what to do."""
        script.refuses = 404
        watched = watch(transport="websocket")
        with pytest.raises(WatchError, match="transport='auto'"):
            await following(watched)

    async def test_websocket_alone_ends_where_the_way_to_one_is_not_known(self, script):
        """The first such watch, and one beside others that poll."""
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watcher = AsyncWatcher(None, Network(), **calls)
        for _ in range(2):
            with pytest.raises(WatchError, match="transport='auto'"):
                async with asyncio.timeout(5):
                    [update async for update in watcher.watch(("t",), WatchOptions(transport="websocket"))]
            assert (await following(watcher.watch(("t",), WatchOptions()))).task_id == "t"
        await watcher.close()

    async def test_a_second_watch_brings_the_connection(self, script, watch):
        """One that polls and one that doesn't share a task."""
        polling, live = watch(transport="poll"), watch()
        await following(polling)
        await following(live)
        await script.until(lambda: script.subscriptions())
        await script.push(task(version=2, status="completed"))
        ends = [(await following(one)).type for one in (polling, live)]
        assert ends == ["completed", "completed"]
