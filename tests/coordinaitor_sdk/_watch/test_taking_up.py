"""A watch that is put down and taken up, in both clients and against a server that does what it is told."""

import asyncio
import json

import pytest
from both import client
from scripted import scripted_server, task

from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.exceptions import InvalidArgumentError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def script():
    async with scripted_server() as script:
        yield script


@pytest.fixture
async def opened(script):
    """Makes a watch of a client of its own, as another process would."""
    watchers = []

    def opened(resume=None, ids=("t",)):
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watchers.append(AsyncWatcher(script.url, Network(), **calls))
        return watchers[-1].watch(ids, WatchOptions(resume=resume))

    yield opened
    for watcher in watchers:
        await watcher.close()


async def following(watched):
    async with asyncio.timeout(5):
        return await anext(watched)


async def taken(updates, count):
    async with asyncio.timeout(10):
        return [await anext(updates) for _ in range(count)]


class TestAgainstTheServer:
    async def test_another_client_goes_on_without_gap_or_repeat(self, kind, idle_server):
        """Each step is told once over both, those in between too."""
        async with client(kind, idle_server.url, api_key="ak_test") as first:
            made = await first.tasks.create(title="x")
            watch = first.tasks.watch(made.id)
            updates = aiter(watch)
            seen = await taken(updates, 1)
            await first.tasks.update(made.id, status="active")
            seen += await taken(updates, 1)
            token = watch.token
        async with client(kind, idle_server.url, api_key="ak_test") as second:
            for progress in (0.1, 0.2, 0.3):
                await second.tasks.update(made.id, progress=progress)
            resumed = aiter(second.tasks.watch(made.id, resume=token, conflate=False))
            seen += await taken(resumed, 3)
            await second.tasks.update(made.id, status="completed")
            seen += [update async for update in resumed]
        versions = [update.task.version for update in seen]
        assert versions == list(range(versions[0], versions[0] + len(versions)))
        assert [update.type for update in seen] == ["progress"] * 5 + ["completed"]
        assert not any(update.conflated for update in seen)

    async def test_an_end_that_came_meanwhile_is_told_and_one_already_told_is_not(self, kind, idle_server):
        """Terminal updates come exactly once over both."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            ids = [(await c.tasks.create(title="x")).id for _ in range(2)]
            await c.tasks.update(ids[0], status="cancelled")
            watch = c.tasks.watch_many(ids)
            await taken(aiter(watch), 2)
            token = watch.token
            await c.tasks.delete(ids[1])
            rest = [update async for update in c.tasks.watch_many(ids, resume=token)]
        assert [(update.task_id, update.type) for update in rest] == [(ids[1], "deleted")]


class TestTokens:
    async def test_what_was_told_is_not_told_again(self, script, opened):
        """Not even the first sight; the server is asked for what came after."""
        script.tasks["t"] = task(version=4, progress=0.4)
        watched = opened()
        await following(watched)
        resumed = opened(watched.token)
        waiting = asyncio.ensure_future(following(resumed))
        await script.until(lambda: script.subscriptions(2))
        assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 10}
        await script.until(lambda: script.fetched.count("t") >= 2)
        await script.push(task(version=5, agentId="a"))
        update = await waiting
        assert (update.type, update.task.version) == ("assigned", 5)

    async def test_it_stands_where_the_consumer_has_read_to(self, script, opened):
        """Updates that wait in the queue are told to the next one."""
        script.tasks["t"] = task(version=1)
        watched = opened()
        await following(watched)
        script.tasks["t"] = task(version=2, tags=["a"])
        await script.push(script.tasks["t"])
        await asyncio.sleep(0.2)
        assert (await following(opened(watched.token))).task.version == 2

    async def test_another_history_is_told_whatever_its_versions(self, script, opened):
        """A token of an epoch that is no more."""
        script.tasks["t"] = task(version=9, progress=0.9)
        watched = opened()
        await following(watched)
        script.epoch, script.seq = "e2", 1
        script.tasks["t"] = task(version=1, progress=0.1)

        async def resync(connection, message):
            if "since" in message:
                reply = {"type": "resync", "id": message["id"], "reason": "epoch_changed"}
                await connection.send(json.dumps(reply))
            await confirm(connection, message)

        confirm, script.on_subscribe = script.on_subscribe, resync
        assert (await following(opened(watched.token))).progress == 0.1

    async def test_a_server_without_numbers_does(self, script, opened):
        """The task's own state tells what is new."""
        script.greets = False
        script.tasks["t"] = task(progress=0.4)
        watched = opened()
        await following(watched)
        resumed = opened(watched.token)
        waiting = asyncio.ensure_future(following(resumed))
        await script.until(lambda: script.fetched.count("t") >= 2)
        await script.push(task(progress=0.5))
        assert (await waiting).progress == 0.5

    async def test_where_all_has_ended_nothing_is_asked(self, script, opened):
        """The iteration has no items."""
        script.tasks["t"] = task(version=1, status="completed")
        watched = opened()
        await following(watched)
        asked = len(script.fetched)
        assert [update async for update in opened(watched.token)] == []
        assert len(script.fetched) == asked

    @pytest.mark.parametrize("token", ["", "{}", "[]", "text", '{"format": 2}', '{"format": 1, "known": 1}'])
    async def test_what_is_no_token_is_refused_at_once(self, opened, token):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError, match="token"):
            opened(token)
