"""Faults of time and of programs: odd moments, callbacks, busy consumers, errors within, clocks, forks."""

import asyncio
import logging
import subprocess
import sys
import threading
import time

import pytest
from both import client
from scripted import task
from watching import Followed, ends, kinds, live, until

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk._core.watch import TaskUpdate
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.socket import Socket
from coordinaitor_sdk.exceptions import WatchError
from coordinaitor_sdk.models.task import Task

pytestmark = pytest.mark.anyio


def plain(wrapped):
    """The client or watch itself."""
    return getattr(wrapped, "_wrapped", wrapped)


class TestBetweenSubscriptionAndSnapshot:
    async def test_a_change_that_is_not_pushed_is_in_the_snapshot(self, script, watch):
        """It came before the subscription was in force: the look comes after that."""

        async def change_and_confirm(connection, message):
            script.tasks["t"] = task(version=2, progress=0.5)
            await confirm(connection, message)

        confirm, script.on_subscribe = script.on_subscribe, change_and_confirm
        script.tasks["t"] = task(version=1)
        assert (await watch().next()).progress == 0.5

    @pytest.mark.parametrize("status", ["active", "completed"])
    async def test_a_change_that_overtakes_the_snapshot_is_told_once(self, script, watch, status):
        """What the snapshot says afterwards is older."""
        answered = asyncio.Event()

        async def slow(kind, task_id):
            found = await fetch(kind, task_id)
            await answered.wait()
            return found

        fetch, script.fetch = script.fetch, slow
        script.tasks["t"] = task(version=1)
        followed = watch(conflate=False)
        first = asyncio.ensure_future(followed.next())
        await script.until(lambda: script.fetched)
        await script.push(task(version=2, status=status, progress=0.5))
        assert (await first).task.version == 2
        answered.set()
        if status == "active":
            await script.push(task(version=3, status="completed"))
            assert [update.task.version for update in await followed.rest()] == [3]
        else:
            assert await followed.rest() == []


class TestTimeouts:
    async def test_an_end_in_the_tick_of_the_timeout_is_the_result(self, script, watch, side):
        """It is there: saying that there is none would be wrong."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        waiting = asyncio.ensure_future(followed.watch.result(timeout=0.2))
        await asyncio.sleep(0.1)
        end = TaskUpdate("completed", "t", Task.model_validate(task(version=2, status="completed")), "push")
        watched = plain(followed.watch)
        if side == "async":
            time.sleep(0.2)  # the time is over, and the loop will say so first
            asyncio.get_running_loop().call_soon(lambda: (watched.put(end), watched.end(None)))
        else:
            with watched._news:  # who waits can't wake before this is let go
                time.sleep(0.2)
                watched.put(end)
                watched.end(None)
        async with asyncio.timeout(5):
            assert (await waiting).status == "completed"


class TestInsideCallbacks:
    async def test_the_task_can_be_cancelled(self, api, direct, side):
        """Its end is told by the same callbacks."""
        made, seen = await direct.tasks.create(title="x"), []

        def cancel(update):
            seen.append(update.type)
            if not update.is_final:
                plain(api).tasks.update(made.id, status="cancelled")

        async def cancel_async(update):
            seen.append(update.type)
            if not update.is_final:
                await api.tasks.update(made.id, status="cancelled")

        plain(api.tasks.watch(made.id)).on("update", cancel_async if side == "async" else cancel)
        await until(lambda: seen == ["progress", "cancelled"])

    async def test_the_task_can_be_watched_once_more(self, api, direct, side):
        """The callback waits for an end that only the connection which called it brings."""
        made, seen = await direct.tasks.create(title="x"), []

        def again(update):
            if not update.is_final:
                seen.append("begun")
                seen.extend(kinds(plain(api).tasks.watch(made.id)))

        async def again_async(update):
            if not update.is_final:
                seen.append("begun")
                seen.extend([one.type async for one in api.tasks.watch(made.id)])

        plain(api.tasks.watch(made.id)).on("update", again_async if side == "async" else again)
        await until(lambda: seen)
        await direct.tasks.update(made.id, status="completed")
        await until(lambda: seen[-1] == "completed")
        assert seen.count("completed") == 1

    async def test_the_client_can_be_closed(self, controlled, world, direct, side):
        """It ends all watches, and doesn't wait for the callback that asked for it."""
        made, seen = await direct.tasks.create(title="x"), []
        api = client(side, controlled.url, api_key=world.api_key)

        def close(_):
            plain(api).close()
            seen.append("closed")

        async def close_async(_):
            await api.close()
            seen.append("closed")

        other = Followed(api.tasks.watch(made.id))
        await other.next()
        plain(api.tasks.watch(made.id)).on("update", close_async if side == "async" else close)
        assert await other.rest() == []
        await until(lambda: seen)
        await direct.tasks.update(made.id, status="completed")
        await asyncio.sleep(0.1)
        assert seen == ["closed"]


class TestBusyConsumers:
    @pytest.mark.parametrize("conflate", [True, False])
    async def test_ten_thousand_pushes_while_it_sleeps_cost_a_bounded_queue(self, script, watch, conflate):
        """The newest state and the end are there when it wakes."""
        script.tasks["t"] = task(version=1)
        followed = watch(conflate=conflate)
        await followed.next()
        await followed.becomes("live")
        for version in range(2, 10_002):
            await script.push(task(version=version, progress=version / 20_000))
        await script.push(task(version=10_002, status="completed"))
        watched = plain(followed.watch)
        await until(lambda: watched._ended)
        assert len(watched._queue) <= 1_000
        seen = await followed.rest()
        versions = [update.task.version for update in seen]
        assert versions == sorted(set(versions))
        assert versions[-2:] == [10_001, 10_002]
        assert ends(seen) == ["completed"]
        assert seen[0].conflated
        assert len(seen) == 2 or not conflate

    async def test_code_that_keeps_the_loop_busy_loses_nothing(
        self, api, direct, controlled, world, monkeypatch
    ):
        """For longer than the server may be silent: what came meanwhile is still read, or replayed."""
        made, followed = await live(api, direct)
        monkeypatch.setattr(hub_module, "_SILENT_HEARTBEATS", 0.02)  # 0.3 s
        with Coordinaitor(controlled.url, api_key=world.api_key) as other:
            worker = threading.Thread(target=_work, args=(other, made.id))
            worker.start()
            stop = time.monotonic() + 0.8
            while time.monotonic() < stop or worker.is_alive():
                pass
            worker.join()
        seen = await followed.rest()
        assert [update.progress for update in seen[:-1]] == [0.1, 0.2, 0.3]
        assert kinds(seen)[-1] == "completed"


def _work(other, task_id):
    for progress in (0.1, 0.2, 0.3):
        other.tasks.update(task_id, progress=progress)
    other.tasks.update(task_id, status="completed")


class TestErrorsWithin:
    async def test_a_reader_that_raises_is_begun_anew(self, script, watch, monkeypatch, caplog):
        """It is logged, and the watch goes on: silence would look like a quiet task."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        receive, broken = Socket.receive, [True]

        async def raising(self):
            if broken:
                message = await receive(self)
                raise RuntimeError(broken.pop(), message)
            return await receive(self)

        monkeypatch.setattr(Socket, "receive", raising)
        with caplog.at_level(logging.ERROR, "coordinaitor_sdk"):
            await script.push(task(version=2, progress=0.2))  # the one that is being waited for
            await script.push(task(version=3, progress=0.3))  # the one that is lost
            await script.until(lambda: script.subscriptions(2))
            assert script.subscriptions(2)[0]["since"]["seq"] == 11
            await script.push(task(version=4, status="completed"))
            assert kinds(await followed.rest())[-1] == "completed"
        assert "failed in an unforeseen way" in caplog.text

    async def test_a_sender_that_raises_is_begun_anew(self, script, watch, monkeypatch, caplog):
        """Or later watches would wait for a subscription that nobody sent."""
        script.tasks |= {"t": task(version=1), "u": task("u", version=1)}
        send, broken = Socket.send, [True]

        async def raising(self, text):
            if broken and "taskId" in text and '"u"' in text:
                raise RuntimeError(broken.pop())
            await send(self, text)

        monkeypatch.setattr(Socket, "send", raising)
        with caplog.at_level(logging.ERROR, "coordinaitor_sdk"):
            followed, other = watch(), watch("u")
            await followed.next()
            await followed.becomes("live")
            await other.next()
            await script.until(lambda: len(script.subscriptions(2)) == 2)
            await followed.becomes("live")
            await other.becomes("live")
        for one in ("t", "u"):
            await script.push(task(one, version=2, status="completed"))
        assert kinds(await followed.rest()) == kinds(await other.rest()) == ["completed"]
        assert "failed in an unforeseen way" in caplog.text

    @pytest.mark.parametrize("first", [True, False], ids=["at the first look", "later"])
    async def test_a_look_that_raises_what_it_may_not_surfaces(self, script, watch, first, caplog):
        """The consumer is told, by an error of ours; a next watch works."""
        script.tasks["t"] = RuntimeError("a bug") if first else task(version=1)
        followed = watch(check_interval=0.1)
        with caplog.at_level(logging.CRITICAL, "coordinaitor_sdk"):
            if not first:
                await followed.next()
                script.tasks["t"] = RuntimeError("a bug")
            with pytest.raises(WatchError, match="RuntimeError"):
                await followed.rest()
        script.tasks["t"] = task(version=2, status="completed")
        assert kinds(await watch().rest()) == ["completed"]


class TestClocks:
    async def test_a_clock_that_jumps_changes_nothing(self, side, controlled, world, direct, monkeypatch):
        """A day on and back again: a token may be renewed early, and no silence is made up."""
        login = {"email": world.admin.email, "password": world.admin.password}
        real = time.time
        async with client(side, controlled.url, **login) as api:
            made, followed = await live(api, direct, check_interval=0.3)
            for day, progress in ((1, 0.1), (-1, 0.2), (0, 0.3)):
                monkeypatch.setattr(time, "time", lambda jump=day * 86_400: real() + jump)
                await direct.tasks.update(made.id, progress=progress)
                assert (await followed.next()).progress == progress
                await asyncio.sleep(0.4)  # a look falls due
                assert followed.state == "live"
            await direct.tasks.update(made.id, status="completed")
            assert kinds(await followed.rest()) == ["completed"]


HEAD = """
import asyncio, os, sys, threading, time, warnings
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor
url, key, task = sys.argv[1:]
warnings.filterwarnings("ignore", "This process", DeprecationWarning)  # Python 3.12: of forks with threads
"""

FORK_ASYNC = """
async def main():
    async with AsyncCoordinaitor(url, api_key=key) as client:
        watch = client.tasks.watch(task)
        await anext(watch)
        while watch.state != "live":
            await asyncio.sleep(0.01)
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        await client.tasks.update(task, status="completed")
        async for update in watch:
            print(update.type, update.source)
asyncio.run(main())
"""

FORK_SYNC = """
client = Coordinaitor(url, api_key=key)
watch = client.tasks.watch(task)
next(watch)
while watch.state != "live":
    time.sleep(0.01)
pid = os.fork()
if pid == 0:
    print(next(client.tasks.watch(task)).type, flush=True)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
client.tasks.update(task, status="completed")
for update in watch:
    print(update.type, update.source)
client.close()
"""

EXIT_ASYNC = """
client, told = AsyncCoordinaitor(url, api_key=key), []
async def main():
    held = client.tasks.watch(task).on("update", told.append)
    waiting = asyncio.ensure_future(anext(client.tasks.watch_all()))
    globals().update(held=held, watch=client.tasks.watch(task))
    print((await anext(watch)).type, (await waiting).type)
    while not told:
        await asyncio.sleep(0.01)
asyncio.run(main())
"""

EXIT_SYNC = """
client, told = Coordinaitor(url, api_key=key), []
held = client.tasks.watch(task).on("update", told.append)
threading.Thread(target=lambda: list(client.tasks.watch(task)), daemon=True).start()
watch = client.tasks.watch(task)
print(next(watch).type, next(client.tasks.watch_all()).type)
while not told:
    time.sleep(0.01)
"""


@pytest.fixture
def script_of(side, controlled, world, direct):
    """Runs a program of that client, with warnings as errors, on a task of its own; gives what it prints."""

    async def run(code):
        made = await direct.tasks.create(title="x")
        arguments = [controlled.url, world.api_key, made.id]
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", HEAD + code, *arguments]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=40, check=False
        )
        # asyncio's debug mode also tells of a step over 0.1 s, which a busy machine is enough for.
        told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
        assert (done.returncode, told) == (0, [])
        return done.stdout.splitlines()

    return run


class TestProcesses:
    @pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
    async def test_a_fork_leaves_the_live_connection_to_the_parent(self, script_of, side):
        """The child's end doesn't close it, and a child of the sync client has one of its own."""
        told = await script_of(FORK_ASYNC if side == "async" else FORK_SYNC)
        assert told == (["completed push"] if side == "async" else ["progress", "completed push"])

    async def test_an_exit_with_live_watches_and_callbacks_neither_hangs_nor_warns(self, script_of, side):
        """Held, waited for in a thread, listened to: nobody closes anything."""
        assert await script_of(EXIT_ASYNC if side == "async" else EXIT_SYNC) == ["progress progress"]
