"""Faults of the connection: it breaks, ends, falls silent, is refused, or comes back at odd moments."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from both import client
from scripted import task
from server_process import ServerProcess
from watching import ends, forget_events, kinds, live, until

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._watch import hub as hub_module

pytestmark = pytest.mark.anyio


class Recorded:
    """A policy that waits for a moment only, and knows for how long the connection was lost then."""

    def __init__(self):
        self.lost_for = []

    def wait(self, lost_for, _random):
        self.lost_for.append(lost_for)
        return 0.01


class TestLosses:
    async def test_a_reset_connection_is_built_anew_without_a_gap(self, proxied, direct, proxy):
        """What came in between is told, in order, each step once."""
        made, followed = await live(proxied, direct)
        for progress in (0.1, 0.2, 0.3):
            proxy.reset()
            await direct.tasks.update(made.id, progress=progress)
        await direct.tasks.update(made.id, status="completed")
        seen = await followed.rest()
        assert [update.progress for update in seen[:-1]] == [0.1, 0.2, 0.3]
        assert ends(seen) == ["completed"]

    @pytest.mark.parametrize("code", [1000, 1001, 1011, 1012])
    async def test_a_clean_close_is_not_the_end_of_the_task(self, api, direct, control, world, code):
        """An end of the stream says nothing of the task; what was not pushed is replayed."""
        made, followed = await live(api, direct)
        with control.fault(world.world, "close", code=code, event="task.updated"):
            for progress in (0.1, 0.2):
                await direct.tasks.update(made.id, progress=progress)
            seen = [await followed.next(), await followed.next()]
        await direct.tasks.update(made.id, status="completed")
        seen += await followed.rest()
        assert [update.progress for update in seen[:-1]] == [0.1, 0.2]
        assert kinds(seen) == ["progress", "progress", "completed"]

    async def test_a_killed_server_that_comes_back_ends_the_watch_properly(self, side, tmp_path):
        """SIGKILL, and a start on the same database."""
        with ServerProcess(tmp_path) as process:
            process.start(agents="off", api_key="ak_test")
            async with client(side, process.url, api_key="ak_test") as api:
                made, followed = await live(api, api)
                process.kill()
                await until(lambda: followed.state != "live")
                await asyncio.to_thread(process.restart)
                await api.tasks.update(made.id, status="cancelled")
                assert kinds(await followed.rest()) == ["cancelled"]

    async def test_half_open_silence_is_noticed(self, proxied, direct, proxy, monkeypatch):
        """Nothing is closed, and nothing comes: the heartbeat is missing."""
        made, followed = await live(proxied, direct)
        proxy.silent = True
        await direct.tasks.update(made.id, status="completed")
        # The real server's heartbeat is 15 s.
        monkeypatch.setattr(hub_module, "_SILENT_HEARTBEATS", 0.02)
        await until(lambda: followed.state != "live")
        monkeypatch.setattr(hub_module, "_SILENT_HEARTBEATS", 2.5)
        proxy.silent = False
        proxy.reset()
        assert kinds(await followed.rest()) == ["completed"]

    async def test_a_server_that_falls_silent_by_itself_is_noticed(
        self, api, direct, control, world, monkeypatch
    ):
        """The kernel still answers for it; the next connection has what it kept back."""
        made, followed = await live(api, direct)
        with control.fault(world.world, "half-open"):
            await direct.tasks.update(made.id, progress=0.5)
        await direct.tasks.update(made.id, status="failed")
        monkeypatch.setattr(hub_module, "_SILENT_HEARTBEATS", 0.05)
        assert kinds(await followed.rest()) == ["progress", "error"]


class TestWhileDisconnected:
    @pytest.mark.parametrize("end", ["failed", "deleted"])
    async def test_an_end_is_told_afterwards(self, proxied, direct, proxy, end):
        """Once, and as what it was."""
        made, followed = await live(proxied, direct)
        proxy.down = True
        proxy.reset()
        await until(lambda: followed.state != "live")
        if end == "deleted":
            await direct.tasks.delete(made.id)
        else:
            await direct.tasks.update(made.id, status=end)
        proxy.down = False
        assert kinds(await followed.rest()) == ["error" if end == "failed" else "deleted"]

    async def test_a_network_that_is_back_during_the_longest_wait_is_found(
        self, proxied, direct, proxy, monkeypatch
    ):
        """The wait has an upper end, and the watch goes on after it without being touched."""
        made, followed = await live(proxied, direct)
        monkeypatch.setattr(hub_module, "_RECONNECT", longest := Recorded())
        proxy.down = True
        proxy.reset()
        await until(lambda: len(longest.lost_for) > 6)
        await direct.tasks.update(made.id, progress=0.5)
        proxy.down = False
        assert (await followed.next()).progress == 0.5
        await followed.becomes("live")
        await direct.tasks.delete(made.id)
        assert kinds(await followed.rest()) == ["deleted"]
        assert Reconnect().wait(1_000.0, lambda: 1.0) == 10.0

    @pytest.mark.slow
    async def test_a_process_suspended_for_longer_than_token_and_log_last_goes_on(self, side, tmp_path):
        """A laptop that slept: the steps in between may be left out, the end is not."""
        with ServerProcess(tmp_path) as process:
            process.start(agents="off", api_key="ak_test", access_token_ttl=1)
            async with client("async", process.url, api_key="ak_test") as direct:
                made = await direct.tasks.create(title="x")
                with watching_process(side, process, made.id) as watching:
                    first = await asyncio.to_thread(watching.stdout.readline)
                    os.kill(watching.pid, signal.SIGSTOP)
                    for progress in (0.1, 0.2, 0.3):
                        await direct.tasks.update(made.id, progress=progress)
                    await asyncio.sleep(1.2)
                    forget_events(process.database)
                    os.kill(watching.pid, signal.SIGCONT)
                    second = await asyncio.to_thread(watching.stdout.readline)
                    await direct.tasks.update(made.id, status="completed")
                    rest, errors = await asyncio.to_thread(watching.communicate, timeout=30)
        assert (first, second, rest, errors) == ("progress 0.0\n", "progress 0.3\n", "completed 1.0\n", "")
        assert watching.returncode == 0


WATCHING = """
import asyncio, sys
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor
side, url, email, password, task = sys.argv[1:]
def told(update):
    print(update.type, update.progress, flush=True)
async def main():
    async with AsyncCoordinaitor(url, email=email, password=password) as client:
        async for update in client.tasks.watch(task):
            told(update)
if side == "async":
    asyncio.run(main())
else:
    with Coordinaitor(url, email=email, password=password) as client:
        for update in client.tasks.watch(task):
            told(update)
"""


def watching_process(side, server, task_id):
    """A process of its own that watches a task and prints what it is told."""
    login = (server.url, server.admin_email, server.admin_password)
    command = [sys.executable, "-W", "error", "-c", WATCHING, side, *login, task_id]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestBackoff:
    @pytest.mark.parametrize("greets", [False, True], ids=["at once", "after its greeting"])
    async def test_it_grows_while_connections_are_accepted_and_closed(
        self, script, watch, monkeypatch, greets
    ):
        """Only one that delivered counts as a success."""
        monkeypatch.setattr(hub_module, "_RECONNECT", recorded := Recorded())
        script.tasks["t"] = task(version=1)
        script.hangs_up = not greets

        async def confirm_and_close(connection, message):
            await confirm(connection, message)
            await connection.close(1011)

        confirm, script.on_subscribe = script.on_subscribe, confirm_and_close
        followed = watch()
        await followed.next()
        await until(lambda: len(recorded.lost_for) >= 6)
        assert sorted(set(recorded.lost_for)) == recorded.lost_for
        assert recorded.lost_for[5] >= 5 * 0.01

    async def test_it_begins_anew_once_a_connection_has_delivered(self, script, watch, monkeypatch):
        """One loss a day must not add up."""
        monkeypatch.setattr(hub_module, "_RECONNECT", recorded := Recorded())
        script.tasks["t"] = task(version=1)
        followed = watch(conflate=False)
        await followed.next()
        for version in (2, 3, 4):
            await script.until(lambda: script.subscriptions(len(script.connections)))
            await script.push(task(version=version, progress=version / 10))
            assert (await followed.next()).task.version == version
            connected = len(script.connections)
            await script.connections[-1].close(1011)
            await script.until(lambda before=connected: len(script.connections) > before)
        assert recorded.lost_for == [0.0, 0.0, 0.0]


class TestGenerations:
    async def test_two_triggers_at_once_make_one_new_connection(self, script, watch):
        """Silence is found at about the time at which the server closes and the line breaks."""
        script.tasks["t"] = task(version=1)
        script.heartbeat = 0.08
        followed = watch()
        await followed.next()
        script.heartbeat = 15.0
        await asyncio.sleep(0.18)
        closing = asyncio.ensure_future(script.connections[-1].close(1012))
        await asyncio.sleep(0)
        script.connections[-1].transport.abort()  # the handshake of the close is cut short
        await asyncio.gather(closing, return_exceptions=True)
        await script.until(lambda: script.subscriptions(2))
        await script.push(task(version=2, progress=0.5))
        assert (await followed.next()).progress == 0.5
        await asyncio.sleep(0.5)
        assert len(script.connections) == 2
        assert len(script.subscriptions(2)) == 1

    async def test_late_replies_to_the_old_connection_are_ignored(self, script, watch):
        """They neither confirm nor undo what the new one was told."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        old = script.subscriptions(1)[0]["id"]
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        await script.push(task(version=2, progress=0.2))
        assert (await followed.next()).progress == 0.2
        await script.send({"type": "subscribed", "id": old, "seq": 500})
        await script.send({"type": "resync", "id": old, "reason": "epoch_changed"})
        await script.send({"type": "error", "id": old, "code": "AUTHORIZATION_ERROR", "message": "late"})
        await script.push(task(version=3, progress=0.3))
        assert (await followed.next()).progress == 0.3
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(3))
        assert script.subscriptions(3)[0]["since"] == {"epoch": "e1", "seq": 12}
        assert script.fetched == ["t"]
