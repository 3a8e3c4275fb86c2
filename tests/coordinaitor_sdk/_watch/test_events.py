"""The live feed, in both clients: typed events, filters, reconnects without a gap, and word of gaps."""

import asyncio
import gc

import pytest
from both import client
from scripted import scripted_server, task
from server_process import ServerProcess
from tcp import tcp_proxy

from coordinaitor_sdk import (
    AgentEvent,
    AuthenticationError,
    AuthorizationError,
    ConnectionFailedError,
    InvalidArgumentError,
    ProjectEvent,
    Resync,
    TaskEvent,
    WatchError,
    WebhookEvent,
)
from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch import events as events_module
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.aio import AsyncWatcher

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def following(feed):
    async with asyncio.timeout(10):
        return await anext(feed)


async def taken(feed, count):
    return [await following(feed) for _ in range(count)]


class TestEvents:
    async def test_all_that_happens_after_the_start_is_told_once_and_in_order(self, api):
        """Under every name that the server gives it."""
        async with api.events("tasks") as feed:
            made = await api.tasks.create(title="x")
            await api.tasks.update(made.id, status="completed")
            await api.tasks.delete(made.id)
            seen = await taken(aiter(feed), 6)
        assert [event.event for event in seen] == [
            "task.updated", "task.created", "task.updated", "task.completed", "task.updated", "task.deleted",
        ]  # fmt: skip
        assert {event.data.id for event in seen} == {made.id}
        assert [event.seq for event in seen] == list(range(seen[0].seq, seen[0].seq + 6))
        assert all(isinstance(event, TaskEvent) for event in seen)

    async def test_an_event_is_what_a_webhook_would_be_told(self, api):
        """`to_dict` gives what came, with the organization."""
        async with api.events("tasks") as feed:
            made = await api.tasks.create(title="x")
            event = await following(aiter(feed))
        assert event.organization.id == "org-456"
        assert event.timestamp == made.created_at
        assert event.to_dict()["data"] == (await api.tasks.get(made.id)).to_dict()

    async def test_each_channel_has_its_kind_of_event(self, api):
        """Agents and projects are typed as tasks are."""
        async with api.events("agents") as agents, api.events("projects") as projects:
            await api.agents.create(name="Bot", type="coding", model="m")
            await api.projects.create(name="P")
            agent, project = await following(aiter(agents)), await following(aiter(projects))
        assert isinstance(agent, AgentEvent)
        assert agent.data.name == "Bot"
        assert isinstance(project, ProjectEvent)
        assert project.data.name == "P"

    async def test_what_is_about_no_task_itself_keeps_its_form(self, api):
        """A comment carries the task's id, and itself."""
        made = await api.tasks.create(title="x")
        async with api.events("tasks", {"task_id": made.id}) as feed:
            await api.tasks.add_comment(made.id, "hello")
            event = await following(aiter(feed))
        assert (event.event, type(event)) == ("task.comment_added", WebhookEvent)
        assert event.data["comment"]["content"] == "hello"

    async def test_filters_hold_beside_other_feeds_and_watches(self, api):
        """All come over one socket; each gets its own."""
        project = (await api.projects.create(name="p")).id
        other = await api.tasks.create(title="other")
        watch = aiter(api.tasks.watch(other.id))
        await following(watch)
        async with (
            api.events("tasks", {"projectId": project}) as inside,
            api.events("tasks", {"status": ["completed", "failed"]}) as ended,
        ):
            await api.tasks.update(other.id, status="failed")
            made = await api.tasks.create(title="x", project_id=project)
            assert {event.data.id for event in await taken(aiter(inside), 2)} == {made.id}
            assert {event.data.id for event in await taken(aiter(ended), 2)} == {other.id}

    async def test_a_closed_feed_ends(self, api):
        """An iteration over it stops, also one that waits."""
        feed = api.events("tasks")
        async with feed:
            waiting = asyncio.ensure_future(anext(aiter(feed), None))
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert await waiting is None
            assert [event async for event in feed] == []

    async def test_a_token_takes_a_feed_up_again(self, api):
        """What came in between is told first."""
        async with api.events("tasks") as feed:
            first = await api.tasks.create(title="x")
            assert [event.data.id for event in await taken(aiter(feed), 2)] == [first.id] * 2
            token = feed.token
        second = await api.tasks.create(title="y")
        async with api.events("tasks", resume=token) as feed:
            assert [event.data.id for event in await taken(aiter(feed), 2)] == [second.id] * 2

    async def test_two_feeds_that_are_taken_up_miss_nothing_beside_each_other(self, api):
        """Their replays come over one socket, mixed with what is new."""
        project = (await api.projects.create(name="p")).id
        async with api.events("tasks") as feed:
            token = feed.token
        made = [
            (await api.tasks.create(title=str(number), project_id=project if number % 2 else None)).id
            for number in range(20)
        ]
        async with (
            api.events("tasks", {"project_id": project}, resume=token) as some,
            api.events("tasks", resume=token) as every,
        ):
            assert [event.data.id for event in await taken(aiter(every), 40)][::2] == made
            assert [event.data.id for event in await taken(aiter(some), 20)][::2] == made[1::2]


class TestRefusals:
    async def test_an_unknown_channel_or_filter_is_the_servers_to_refuse(self, api):
        """In its words."""
        with pytest.raises(InvalidArgumentError, match="channel must be one of"):
            await api.events("robots").start()
        with pytest.raises(InvalidArgumentError, match="can't be filtered by 'colour'"):
            await api.events("tasks", {"colour": "red"}).start()

    @pytest.mark.parametrize("filters", [{"status": ""}, {"status": []}, {"status": 5}])
    async def test_filters_that_say_nothing_are_refused_at_once(self, api, filters):
        """Nothing is sent."""
        with pytest.raises(InvalidArgumentError, match="filters: status"):
            api.events("tasks", filters)

    async def test_no_token_is_refused_at_once(self, api):
        """Nothing is sent."""
        with pytest.raises(InvalidArgumentError, match="resume"):
            api.events("tasks", resume="{}")

    async def test_a_channel_beyond_the_credential_is_forbidden(self, kind, idle_server):
        """Users are for admins."""
        async with client("async", idle_server.url, api_key="ak_test") as admin:
            key = (await admin.auth.create_api_key("k", ["tasks:read"])).key
        async with client(kind, idle_server.url, api_key=key) as api:
            with pytest.raises(AuthorizationError):
                await api.events("users").start()

    async def test_a_bad_credential_ends_it(self, kind, idle_server):
        """Another try would not help."""
        async with client(kind, idle_server.url, api_key="ak_wrong") as api:
            with pytest.raises(AuthenticationError):
                await api.events("tasks").start()

    async def test_a_server_that_is_not_there_ends_it(self, kind, monkeypatch):
        """After as many tries as a call makes."""
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
        async with client(kind, "http://127.0.0.1:9", api_key="ak_test") as api:
            with pytest.raises(ConnectionFailedError):
                await api.events("tasks").start()


class TestReconnects:
    @pytest.fixture
    async def proxied(self, kind, idle_server, monkeypatch):
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
        async with (
            tcp_proxy(idle_server.url) as proxy,
            client(kind, proxy.url, api_key="ak_test") as api,
            client("async", idle_server.url, api_key="ak_test") as direct,
        ):
            yield api, direct, proxy

    async def test_what_came_while_the_connection_was_gone_is_told(self, proxied):
        """Each event once, without a word of the loss."""
        api, direct, proxy = proxied
        async with api.events("tasks") as feed:
            made = []
            for number in range(6):
                made.append((await direct.tasks.create(title=str(number))).id)
                if number % 2:
                    proxy.reset()
            seen = await taken(aiter(feed), 12)
        assert [event.data.id for event in seen][::2] == made
        assert not any(isinstance(event, Resync) for event in seen)

    async def test_a_history_that_began_anew_is_told(self, kind, tmp_path):
        """What is kept of the channel must be read again."""
        with ServerProcess(tmp_path) as server:
            server.start(agents="off", api_key="ak_test")
            async with client(kind, server.url, api_key="ak_test") as api, api.events("tasks") as feed:
                before = await api.tasks.create(title="x")
                await taken(aiter(feed), 2)
                server.stop()
                for path in tmp_path.glob("server.db*"):
                    path.unlink()
                server.restart()
                gap = await following(aiter(feed))
                assert isinstance(gap, Resync)
                assert gap.reason == "epoch_changed"
                after = await api.tasks.create(title="y")
                event = await following(aiter(feed))
                assert (event.data.id, event.epoch) == (after.id, gap.epoch)
                assert before.created_at < after.created_at


class TestScripted:
    @pytest.fixture
    async def script(self, monkeypatch):
        monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.1))
        async with scripted_server() as script:
            yield script

    @pytest.fixture
    async def watcher(self, script):
        calls = {name: getattr(script, name) for name in ("fetch", "page", "headers", "renew")}
        watcher = AsyncWatcher(script.url, Network(), **calls)
        yield watcher
        await watcher.close()

    async def test_a_server_that_knows_only_the_document_is_followed(self, script, watcher):
        """It confirms and numbers nothing; after a loss nobody knows what was missed."""
        script.greets = False
        async with watcher.events("tasks", None, None) as feed:
            await script.push(task(), "task.completed")
            event = await following(feed)
            assert (event.event, event.seq, feed.token) == ("task.completed", None, None)
            await script.connections[-1].close(1012)
            assert (await following(feed)).reason == "reconnected"

    async def test_a_log_that_was_cut_is_told(self, script, watcher):
        """With the position from which on nothing is missing."""
        async with watcher.events("tasks", None, None) as feed:
            confirm = script.on_subscribe

            async def cut(connection, message):
                await connection.send(f'{{"type":"resync","id":"{message["id"]}","reason":"log_truncated"}}')
                await confirm(connection, message)

            script.on_subscribe = cut
            script.seq = 500
            await script.connections[-1].close(1012)
            gap = await following(feed)
            assert (gap.reason, gap.epoch, gap.seq) == ("log_truncated", "e1", 500)
            assert script.subscriptions(2)[0]["since"] == {"epoch": "e1", "seq": 10}

    async def test_a_reader_that_is_too_slow_is_told(self, script, watcher, monkeypatch):
        """Memory has an end: what was not read is dropped, and that is said."""
        monkeypatch.setattr(events_module, "MOST_UNREAD", 3)
        async with watcher.events("tasks", None, None) as feed:
            for number in range(4):
                await script.push(task(progress=number / 10))
            await script.until(lambda: script.seq == 14)
            while not any(isinstance(one, Resync) for one in feed._unread):
                await asyncio.sleep(0.01)
            assert (await following(feed)).reason == "slow_consumer"
            await script.push(task(), "task.completed")
            assert (await following(feed)).event == "task.completed"

    async def test_where_no_websocket_can_be_had_it_ends(self, script, watcher):
        """No other way brings events."""
        script.refuses = 404
        with pytest.raises(WatchError, match="WebSocket"):
            await watcher.events("tasks", None, None).start()

    async def test_what_nobody_reads_any_more_is_unsubscribed(self, script, watcher):
        """Neither `close()` nor `async with` is needed for that."""
        feed = await watcher.events("tasks", None, None).start()
        del feed
        gc.collect()
        await script.until(lambda: any(message["type"] == "unsubscribe" for _, message in script.received))

    async def test_an_event_that_is_odd_is_told_as_it_came(self, script, watcher):
        """Unknown names, data of any form."""
        async with watcher.events("tasks", None, None) as feed:
            await script.push([1, 2], "task.exploded")
            event = await following(feed)
        assert (event.event, event.data) == ("task.exploded", [1, 2])
