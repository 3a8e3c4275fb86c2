"""Faults of the stream: what is pushed is doubled, late, lost, odd or of another history."""

import asyncio
import logging

import pytest
from scripted import task
from watching import Followed, ends, forget_events, kinds, live, until

from coordinaitor_sdk._core.watch_all import Criteria
from coordinaitor_sdk._watch import socket as socket_module
from coordinaitor_sdk.exceptions import ServiceUnavailableError

pytestmark = pytest.mark.anyio


def versions(updates):
    """The versions that updates tell of."""
    return [update.task.version for update in updates]


class TestPushes:
    @pytest.mark.parametrize("fault", ["duplicate", "reorder"])
    async def test_doubled_and_late_pushes_are_told_in_order_and_once(
        self, api, direct, control, world, fault
    ):
        """A step that is overtaken by its successor may be left out, and nothing goes back."""
        made, followed = await live(api, direct)
        with control.fault(world.world, fault, event="task.updated", share=0.5, count=6):
            for progress in range(1, 9):
                await direct.tasks.update(made.id, progress=progress / 10)
            await direct.tasks.update(made.id, status="completed")
            seen = await followed.rest()
        assert versions(seen) == sorted(set(versions(seen)))
        assert ends(seen) == ["completed"]
        if fault == "duplicate":
            assert [update.progress for update in seen[:-1]] == [progress / 10 for progress in range(1, 9)]

    async def test_a_lost_push_is_said_by_the_next_one(self, api, direct, control, world):
        """`conflated`: a step is missing before it."""
        made, followed = await live(api, direct)
        with control.fault(world.world, "drop", event="task.updated"):
            await direct.tasks.update(made.id, progress=0.1)
            await direct.tasks.update(made.id, progress=0.2)
            update = await followed.next()
        assert (update.progress, update.conflated) == (0.2, True)

    async def test_a_lost_end_is_found_by_rest(self, api, direct, control, world):
        """Nothing comes after it that could tell."""
        made, followed = await live(api, direct, check_interval=0.5)
        with control.fault(world.world, "drop", count=2):  # it comes under two names
            await direct.tasks.update(made.id, status="failed")
            seen = await followed.rest()
        assert [(update.type, update.source) for update in seen] == [("error", "snapshot")]

    async def test_partial_data_is_merged(self, script, watch):
        """What a push doesn't hold stays as it was."""
        script.tasks["t"] = task(version=1, tags=["a"])
        followed = watch()
        await followed.next()
        await script.push({"id": "t", "version": 2, "progress": 0.5})
        update = await followed.next()
        assert (update.task.title, update.task.tags, update.progress) == ("T", ["a"], 0.5)

    async def test_unknown_types_and_odd_shapes_are_passed_over(self, script, watch):
        """They end nothing, and say nothing of the task."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        for odd in (
            {"type": "brand.new", "seq": "odd"},
            {"type": "task.exploded", "data": None},
            {"type": "task.updated", "data": "odd"},
            {"type": "task.updated", "data": {"id": ["t"]}},
            {"type": "agent.status_changed", "data": {"id": "t", "status": "completed"}},
            {"type": "heartbeat", "seq": "many"},
            {"type": "ready", "heartbeat": "often"},
            {"type": "subscribed", "id": 7},
        ):
            await script.send(odd)
        await script.push(task(version=2, progress=0.1))
        assert (await followed.next()).progress == 0.1
        assert len(script.connections) == 1

    async def test_a_message_of_three_megabytes_is_read(self, script, watch):
        """The library's default limit is one."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await script.push(task(version=2, description="x" * 3_000_000))
        assert len((await followed.next()).task.description) == 3_000_000


class TestUnreadable:
    @pytest.mark.parametrize("message", ["{not json", "[]", '"text"', '{"type": 5}', "[" * 100_000])
    async def test_it_is_made_up_for_by_rest(self, script, watch, message, caplog):
        """It may have been the end."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        script.tasks["t"] = task(version=2, status="completed")
        with caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
            await script.send(message)
            assert kinds(await followed.rest()) == ["completed"]
        assert "can't be read" in caplog.text
        assert len(script.connections) == 1

    @pytest.mark.parametrize("message", ["{not json", b"\xff\xfe"], ids=["no JSON", "no UTF-8"])
    async def test_one_that_is_replayed_after_each_reconnect_is_not_fatal_twice(self, script, watch, message):
        """The log on the server will not get better."""
        await self._is_survived(script, watch, message)

    async def test_nor_is_one_above_the_limit(self, script, watch, monkeypatch):
        """The connection ends with 1009, and the next one must not ask for the same again."""
        monkeypatch.setattr(socket_module, "MAX_MESSAGE_BYTES", 10_000)
        await self._is_survived(script, watch, "x" * 20_000)

    async def _is_survived(self, script, watch, message):
        async def replay(connection, subscription):
            if subscription.get("since", {}).get("seq") == 10:
                await connection.send(message, text=True)
            await confirm(connection, subscription)

        confirm, script.on_subscribe = script.on_subscribe, replay
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        script.tasks["t"] = task(version=2, progress=0.5)
        await script.connections[-1].close(1012)
        assert (await followed.next()).progress == 0.5
        await followed.becomes("live")
        connected = len(script.connections)
        await script.push(task(version=3, status="completed"))
        assert kinds(await followed.rest()) == ["completed"]
        assert len(script.connections) == connected <= 3


class TestSubscriptions:
    async def test_one_that_is_silent_while_the_socket_lives_is_found_by_rest(self, script, watch):
        """Heartbeats come, pushes don't."""
        script.tasks["t"] = task(version=1)
        followed = watch(check_interval=0.2)
        await followed.next()
        await script.send({"type": "heartbeat", "seq": 11})
        script.tasks["t"] = task(version=2, status="failed", error={"message": "broke"})
        update = await followed.next()
        assert (update.type, update.error, update.source) == ("error", "broke", "snapshot")
        assert len(script.connections) == 1

    async def test_some_of_many_that_are_refused_are_looked_at_by_rest(self, api, direct, control, world):
        """Fast, as where there is no socket, and the others stay live."""
        made = [(await direct.tasks.create(title="x")).id for _ in range(5)]
        with control.fault(world.world, "refuse-subscription", count=2):
            followed = Followed(api.tasks.watch_many(made))
            for _ in made:
                await followed.next()
            await direct.tasks.update(made[0], progress=0.5)
        assert (await followed.next()).progress == 0.5
        for one in made:
            await direct.tasks.update(one, status="completed")
        seen = await followed.rest(within=15.0)  # without: at the next look after 30 s
        assert sorted(update.task_id for update in seen if update.is_final) == sorted(made)
        assert {update.source for update in seen} >= {"push"}

    async def test_a_quiet_watch_outlives_the_log(self, script, watch):
        """Heartbeats move it on, so that it never resumes from what is no longer kept."""
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        await script.send({"type": "heartbeat", "seq": 99_999})
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 99_999}


class TestHistories:
    async def test_a_truncated_log_is_made_up_for_by_rest(self, proxied, direct, proxy, controlled):
        """It begins after what the client has seen: steps are left out, and that is said."""
        made, followed = await live(proxied, direct)
        proxy.down = True
        proxy.reset()
        await until(lambda: followed.state != "live")
        for progress in (0.1, 0.2, 0.3):
            await direct.tasks.update(made.id, progress=progress)
        forget_events(controlled.database)
        proxy.down = False
        update = await followed.next()
        assert (update.progress, update.conflated, update.source) == (0.3, True, "snapshot")
        await direct.tasks.update(made.id, status="completed")
        assert kinds(await followed.rest()) == ["completed"]

    async def test_a_restored_server_is_believed(self, api, direct, control, world):
        """Another epoch: versions begin lower, and what was seen before holds no more."""
        made, followed = await live(api, direct)
        control.snapshot(world.world, "before")
        for progress in (0.1, 0.2, 0.9):
            await direct.tasks.update(made.id, progress=progress)
            assert (await followed.next()).progress == progress
        control.restore(world.world, "before")
        assert (await followed.next()).progress == 0.0
        await direct.tasks.update(made.id, progress=0.3)
        assert (await followed.next()).progress == 0.3
        await direct.tasks.update(made.id, status="cancelled")
        assert kinds(await followed.rest()) == ["cancelled"]

    async def test_a_reset_server_has_no_such_task(self, api, direct, control, world):
        """It ends as deleted."""
        _, followed = await live(api, direct)
        control.reset(world.world)
        assert kinds(await followed.rest()) == ["deleted"]

    @pytest.mark.parametrize("seq", [3, 10, 50])
    async def test_another_epoch_is_noticed_though_the_server_says_nothing(self, script, watch, seq):
        """An old sequence that fits into the new history must not pass as resumed."""
        script.tasks["t"] = task(version=9, progress=0.9)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        script.epoch, script.seq = "e2", seq
        script.tasks["t"] = task(version=2, progress=0.2)
        await script.connections[-1].close()
        assert (await followed.next()).progress == 0.2
        await script.push(task(version=3, progress=0.3))
        assert (await followed.next()).progress == 0.3

    async def test_a_watch_of_all_notices_another_epoch_too(self, script, watch):
        """Its list is swept, and lower versions are believed."""
        script.tasks["t"] = task(version=9, progress=0.9)
        followed = watch(criteria=Criteria())
        await followed.next()
        await script.until(lambda: script.listed and script.subscriptions(1))
        await script.push(task(version=10, progress=0.95))
        assert (await followed.next()).progress == 0.95
        script.epoch, script.seq = "e2", 50
        script.tasks["t"] = task(version=2, progress=0.2)
        await script.connections[-1].close()
        assert (await followed.next()).progress == 0.2

    @pytest.mark.parametrize("reason", ["log_truncated", "slow_consumer"])
    async def test_a_resync_is_answered_by_a_snapshot(self, script, watch, reason):
        """What was pushed in between is not in the log, or was dropped."""
        script.tasks["t"] = task(version=5)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        script.tasks["t"] = task(version=7, progress=0.7)
        subscription = script.subscriptions(1)[0]["id"]
        await script.send({"type": "resync", "id": subscription, "reason": reason})
        await script.send({"type": "subscribed", "id": subscription, "seq": 99})
        update = await followed.next()
        assert (update.progress, update.conflated) == (0.7, True)

    async def test_it_resumes_where_no_event_has_come_yet(self, script, watch):
        """Number 0 is a position."""
        script.seq = 0
        script.tasks["t"] = task(version=1)
        followed = watch()
        await followed.next()
        await followed.becomes("live")
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 0}
        await script.push(task(version=2, status="completed"))
        assert kinds(await followed.rest()) == ["completed"]
        assert script.fetched == ["t"]


class TestSnapshots:
    async def test_one_that_is_older_than_what_was_pushed_is_dropped(self, script, watch):
        """It was on its way while the push overtook it."""
        answered = asyncio.Event()

        async def slow(kind, task_id):
            found = await fetch(kind, task_id)
            if len(script.fetched) == 2:
                await answered.wait()
            return found

        fetch, script.fetch = script.fetch, slow
        script.tasks["t"] = task(version=1)
        followed = watch(conflate=False, check_interval=0.2)
        assert (await followed.next()).task.version == 1
        await script.until(lambda: len(script.fetched) == 2)
        script.tasks["t"] = task(version=2, progress=0.5)
        await script.push(script.tasks["t"])
        assert (await followed.next()).task.version == 2
        answered.set()
        await script.until(lambda: len(script.fetched) > 2)
        await script.push(task(version=3, status="completed"))
        assert versions(await followed.rest()) == [3]

    @pytest.mark.parametrize("fault", ["truncate", "reset"])
    async def test_one_that_fails_half_way_is_taken_again(self, api, direct, control, world, fault):
        """The first one too."""
        made = await direct.tasks.create(title="x")
        await direct.tasks.update(made.id, progress=0.5)
        options = {"when": "after"} if fault == "reset" else {}
        with control.fault(world.world, fault, operation="get_task", **options):
            followed = Followed(api.tasks.watch(made.id))
            assert (await followed.next()).progress == 0.5
        await direct.tasks.update(made.id, status="completed")
        assert kinds(await followed.rest()) == ["completed"]

    async def test_a_list_that_fails_half_way_deletes_nothing(self, script, watch):
        """Tasks on pages that didn't come are not gone."""

        async def broken(kind, number, filters):
            if failing and number == 2:
                script.list_error = ServiceUnavailableError("down", status=503)
            return await page(kind, number, filters)

        page, script.page, failing = script.page, broken, []
        script.tasks |= {f"t{n:03}": task(f"t{n:03}", version=1) for n in range(150)}
        followed = watch(criteria=Criteria(), check_interval=0.2)
        first = [await followed.next() for _ in range(150)]
        failing.append(True)
        await script.until(lambda: script.list_error is not None)
        listed = script.listed
        await script.until(lambda: script.listed > listed)
        failing.clear()
        script.list_error = None
        script.tasks["t149"] = task("t149", version=2, status="completed")
        update = await followed.next()
        assert len({one.task_id for one in first}) == 150
        assert (update.task_id, update.type) == ("t149", "completed")


class TestOnlyTheDocument:
    async def test_a_server_without_version_number_and_confirmation_does(self, script, watch):
        """Pushes are all that it sends: looks by REST frame them."""
        script.greets = False
        script.tasks["t"] = task()
        followed = watch(conflate=False)
        assert (await followed.next()).source == "snapshot"
        for progress in (0.2, 0.2, 0.5):
            await script.push(task(progress=progress))
        seen = [await followed.next(), await followed.next()]
        assert [update.progress for update in seen] == [0.2, 0.5]
        script.tasks["t"] = task(progress=0.8)
        await script.connections[-1].close()
        await script.until(lambda: script.subscriptions(2))
        assert "since" not in script.subscriptions(2)[0]
        assert (await followed.next()).progress == 0.8
        await script.push(task(status="completed"))
        await script.push(task(status="completed"), "task.completed")
        assert kinds(await followed.rest()) == ["completed"]

    async def test_it_does_for_a_watch_of_all_too(self, script, watch):
        """After each reconnect the list is swept: nothing says what was missed."""
        script.greets = False
        script.tasks["t"] = task(progress=0.1)
        followed = watch(criteria=Criteria())
        assert (await followed.next()).progress == 0.1
        script.tasks["t"] = task(progress=0.8)
        await script.connections[-1].close()
        assert (await followed.next()).progress == 0.8
