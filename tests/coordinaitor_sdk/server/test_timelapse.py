"""A world's own time: stopped, moved and let go, with all that falls due on the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from control import START, Controlled, World, closing_code
from receiver import Receiver
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server import timelapse
from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.settings import Settings


@pytest.fixture(scope="module")
def control() -> Iterator[Controlled]:
    """The control API of a server that limits requests."""
    with ServerProcess() as process:
        process.start(control=True, rate_limit=None)
        found = Controlled(process.url)
        with found.http:
            yield found
        assert "Traceback" not in process.stderr


def subscribed(world, receiver, *events):
    """A webhook of the world."""
    world.post("/webhooks", {"url": receiver.url, "events": list(events)})


def test_a_task_is_completed_only_where_time_was_advanced(control):
    """Two frozen worlds on one server, moved by different amounts."""
    with control.world(now=START) as near, control.world(now=START) as far:
        for world in (near, far):
            world.post("/tasks/task-456/assign", {"agentId": "agent-123"})
        assert near.time(advance=1)["now"] == "2024-01-15T10:30:01.000Z"
        assert far.time(advance=60)["now"] == "2024-01-15T10:31:00.000Z"
        half, done = near.get("/tasks/task-456"), far.get("/tasks/task-456")
        assert (half["status"], done["status"]) == ("active", "completed")
        assert "2024-01-15T10:30:10Z" < done["completedAt"] < "2024-01-15T10:30:20Z"


def test_nothing_happens_while_time_stands(control):
    """However long one waits; let go, the clock goes on from there and the agents with it."""
    with control.world(now=START) as world:
        task = world.task(estimatedHours=0.1)
        time.sleep(1)
        assert world.get(f"/tasks/{task['id']}")["status"] == "pending"
        assert world.time(freeze=False)["frozen"] is False
        deadline = time.monotonic() + 20
        while world.get(f"/tasks/{task['id']}")["status"] != "completed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        completed = world.get(f"/tasks/{task['id']}")["completedAt"]
        assert START < completed < "2024-01-15T10:30:30Z"


def test_frozen_time_stands_and_advancing_stops_a_clock_that_goes(control):
    """Each answer says where the clock is."""
    with control.world() as world:
        stopped = world.time(freeze=True)
        assert stopped["frozen"] is True
        assert world.time(advance=0) == stopped | {"ran": 0}
        assert world.task()["createdAt"] == stopped["now"]
        assert world.time(freeze=False)["frozen"] is False
        assert world.time(advance=10)["frozen"] is True


def test_a_token_expires_by_advancing(control):
    """At its second, and its socket with it; the refresh token of the same session still holds."""
    address = control.url.replace("http", "ws", 1) + "/ws"
    with control.world(now=START) as world:
        login = httpx.post(control.url + "/api/auth/login", json=world.admin).json()
        token = {"Authorization": f"Bearer {login['accessToken']}"}
        with connect(address, additional_headers=token) as socket:
            socket.recv()
            world.time(advance=3599)
            assert httpx.get(control.url + "/api/tasks", headers=token).status_code == 200
            world.time(advance=1)
            refused = httpx.get(control.url + "/api/tasks", headers=token)
            assert (refused.status_code, refused.json()["error"]["message"]) == (
                401,
                "The access token has expired",
            )
            assert closing_code(socket) == 4408
        refresh = {"refreshToken": login["refreshToken"]}
        assert httpx.post(control.url + "/api/auth/refresh", json=refresh).status_code == 200
        world.time(advance=30 * 24 * 3600)
        assert httpx.post(control.url + "/api/auth/refresh", json=refresh).status_code == 401


def test_a_limited_key_is_free_again_by_advancing(control):
    """Its bucket fills by the world's clock; while that stands it stays empty."""
    with control.world(now=START) as world:
        given = {"name": "slow", "permissions": ["tasks:read"], "rateLimit": 60, "burst": 2}
        key = {"X-API-Key": world.post("/auth/api-keys", given)["key"]}

        def ask():
            return httpx.get(control.url + "/api/v1/tasks", headers=key)

        assert [ask().status_code for _ in range(3)] == [200, 200, 429]
        waits = int(ask().headers["Retry-After"])
        assert waits == 60
        world.time(advance=waits - 1)
        assert ask().status_code == 429
        world.time(advance=1)
        assert [ask().status_code for _ in range(2)] == [200, 429]


def test_all_retries_of_a_failing_webhook_happen_within_one_advance(control):
    """Eight attempts of the same bytes over a day, each at its time; then it is over."""
    with Receiver(lambda _before: 500) as receiver, control.world(now=START) as world:
        subscribed(world, receiver, "task.created")
        world.task()
        receiver.expect(1)
        assert world.time(advance=2 * 24 * 3600)["ran"] >= 7
        assert len(receiver.received) == 8
        assert len({one.body for one in receiver.received}) == 1
        lines = [
            line for line in world.get("/system/logs?service=webhooks") if "delivery-1001" in line["message"]
        ]
        told = [(line["message"].partition("attempt ")[2][0], line["timestamp"]) for line in lines]
        assert [number for number, _ in told] == list("12345678")
        moments = [at for _, at in told]
        assert moments == sorted(moments)
        assert "2024-01-15T10:30:08Z" < moments[1] < "2024-01-15T10:30:12Z"
        assert "2024-01-16T04:00:00Z" < moments[7] < "2024-01-17T10:30:00Z"


def test_deliveries_and_steps_come_in_the_order_of_their_time(control):
    """A retry between two steps of an agent is made between them, as the receiver is told."""
    with Receiver(lambda before: 500 if before == 0 else 200) as receiver, control.world(now=START) as world:
        subscribed(world, receiver, "task.created", "task.completed")
        world.task(estimatedHours=2, title="Short")
        receiver.expect(1)
        world.task(estimatedHours=20, title="Long")
        receiver.expect(2)
        world.time(runUntilIdle=True)
        told = [json.loads(one.body) for one in receiver.received]
        assert [(one["event"], one["data"]["title"]) for one in told] == [
            ("task.created", "Short"),
            ("task.created", "Long"),
            ("task.completed", "Short"),
            ("task.created", "Short"),
            ("task.completed", "Long"),
        ]


def test_until_idle_ends_where_the_last_thing_fell_due(control):
    """The agents' look for more, 0.3 s after the last task; a second time there is nothing left to do."""
    with control.world(now=START) as world:
        task = world.task(estimatedHours=5)
        idle = world.time(runUntilIdle=True)
        completed = moment_of(world.get(f"/tasks/{task['id']}")["completedAt"])
        assert moment_of(idle["now"]) - completed == timedelta(seconds=0.3)
        assert idle["ran"] > 2
        assert world.time(runUntilIdle=True) == idle | {"ran": 0}


def test_a_hundred_years_without_events_cost_nothing(control):
    """The cost follows what happens."""
    with control.world(now=START) as world:
        began = time.monotonic()
        assert world.time(advance=100 * 365 * 24 * 3600)["now"].startswith("2123-")
        assert time.monotonic() - began < 1


def test_a_receiver_may_ask_the_world_while_it_is_advanced(control):
    """The server answers others meanwhile, on the same clock."""
    seen = []
    with control.world(now=START) as world:

        def answer(_before):
            seen.append(world.get("/tasks/task-1001")["status"])
            return 200

        with Receiver(answer) as receiver:
            subscribed(world, receiver, "task.completed")
            world.task()
            world.time(runUntilIdle=True)
        assert seen == ["completed"]


def test_working_hours_are_those_of_the_worlds_clock(control):
    """On a Sunday nobody works; on Monday morning they begin."""
    with control.world(now="2024-01-14T12:00:00Z", seed="empty") as world:
        hours = {"timezone": "UTC", "start": "09:00", "end": "17:00", "days": ["monday"]}
        agent = {
            "name": "Bot",
            "type": "coding",
            "model": "gpt-4",
            "provider": "openai",
            "workingHours": hours,
        }
        agent |= {"capabilities": ["python"], "specializations": []}
        world.post("/agents", agent)
        task = world.task(estimatedHours=1)
        world.time(advance=3600)
        assert world.get(f"/tasks/{task['id']}")["status"] == "pending"
        world.time(advance=24 * 3600)
        assert world.get(f"/tasks/{task['id']}")["completedAt"].startswith("2024-01-15T09:00:0")


def test_a_world_that_never_comes_to_rest_is_409(launched, tmp_path, monkeypatch):
    """Its clock stands where that was found, and it can be moved on."""
    monkeypatch.setattr(timelapse, "MOST_UNTIL_IDLE", 40)
    with launched(tmp_path, Settings(control=True)) as api:
        control = Controlled(api.url)
        with control.http, control.world(now=START, seed="empty") as world:

            def answer(_before):
                world.task()
                return 200

            world.post("/agents", {"name": "Bot", "type": "coding", "model": "gpt-4", "provider": "openai"})
            with Receiver(answer) as receiver:
                subscribed(world, receiver, "task.completed")
                world.task()
                refused = control.ask("POST", f"/worlds/{world.id}/time", 409, json={"runUntilIdle": True})
                assert "use advance instead" in refused["error"]["message"]
                stands = world.time(freeze=True)["now"]
                assert START < stands < "2024-01-15T11:30:00Z"
                assert world.time(advance=60)["ran"] > 1


def test_a_server_that_is_stopped_on_the_way_keeps_how_far_it_got(server_process):
    """Whoever asked is told; no attempt is lost, and the clock goes on from there."""
    answered = []
    delivered = threading.Event()

    def answer(before):
        if before:
            delivered.set()
            time.sleep(4)
        return 500

    with Receiver(answer) as receiver:
        control = Controlled(server_process.start(control=True).url)
        made = control.ask("POST", "/worlds", 201, json={"now": START})
        world = World(control, made)
        subscribed(world, receiver, "task.created")
        world.task()
        path = f"/worlds/{world.id}/time"
        advance = threading.Thread(
            target=lambda: answered.append(control.http.post(path, json={"advance": 86400}))
        )
        advance.start()
        assert delivered.wait(10)
        assert server_process.stop() == 0
        advance.join(10)
        (answer_to_advance,) = answered
        assert "stopped on the way" in answer_to_advance.json()["error"]["message"]
        assert "Traceback" not in server_process.stderr
        server_process.restart()
        assert "2024-01-15T10:30:08Z" < world.time(advance=0)["now"] < "2024-01-15T10:30:12Z"
        world.api.close()
        control.http.close()


@pytest.mark.parametrize(
    "body",
    [
        '{"advance": -1}',
        '{"advance": NaN}',
        '{"advance": Infinity}',
        '{"advance": 1e400}',
        '{"advance": "1"}',
        '{"advance": true}',
        '{"advance": 27900000000}',
        '{"freeze": "yes"}',
        '{"runUntilIdle": false}',
        '{"freeze": false, "advance": 1}',
        '{"rewind": 1}',
        "{}",
    ],
)
def test_what_a_clock_can_not_do_is_422_and_moves_nothing(control, body):
    """Backwards, nowhere, beyond the last year, several things at once."""
    with control.world(now=START) as world:
        refused = control.ask("POST", f"/worlds/{world.id}/time", 422, content=body)
        assert refused["error"]["details"]
        assert world.time(freeze=True)["now"] == START
