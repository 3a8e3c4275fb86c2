"""The realtime protocol over real sockets."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from coordinaitor_sdk.server.schemas.answers import Agent, CommentAdded, DeletedTask, Project, Push, Task
from coordinaitor_sdk.server.settings import Settings

KEY = "ak_test-key"
LOGIN = {"email": "admin@orchestrator.com", "password": "admin123"}


class Socket:
    """A raw socket that speaks JSON."""

    def __init__(self, raw):
        self.raw = raw

    def send(self, **message):
        """Send a message."""
        self.raw.send(json.dumps(message))

    def get(self, timeout=5):
        """The next message."""
        return json.loads(self.raw.recv(timeout))

    def ask(self, **message):
        """Send a message, and the next one that comes."""
        self.send(**message)
        return self.get()

    def until(self, kind):
        """All messages up to the first of that type."""
        found = [self.get()]
        while found[-1]["type"] != kind:
            found.append(self.get())
        return found

    def close_code(self, timeout=5):
        """The code with which the server closes, whatever it sends before."""

        def drain():
            while True:
                self.raw.recv(timeout)

        with pytest.raises(ConnectionClosed) as closed:
            drain()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code


@contextmanager
def opened(api, **options):
    """A socket, without a credential unless given."""
    with connect(api.ws_url, **options) as raw:
        yield Socket(raw)


@contextmanager
def ready(api):
    """A socket that was authenticated by header."""
    with opened(api, additional_headers={"X-API-Key": KEY}) as socket:
        assert socket.get()["type"] == "ready"
        yield socket


def login(api):
    """A session's tokens."""
    return httpx.post(api.url + "/api/auth/login", json=LOGIN).json()


def kinds(messages):
    """The types of messages."""
    return [message["type"] for message in messages]


def test_credential_in_the_headers_is_answered_with_ready(api):
    """An API key or a token in the handshake; `ready` tells epoch, position, heartbeat and organization."""
    for headers in (
        {"X-API-Key": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"Bearer {login(api)['accessToken']}"},
    ):
        with opened(api, additional_headers=headers) as socket:
            found = socket.get()
            assert set(found) == {"type", "epoch", "seq", "heartbeat", "organization"}
            assert found["type"] == "ready"
            assert found["heartbeat"] == 15
            assert found["organization"] == {"id": "org-456", "name": "Globex"}
            assert found["seq"] >= 0


@pytest.mark.parametrize("kind", ["apiKey", "token", "key as token"])
def test_credential_in_the_first_message_is_answered_with_ready(api, kind):
    """The same by `{"type": "auth"}`."""
    credential = {
        "apiKey": lambda: {"apiKey": KEY},
        "token": lambda: {"token": login(api)["accessToken"]},
        "key as token": lambda: {"token": KEY},
    }[kind]()
    with opened(api) as socket:
        assert socket.ask(type="auth", **credential)["type"] == "ready"


@pytest.mark.parametrize(
    "first",
    [
        {"type": "auth", "apiKey": "ak_wrong"},
        {"type": "auth", "token": "wrong"},
        {"type": "auth"},
        {"type": "auth", "token": "a", "apiKey": "b"},
        {"type": "subscribe", "channel": "tasks"},
        ["not an object"],
    ],
)
def test_bad_credential_is_an_error_and_4401(api, first):
    """The error says AUTHENTICATION_ERROR, then the socket is closed with 4401."""
    with opened(api) as socket:
        socket.raw.send(json.dumps(first))
        error = socket.get()
        assert (error["type"], error["code"]) == ("error", "AUTHENTICATION_ERROR")
        assert error["message"]
        assert socket.close_code() == 4401


def test_bad_credential_in_the_headers_is_4401_and_not_a_refused_handshake(api):
    """The handshake succeeds, so that every client can read why it was refused."""
    with opened(api, additional_headers={"X-API-Key": "ak_wrong"}) as socket:
        assert socket.get()["code"] == "AUTHENTICATION_ERROR"
        assert socket.close_code() == 4401


def test_subscription_gets_what_happens_from_then_on(api):
    """`subscribed` tells the position; then each matching push comes, numbered without gaps, twice for a
    creation.
    """
    with ready(api) as socket:
        begun = socket.ask(type="subscribe", id="s", channel="tasks")
        assert set(begun) == {"type", "id", "channel", "seq"}
        assert (begun["type"], begun["id"], begun["channel"]) == ("subscribed", "s", "tasks")
        task = api.task()
        pushes = [socket.get(), socket.get()]
        assert kinds(pushes) == ["task.updated", "task.created"]
        assert [push["seq"] for push in pushes] == [begun["seq"] + 1, begun["seq"] + 2]
        for push in pushes:
            assert set(push) == {"type", "data", "seq", "epoch", "timestamp"}
            assert push["data"] == task
            assert push["timestamp"] == task["createdAt"]


def test_each_change_is_pushed_under_its_names(api):
    """task.updated always; then assigned, completed, failed, cancelled, deleted under their own name,
    same version.
    """
    with ready(api) as socket:
        task = api.task()["id"]
        socket.ask(type="subscribe", channel="tasks", filters={"taskId": task})

        def pushed(count):
            found = [socket.get() for _ in range(count)]
            for push in found[:-1]:
                Push[Task].model_validate(push)
            return found

        api.patch(f"/tasks/{task}", {"progress": 0.5})
        assert [push["data"]["progress"] for push in pushed(1)] == [0.5]
        api.patch(f"/tasks/{task}", {"progress": 0.5})  # no difference, no event
        api.post(f"/tasks/{task}/assign", {"agentId": "agent-123"})
        found = pushed(2)
        assert kinds(found) == ["task.updated", "task.assigned"]
        assert {push["data"]["version"] for push in found} == {3}
        comment = api.post(f"/tasks/{task}/comments", {"content": "Hello"})
        added = Push[CommentAdded].model_validate(pushed(1)[0])
        assert (added.type, added.data.task_id, added.data.comment.id) == (
            "task.comment_added",
            task,
            comment["id"],
        )
        api.patch(f"/tasks/{task}", {"status": "completed"})
        assert kinds(pushed(2)) == ["task.updated", "task.completed"]
        api("DELETE", f"/tasks/{task}?reason=Done with it")
        found = pushed(2)
        assert kinds(found) == ["task.updated", "task.deleted"]
        deleted = Push[DeletedTask].model_validate(found[1]).data
        assert (deleted.status, deleted.version) == ("completed", 5)
        assert (deleted.deleted_by, deleted.deletion_reason) == ("user-123", "Done with it")
        for status in ("failed", "cancelled"):
            other = api.task()["id"]
            socket.ask(type="subscribe", channel="tasks", filters={"taskId": other})
            api.patch(f"/tasks/{other}", {"status": status})
            assert kinds(pushed(2)) == ["task.updated", f"task.{status}"]


def test_agents_and_projects_have_channels_of_their_own(api):
    """agent.updated, agent.status_changed and project.created carry the whole object."""
    with ready(api) as socket:
        socket.ask(type="subscribe", channel="agents", filters={"status": "busy", "type": ["qa", "coding"]})
        socket.ask(type="subscribe", channel="projects")
        project = api.post("/projects", {"name": "Pushed"})
        push = Push[Project].model_validate(socket.get())
        assert (push.type, push.data.id) == ("project.created", project["id"])
        tasks = [api.task(agentId="agent-456")["id"] for _ in range(2)]
        for task in tasks:
            api.patch(f"/tasks/{task}", {"status": "active"})
        updated = Push[Agent].model_validate(socket.get())
        assert (updated.type, updated.data.id) == ("agent.updated", "agent-456")
        changed = Push[Agent].model_validate(socket.get())
        assert changed.data == updated.data
        assert (changed.type, changed.data.id) == ("agent.status_changed", "agent-456")
        assert (changed.data.status, changed.data.current_tasks) == ("busy", 2)
        for task in tasks:
            api("DELETE", f"/tasks/{task}")
        assert socket.ask(type="ping")["type"] == "pong"  # available is filtered out


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"projectId": "proj-789"}, ["b"]),
        ({"projectId": ["proj-789", "proj-456"]}, ["b", "c"]),
        ({"agentId": "agent-123", "priority": ["high", "low"]}, ["c"]),
        ({"status": "active"}, []),
        ({"taskId": "task-0"}, []),
    ],
)
def test_filters_match_the_state_after_the_change(api, filters, expected):
    """Each filter by any of its values, all filters together."""
    with ready(api) as socket:
        assert socket.ask(type="subscribe", channel="tasks", filters=filters)["type"] == "subscribed"
        api.task(title="a")
        api.task(title="b", projectId="proj-789")
        api.task(title="c", projectId="proj-456", agentId="agent-123", priority="high")
        socket.send(type="ping")
        found = [m["data"]["title"] for m in socket.until("pong") if m["type"] == "task.created"]
        assert found == expected


def test_status_filter_tells_of_the_change_into_the_state(api):
    """A filter looks at the state after the change, not before it."""
    with ready(api) as socket:
        task = api.task()["id"]
        socket.ask(type="subscribe", channel="tasks", filters={"taskId": task, "status": "active"})
        api.patch(f"/tasks/{task}", {"status": "active"})
        api.patch(f"/tasks/{task}", {"status": "failed"})
        socket.send(type="ping")
        assert kinds(socket.until("pong")) == ["task.updated", "pong"]


def test_event_comes_once_although_several_subscriptions_match(api):
    """One frame an event and socket."""
    with ready(api) as socket:
        task = api.task()["id"]
        for filters in ({}, {"taskId": task}, {"taskId": [task, "task-123"]}, {"status": "pending"}):
            socket.ask(type="subscribe", channel="tasks", filters=filters)
        api.patch(f"/tasks/{task}", {"title": "Once"})
        socket.send(type="ping")
        assert kinds(socket.until("pong")) == ["task.updated", "pong"]


def test_unsubscribed_gets_nothing_more(api):
    """unsubscribe is answered; another subscription of the socket goes on."""
    with ready(api) as socket:
        task = api.task()["id"]
        socket.ask(type="subscribe", id="one", channel="tasks", filters={"taskId": task})
        socket.ask(type="subscribe", id="two", channel="tasks", filters={"taskId": task, "priority": "high"})
        assert socket.ask(type="unsubscribe", id="one") == {"type": "unsubscribed", "id": "one"}
        api.patch(f"/tasks/{task}", {"title": "Not told"})
        api.patch(f"/tasks/{task}", {"priority": "high"})
        assert socket.get()["data"]["priority"] == "high"
        assert socket.ask(type="unsubscribe", id="one")["type"] == "error"


def test_subscription_of_the_same_id_replaces_the_first(api):
    """An id names one subscription."""
    with ready(api) as socket:
        tasks = [api.task()["id"] for _ in range(2)]
        for task in tasks:
            socket.ask(type="subscribe", id="same", channel="tasks", filters={"taskId": task})
        for task in tasks:
            api.patch(f"/tasks/{task}", {"title": "Changed"})
        assert socket.get()["data"]["id"] == tasks[1]


def test_missing_id_is_made(api):
    """Each subscription without an id gets one of its own."""
    with ready(api) as socket:
        first, second = (socket.ask(type="subscribe", channel="tasks")["id"] for _ in range(2))
        assert first != second
        assert socket.ask(type="unsubscribe", id=first)["type"] == "unsubscribed"


BAD = [
    ({"type": "subscribe", "channel": "people"}, "channel must be one of: tasks, agents, projects, users"),
    ({"type": "subscribe"}, "Channel is required"),
    ({"type": "subscribe", "channel": "tasks", "filters": {"tags": "x"}}, "can't be filtered by 'tags'"),
    ({"type": "subscribe", "channel": "agents", "filters": {"taskId": "x"}}, "can't be filtered by 'taskId'"),
    ({"type": "subscribe", "channel": "tasks", "filters": {"status": "done"}}, "status must be one of"),
    ({"type": "subscribe", "channel": "tasks", "filters": {"taskId": 5}}, "taskId"),
    ({"type": "subscribe", "channel": "tasks", "filters": {"taskId": []}}, "taskId"),
    ({"type": "subscribe", "channel": "tasks", "since": {"seq": 1}}, "epoch is required"),
    ({"type": "subscribe", "channel": "tasks", "since": {"epoch": "a", "seq": -1}}, "at least 0"),
    ({"type": "subscribe", "channel": "tasks", "sinse": 1}, "Sinse is not known"),
    ({"type": "unsubscribe", "id": "nothing"}, "no subscription 'nothing'"),
    ({"type": "dance"}, "type 'dance' is not known"),
    ({}, "type None is not known"),
]


@pytest.mark.parametrize(("message", "says"), BAD)
def test_wrong_message_is_an_error_and_the_socket_stays(api, message, says):
    """VALIDATION_ERROR with the message's id, and the socket goes on."""
    with ready(api) as socket:
        error = socket.ask(**({"id": "mine"} | message))
        assert (error["type"], error["code"]) == ("error", "VALIDATION_ERROR")
        assert error["id"] == message.get("id", "mine")
        assert says in error["message"]
        assert socket.ask(type="ping")["type"] == "pong"


@pytest.mark.parametrize("raw", ["", "{", "5", "null", "[1]", b"\xff\x00", "[" * 100_000])
def test_unreadable_message_is_an_error_and_the_socket_stays(api, raw):
    """The same for what isn't a JSON object."""
    with ready(api) as socket:
        socket.raw.send(raw)
        assert socket.get()["code"] == "VALIDATION_ERROR"
        assert socket.ask(type="ping")["type"] == "pong"


def test_resumed_subscription_gets_what_it_missed_then_subscribed(api):
    """With `since`, the missed pushes come first and in order, then `subscribed` with the position."""
    with ready(api) as socket:
        begun = socket.ask(type="subscribe", channel="tasks")
        task = api.task()
        epoch = socket.until("task.created")[0]["epoch"]
    api.patch(f"/tasks/{task['id']}", {"title": "While away"})
    api.task(title="Another")
    since = {"epoch": epoch, "seq": begun["seq"] + 2}
    with ready(api) as socket:
        socket.send(type="subscribe", id="r", channel="tasks", since=since)
        found = socket.until("subscribed")
        assert kinds(found) == ["task.updated", "task.updated", "task.created", "subscribed"]
        assert [m["seq"] for m in found] == [
            since["seq"] + 1,
            since["seq"] + 2,
            since["seq"] + 3,
            since["seq"] + 3,
        ]
    with ready(api) as socket:
        filters = {"taskId": task["id"]}
        socket.send(type="subscribe", channel="tasks", filters=filters, since=since)
        found = socket.until("subscribed")
        assert [m.get("data", {}).get("title") for m in found] == ["While away", None]
        many = {"taskId": [task["id"], "task-0"]}
        socket.send(type="subscribe", channel="tasks", filters=many, since=since)
        assert kinds(socket.until("subscribed")) == ["task.updated", "subscribed"]


def test_resuming_at_the_newest_position_brings_nothing(api):
    """No push, no resync: `subscribed` alone."""
    with opened(api, additional_headers={"X-API-Key": KEY}) as socket:
        now = socket.get()
        since = {"epoch": now["epoch"], "seq": now["seq"]}
        answer = socket.ask(type="subscribe", id="x", channel="tasks", since=since)
        assert answer == {"type": "subscribed", "id": "x", "channel": "tasks", "seq": now["seq"]}


@pytest.mark.parametrize("since", [{"epoch": "another", "seq": 0}, {"epoch": None, "seq": 10**9}])
def test_other_history_is_a_resync(api, since):
    """Another epoch, or a position that this log has not reached: resync, then subscribed."""
    with opened(api, additional_headers={"X-API-Key": KEY}) as socket:
        epoch = socket.get()["epoch"]
        given = since | {"epoch": since["epoch"] or epoch}
        answer = socket.ask(type="subscribe", id="x", channel="tasks", since=given)
        assert answer == {"type": "resync", "id": "x", "reason": "epoch_changed"}
        assert socket.get()["type"] == "subscribed"


def test_truncated_log_is_a_resync(launched, tmp_path):
    """When what was missed is no longer in the log: resync log_truncated, then subscribed and live."""
    with launched(tmp_path, Settings(simulate=False, log_length=20)) as api:
        with opened(api, additional_headers={"X-API-Key": KEY}) as socket:
            epoch = socket.get()["epoch"]
        for number in range(15):
            task = api.task(title=str(number))
        with ready(api) as socket:
            answer = socket.ask(type="subscribe", id="x", channel="tasks", since={"epoch": epoch, "seq": 3})
            assert answer == {"type": "resync", "id": "x", "reason": "log_truncated"}
            assert socket.get() == {"type": "subscribed", "id": "x", "channel": "tasks", "seq": 30}
            api.patch(f"/tasks/{task['id']}", {"title": "Live"})
            assert socket.get()["data"]["title"] == "Live"
            socket.send(type="subscribe", id="y", channel="tasks", since={"epoch": epoch, "seq": 12})
            found = socket.until("subscribed")
            assert [m["seq"] for m in found] == [*range(13, 32), 31]


def test_nothing_is_lost_or_doubled_while_resuming_under_changes(api):
    """Pushes that are committed during a replay come exactly once, in order."""
    with ready(api) as socket:
        begun = socket.ask(type="subscribe", channel="tasks")
        api.task()
        epoch = socket.get()["epoch"]
    with ThreadPoolExecutor(4) as pool, ready(api) as socket:
        made = [pool.submit(api.task, title="Concurrent") for _ in range(60)]
        socket.send(type="subscribe", channel="tasks", since={"epoch": epoch, "seq": begun["seq"]})
        for one in made:
            one.result()
        socket.send(type="ping")
        found = [m["seq"] for m in socket.until("pong") if m["type"].startswith("task.")]
        assert found == list(range(begun["seq"] + 1, begun["seq"] + 1 + 2 * 61))


def test_thousands_of_subscriptions_on_one_socket_are_cheap(api):
    """5,000 subscriptions resumed within seconds, and a change finds its own among them."""
    task = api.task()["id"]
    with opened(api, additional_headers={"X-API-Key": KEY}) as socket:
        now = socket.get()
        since = {"epoch": now["epoch"], "seq": now["seq"]}
        started = time.monotonic()
        with ThreadPoolExecutor(1) as pool:

            def send():
                for number in range(5_000):
                    filters = {"taskId": task if number == 2_500 else f"task-none-{number}"}
                    socket.send(
                        type="subscribe", id=str(number), channel="tasks", filters=filters, since=since
                    )

            sent = pool.submit(send)
            assert [socket.get()["id"] for _ in range(5_000)] == [str(number) for number in range(5_000)]
            sent.result()
        assert time.monotonic() - started < 15
        api.patch(f"/tasks/{task}", {"title": "Found"})
        assert socket.get()["data"]["title"] == "Found"


def test_heartbeats_move_quiet_sockets_on(launched, tmp_path):
    """A heartbeat tells the newest position, also to a socket without subscriptions."""
    with launched(tmp_path, Settings(simulate=False, heartbeat=0.2)) as api, ready(api) as socket:
        first = socket.get()
        assert set(first) == {"type", "seq", "timestamp"}
        assert (first["type"], first["seq"]) == ("heartbeat", 0)
        api.task()
        socket.get()
        assert socket.get()["seq"] == 2


def test_socket_without_a_credential_is_closed_after_a_while(launched, tmp_path):
    """No auth message in time: error and 4401."""
    with launched(tmp_path, Settings(simulate=False, auth_timeout=0.2)) as api, opened(api) as socket:
        assert socket.get()["code"] == "AUTHENTICATION_ERROR"
        assert socket.close_code() == 4401


def test_expired_token_closes_with_4408_unless_renewed(launched, tmp_path):
    """A socket lives as long as its credential; an `auth` message renews it."""
    settings = Settings(simulate=False, access_token_ttl=0.8)
    with launched(tmp_path, settings) as api:
        with opened(api) as socket:
            socket.ask(type="auth", token=login(api)["accessToken"])
            assert socket.get()["code"] == "AUTHENTICATION_ERROR"
            assert socket.close_code() == 4408
        with opened(api) as socket:
            socket.ask(type="auth", token=login(api)["accessToken"])
            assert socket.ask(type="auth", apiKey=KEY) == {"type": "authenticated"}
            time.sleep(1)
            assert socket.ask(type="ping")["type"] == "pong"


def test_renewal_with_a_bad_credential_is_4401(api):
    """It ends a socket that was fine before."""
    with ready(api) as socket:
        assert socket.ask(type="auth", apiKey="ak_wrong")["code"] == "AUTHENTICATION_ERROR"
        assert socket.close_code() == 4401


def test_logout_closes_the_sessions_sockets(api):
    """With 4401; sockets of other credentials stay."""
    session = login(api)
    with opened(api) as socket, ready(api) as other:
        assert socket.ask(type="auth", token=session["accessToken"])["type"] == "ready"
        httpx.post(api.url + "/api/auth/logout", json={"refreshToken": session["refreshToken"]})
        assert socket.get()["code"] == "AUTHENTICATION_ERROR"
        assert socket.close_code() == 4401
        assert other.ask(type="ping")["type"] == "pong"


SLOW = {"additional_headers": {"X-API-Key": KEY}, "max_queue": 1, "compression": None}


def flood(api, changes):
    """Change a task of 20 kB so many times."""
    task = api.task(description="x" * 20_000)["id"]
    for number in range(changes):
        api.patch(f"/tasks/{task}", {"title": str(number)})
    return task


def test_socket_that_does_not_read_is_closed_with_4409(launched, tmp_path):
    """A queue that fills again before anything was taken ends it; others are not held up."""
    settings = Settings(simulate=False, queue_frames=20)
    with launched(tmp_path, settings) as api, ready(api) as good, opened(api, **SLOW) as slow:
        slow.get()
        slow.ask(type="subscribe", channel="tasks")
        good.ask(type="subscribe", channel="tasks", filters={"priority": "high"})
        task = flood(api, 400)
        api.patch(f"/tasks/{task}", {"priority": "high"})
        assert good.get()["data"]["priority"] == "high"
        assert slow.close_code() == 4409


def test_socket_that_falls_behind_is_told_to_look_anew(launched, tmp_path):
    """Its pushes are dropped; each subscription gets `resync` and a new position, from which it goes on."""
    # The queue holds 10 MB, what is between server and socket 3 to 8: full after 13 to 18, again 10 later.
    settings = Settings(simulate=False, queue_frames=500)
    with launched(tmp_path, settings) as api, opened(api, **SLOW) as slow:
        slow.get()
        slow.ask(type="subscribe", channel="tasks", id="all")
        slow.ask(type="subscribe", channel="tasks", id="high", filters={"priority": "high"})
        flood(api, 960)
        told = slow.until("resync")
        seqs = [frame["seq"] for frame in told[:-1]]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        first, second, third = slow.get(), slow.get(), slow.get()
        assert told[-1] == {"type": "resync", "id": "all", "reason": "slow_consumer"}
        assert first["type"] == third["type"] == "subscribed"
        assert (second["id"], second["reason"]) == ("high", "slow_consumer")
        assert first["seq"] > seqs[-1] + 1
        slow.send(type="ping")
        assert slow.until("pong")[-1]["seq"] >= 960


def test_opening_sockets_beyond_the_rate_limit_is_4429(launched, tmp_path):
    """Each takes a token of the caller's bucket, or of the address's; the reason tells how long to wait."""
    with launched(tmp_path, Settings(simulate=False, rate_limit=60, burst=2)) as api:
        for headers in ({"X-API-Key": KEY}, {"X-API-Key": "ak_wrong"}):
            for _ in range(2):
                with opened(api, additional_headers=headers) as socket:
                    socket.get()
            with opened(api, additional_headers=headers) as socket:
                assert socket.get()["code"] == "RATE_LIMIT_ERROR"
                assert socket.close_code() == 4429
                assert socket.raw.close_reason == "try again in 60 s"


def test_too_large_message_closes_the_socket_only(api):
    """More than 1 MiB: 1009, and the server goes on."""
    with ready(api) as socket:
        socket.raw.send("x" * (1024 * 1024 + 1))
        assert socket.close_code() == 1009
    with ready(api) as socket:
        assert socket.ask(type="ping")["type"] == "pong"
