"""The fault matrix: what networks and servers do to a watch, against the real server, in both clients."""

import asyncio

import pytest
from both import client
from server_process import ServerProcess
from tcp import tcp_proxy

from coordinaitor_sdk._watch import hub as hub_module

pytestmark = pytest.mark.anyio


@pytest.fixture
async def proxied(kind, idle_server):
    """A client that reaches the server by a proxy, one that reaches it directly, and the proxy."""
    async with (
        tcp_proxy(idle_server.url) as proxy,
        client(kind, proxy.url, api_key="ak_test", timeout=2.0) as c,
        client("async", idle_server.url, api_key="ak_test") as direct,
    ):
        yield c, direct, proxy


async def following(updates):
    async with asyncio.timeout(10):
        return await anext(updates)


async def rest(updates):
    async with asyncio.timeout(15):
        return [update async for update in updates]


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def live(api, direct):
    """A watch that is live, and its task."""
    made = await direct.tasks.create(title="x")
    watch = api.tasks.watch(made.id, conflate=False)
    updates = aiter(watch)
    await following(updates)
    await until(lambda: watch.state == "live")
    return made, watch, updates


class TestConnection:
    async def test_a_reset_connection_is_built_anew_without_a_gap(self, proxied):
        """What came in between is told, in order, each step once."""
        api, direct, proxy = proxied
        made, _, updates = await live(api, direct)
        for progress in (0.1, 0.2, 0.3):
            proxy.reset()
            await direct.tasks.update(made.id, progress=progress)
        await direct.tasks.update(made.id, status="completed")
        seen = await rest(updates)
        assert [update.progress for update in seen[:-1]] == [0.1, 0.2, 0.3]
        assert [update.type for update in seen if update.is_final] == ["completed"]

    async def test_an_end_while_disconnected_is_told(self, proxied):
        """The network comes back later than it."""
        api, direct, proxy = proxied
        made, watch, updates = await live(api, direct)
        proxy.down = True
        proxy.reset()
        await until(lambda: watch.state != "live")
        await direct.tasks.update(made.id, status="failed")
        proxy.down = False
        assert [update.type for update in await rest(updates)] == ["error"]

    async def test_a_deletion_while_disconnected_is_told(self, proxied):
        """As a deletion, once."""
        api, direct, proxy = proxied
        made, watch, updates = await live(api, direct)
        proxy.down = True
        proxy.reset()
        await until(lambda: watch.state != "live")
        await direct.tasks.delete(made.id)
        proxy.down = False
        assert [update.type for update in await rest(updates)] == ["deleted"]

    async def test_connections_accepted_and_closed_at_once_are_asked_for_ever_more_rarely(self, proxied):
        """The backoff grows."""
        api, direct, proxy = proxied
        _, watch, _ = await live(api, direct)
        proxy.down = True
        proxy.reset()
        await until(lambda: watch.state != "live")
        before = proxy.accepted
        await asyncio.sleep(2.0)
        assert proxy.accepted - before <= 12

    async def test_half_open_silence_is_noticed(self, proxied, monkeypatch):
        """Nothing is closed, and nothing comes: the heartbeat is missing."""
        api, direct, proxy = proxied
        made, watch, updates = await live(api, direct)
        proxy.silent = True
        await direct.tasks.update(made.id, status="completed")
        # The real server's heartbeat is 15 s.
        monkeypatch.setattr(hub_module, "_SILENT_HEARTBEATS", 0.02)
        await until(lambda: watch.state != "live")
        monkeypatch.undo()
        proxy.silent = False
        proxy.reset()
        assert [update.type for update in await rest(updates)] == ["completed"]

    @pytest.mark.parametrize("kind", ["async", "sync"])
    async def test_a_killed_server_that_comes_back_ends_the_watch_properly(self, kind, tmp_path):
        """SIGKILL, and a start on the same database."""
        with ServerProcess(tmp_path) as process:
            process.start(agents="off", api_key="ak_test")
            async with client(kind, process.url, api_key="ak_test") as api:
                made, watch, updates = await live(api, api)
                process.kill()
                await until(lambda: watch.state != "live")
                await asyncio.to_thread(process.restart)
                await api.tasks.update(made.id, status="cancelled")
                assert [update.type for update in await rest(updates)] == ["cancelled"]
