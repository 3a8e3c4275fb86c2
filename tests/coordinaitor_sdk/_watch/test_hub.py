"""Watching against a server that does what no real one does (DESIGN 4, field notes)."""

import asyncio
import gc
import json
import logging
from pathlib import Path

import pytest
from scripted import scripted_server, task

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    ConnectionFailedError,
    ServiceUnavailableError,
    TaskDeletedError,
    WatchTimeoutError,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def script():
    async with scripted_server() as script:
        yield script


@pytest.fixture
async def watcher(script):
    watcher = AsyncWatcher(
        script.url,
        Network(),
        fetch=script.fetch,
        page=script.page,
        headers=script.headers,
        renew=script.renew,
    )
    yield watcher
    await watcher.close()
    assert not hub_tasks(), "a closed watcher leaves no task behind"


def hub_tasks():
    """The running tasks whose code is the hub's, or of the modules beside it."""
    folder = str(Path(hub_module.__file__).parent)
    return [task for task in asyncio.all_tasks() if task.get_coro().cr_code.co_filename.startswith(folder)]


@pytest.fixture
def quick_backoff(monkeypatch):
    monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))


def watch(watcher, *task_ids, check_interval=30.0, **options):
    return watcher.watch(task_ids or ("t",), WatchOptions(check_interval, **options))


async def following(watched):
    async with asyncio.timeout(5):
        return await anext(watched)


class TestFirstSight:
    async def test_it_subscribes_then_takes_one_snapshot(self, script, watcher):
        """In this order, or a change in between is lost."""
        script.tasks["t"] = task(version=1, progress=0.3)
        update = await following(watch(watcher))
        assert (update.type, update.progress, update.source) == ("progress", 0.3, "snapshot")
        assert script.fetched == ["t"]
        assert script.subscriptions()[0]["filters"] == {"taskId": "t"}

    async def test_a_finished_task_yields_its_end_at_once(self, script, watcher):
        """Exactly one update, then the iteration ends."""
        script.tasks["t"] = task(version=1, status="completed")
        assert [update.type async for update in watch(watcher)] == ["completed"]

    async def test_a_task_that_is_gone_ends_as_deleted(self, script, watcher):
        """404 means deleted, or never there."""
        assert [update.type async for update in watch(watcher, "none")] == ["deleted"]

    async def test_without_subscribed_a_snapshot_comes_within_a_second(self, script, watcher):
        """A server that knows only the document never confirms."""
        script.greets = False
        script.tasks["t"] = task()
        watched = watch(watcher)
        assert (await following(watched)).source == "snapshot"
        await script.push(task(progress=0.5))
        assert (await following(watched)).progress == 0.5
        await script.push(task(status="completed"))
        assert (await following(watched)).type == "completed"

    async def test_a_failing_first_look_is_raised(self, script, watcher):
        """Rather than waiting for a server that is not there."""
        script.tasks["t"] = ConnectionFailedError("down")
        with pytest.raises(ConnectionFailedError):
            await following(watch(watcher))

    async def test_no_tasks_is_an_iteration_without_items(self, watcher):
        """An empty list is no error."""
        assert [update async for update in watcher.watch([], WatchOptions())] == []


class TestPushes:
    async def test_steps_come_in_order_and_once(self, script, watcher):
        """Duplicates and stale pushes are dropped."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        for version in (2, 2, 3, 1, 3, 4):
            await script.push(task(version=version, tags=[str(version)]))
        await script.push(task(version=5, status="completed"))
        await script.push(task(version=5, status="completed"), "task.completed")
        updates = [update async for update in watched]
        assert [(update.type, update.task.version) for update in updates] == [
            ("updated", 2), ("updated", 3), ("updated", 4), ("completed", 5),
        ]  # fmt: skip

    async def test_a_deletion_is_honoured_by_its_name(self, script, watcher):
        """The state before it says nothing of it."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.push(task(version=2), "task.deleted")
        assert (await following(watched)).type == "deleted"

    async def test_pushes_of_other_things_are_passed_over(self, script, watcher):
        """Comments, agents, unknown types, odd shapes."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.send({"type": "task.comment_added", "data": {"taskId": "t", "comment": {"id": "c"}}})
        await script.send({"type": "agent.status_changed", "data": {"id": "t"}})
        await script.send({"type": "brand.new", "seq": "odd"})
        await script.send({"type": "task.updated", "data": "odd"})
        await script.push(task(version=2, progress=0.1))
        assert (await following(watched)).progress == 0.1

    @pytest.mark.parametrize("message", ["{not json", "[]", json.dumps({"type": 5})])
    async def test_a_message_that_can_not_be_read_is_made_up_for_by_rest(
        self, script, watcher, message, caplog
    ):
        """It may have been the end."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        script.tasks["t"] = task(version=2, status="completed")
        with caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
            await script.send(message)
            assert (await following(watched)).type == "completed"
        assert "can't be read" in caplog.text

    async def test_a_message_of_a_megabyte_is_read(self, script, watcher):
        """The library's default limit would end every new connection."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.push(task(version=2, description="x" * 3_000_000))
        assert len((await following(watched)).task.description) == 3_000_000


class TestComingBack:
    pytestmark = pytest.mark.usefixtures("quick_backoff")

    async def test_it_resumes_from_the_last_push(self, script, watcher):
        """Without a new snapshot."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.push(task(version=2, progress=0.2))
        await following(watched)
        await script.connections[-1].close(1012)
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 11}
        await script.push(task(version=3, status="completed"))
        assert (await following(watched)).type == "completed"
        assert script.fetched == ["t"]

    async def test_a_heartbeat_moves_quiet_watches_on(self, script, watcher):
        """Or a quiet watch would outlive the log."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.send({"type": "heartbeat", "seq": 99})
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 99}

    async def test_a_loss_in_the_middle_of_a_replay_resumes_from_before_it(self, script, watcher):
        """What a replay brought is not confirmed before `subscribed`."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)

        async def replay_one_and_die(connection, message):
            push = {"type": "task.updated", "seq": 12, "epoch": "e1", "data": task(version=2, progress=0.2)}
            await connection.send(json.dumps(push))
            await connection.close(1011)

        confirm, script.on_subscribe = script.on_subscribe, replay_one_and_die
        await script.connections[-1].close()
        assert (await following(watched)).progress == 0.2
        script.on_subscribe = confirm
        await script.until(
            lambda: len(script.connections) >= 3 and script.subscriptions(len(script.connections))
        )
        assert script.subscriptions(len(script.connections))[0]["since"]["seq"] == 10

    @pytest.mark.parametrize(("reason", "version"), [("log_truncated", 7), ("epoch_changed", 1)])
    async def test_a_resync_is_answered_by_a_snapshot(self, script, watcher, reason, version):
        """A new epoch's versions may be lower; a truncated log's are not."""
        script.tasks["t"] = task(version=5)
        watched = watch(watcher)
        await following(watched)

        async def resync(connection, message):
            await connection.send(json.dumps({"type": "resync", "id": message["id"], "reason": reason}))
            await confirm(connection, message)

        confirm, script.on_subscribe = script.on_subscribe, resync
        script.tasks["t"] = task(version=version, progress=0.7)
        await script.connections[-1].close()
        assert (await following(watched)).progress == 0.7

    async def test_replies_to_an_older_connection_are_ignored(self, script, watcher):
        """A late `subscribed` confirms nothing."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        old = script.subscriptions(1)[0]["id"]
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        await script.send({"type": "subscribed", "id": old, "seq": 500})
        await script.push(task(version=2, progress=0.2))
        await following(watched)
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(3))
        assert script.subscriptions(3)[0]["since"]["seq"] == 11

    async def test_a_connection_silent_past_its_heartbeat_is_dead(self, script, watcher):
        """Open and deaf is not connected."""
        script.heartbeat = 0.1
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.until(lambda: len(script.connections) >= 2)

    async def test_refused_credentials_are_renewed(self, script, watcher):
        """4401 and 4408, with the headers that were refused."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await script.connections[-1].close(4408)
        await script.until(lambda: script.subscriptions(2))
        assert script.renewed == [{"X-API-Key": "key-0"}]
        assert script.connections[-1].request.headers["X-API-Key"] == "key-1"

    async def test_a_failing_look_later_does_not_end_the_watch(self, script, watcher):
        """Only the first one must succeed."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher, check_interval=0.05)
        await following(watched)
        script.tasks["t"] = ServiceUnavailableError("down", status=503)
        seen = len(script.fetched)
        await script.until(lambda: len(script.fetched) > seen + 1)
        script.tasks["t"] = task(version=2, status="completed")
        assert (await following(watched)).type == "completed"

    async def test_credentials_that_no_longer_hold_end_the_watch(self, script, watcher):
        """Waiting would be in vain."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher, check_interval=0.05)
        await following(watched)
        script.tasks["t"] = AuthenticationError("ended", status=401)
        with pytest.raises(AuthenticationError):
            await following(watched)


class TestWithoutASocket:
    @pytest.mark.parametrize("status", [403, 404, 426])
    async def test_rest_carries_a_watch_whose_upgrade_is_refused(self, script, watcher, status):
        """A proxy that blocks the upgrade."""
        script.refuses = status
        script.tasks["t"] = task(version=1)
        watched = watch(watcher, check_interval=0.1)
        assert (await following(watched)).source == "poll"
        script.tasks["t"] = task(version=2, status="completed")
        assert (await following(watched)).type == "completed"

    async def test_a_subscription_that_died_is_found_by_rest(self, script, watcher):
        """The socket lives, and nothing comes."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher, check_interval=0.1)
        await following(watched)
        script.tasks["t"] = task(version=2, status="failed", error={"message": "broke"})
        update = await following(watched)
        assert (update.type, update.error, update.source) == ("error", "broke", "snapshot")

    async def test_a_server_that_hangs_up_at_once_is_not_hammered(self, script, watcher, monkeypatch):
        """The backoff grows until a connection delivers, not until one opens."""
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.1, longest=10.0))
        monkeypatch.setattr(hub_module.random, "random", lambda: 1.0)
        script.hangs_up = True
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        await asyncio.sleep(1.0)
        assert 3 <= len(script.connections) <= 9  # waits of 0.1 s at first, then of a third of the time


class TestReleasing:
    async def test_break_unsubscribes_at_once(self, script, watcher):
        """Nothing refers to the watch any more."""
        script.tasks["t"] = task(version=1)
        async for _ in watch(watcher):
            break
        await script.until(lambda: any(message["type"] == "unsubscribe" for _, message in script.received))

    async def test_the_last_watch_closes_the_connection(self, script, watcher):
        """A moment later: a next watch may come."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        watched.close()
        async with asyncio.timeout(3):
            await script.connections[-1].wait_closed()

    async def test_a_next_watch_shares_the_connection(self, script, watcher):
        """One socket for all."""
        script.tasks |= {"t": task(version=1), "u": task("u", version=1)}
        first, second = watch(watcher), watch(watcher, "u")
        await following(first)
        first.close()
        await following(second)
        assert len(script.connections) == 1

    async def test_closing_the_watcher_ends_its_watches(self, script, watcher):
        """An iteration stops instead of hanging."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        assert hub_tasks()
        waiting = asyncio.ensure_future(_rest(watched))
        await asyncio.sleep(0)
        await watcher.close()
        async with asyncio.timeout(2):
            assert await waiting == []

    async def test_cancelling_a_consumer_loses_nothing(self, script, watcher):
        """The next one gets the update."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(watched), 0.02)
        await script.push(task(version=2, progress=0.5))
        assert (await following(watched)).progress == 0.5

    async def test_opening_and_closing_many_leaves_nothing(self, script, watcher):
        """Registries stay flat."""
        script.tasks["t"] = task(version=1)
        for _ in range(200):
            await following(watch(watcher))
        gc.collect()
        hub = await watcher.hub()
        await asyncio.sleep(0.05)
        assert not hub._registry.watchers
        assert not hub._registry.topics


class TestMany:
    async def test_many_tasks_come_in_one_iteration(self, script, watcher):
        """It ends with the last of them, and each end comes once."""
        ids = [f"t{n}" for n in range(30)]
        script.tasks |= {one: task(one, version=1) for one in ids}
        watched, ends = watch(watcher, *ids), []
        for _ in ids:
            assert (await following(watched)).type == "progress"
        for one in ids:
            await script.push(task(one, version=2, status="completed"))
        async with asyncio.timeout(5):
            ends = [update.task_id async for update in watched]
        assert sorted(ends) == sorted(ids)

    async def test_one_task_may_be_watched_twice(self, script, watcher):
        """Both see everything; there is one subscription."""
        script.tasks["t"] = task(version=1, progress=0.1)
        first = watch(watcher)
        await following(first)
        second = watch(watcher)
        assert (await following(second)).progress == 0.1
        await script.push(task(version=2, status="completed"))
        assert (await following(first)).type == (await following(second)).type == "completed"
        assert len(script.subscriptions()) == 1

    async def test_a_slow_consumer_gets_the_newest_progress_and_the_end(self, script, watcher):
        """Conflated, and told so."""
        script.tasks["t"] = task(version=1)
        watched = watch(watcher)
        await following(watched)
        for n in range(2, 1000):
            await script.push(task(version=n, progress=n / 1000))
        await script.push(task(version=1000, status="completed"))
        await asyncio.sleep(0.5)
        updates = [update async for update in watched]
        assert [update.type for update in updates] == ["progress", "completed"]
        assert updates[0].conflated
        assert updates[0].progress == 0.999


class TestResult:
    async def test_the_outcome_is_returned_or_raised(self, script, watcher):
        """Never a value that is not final."""
        script.tasks["t"] = task(version=1, status="completed")
        assert (await watch(watcher).result()).status == "completed"
        with pytest.raises(TaskDeletedError):
            await watch(watcher, "none").result()

    async def test_a_timeout_tells_the_state(self, script, watcher):
        """The task goes on on the server."""
        script.tasks["t"] = task(version=1)
        with pytest.raises(WatchTimeoutError, match="it is active") as caught:
            await watch(watcher).result(timeout=0.2)
        assert caught.value.task.version == 1


async def _rest(watched):
    return [update async for update in watched]
