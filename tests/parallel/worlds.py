"""200 tests that run at once on one server, each in a world of its own: `test_parallel_worlds.py` runs them.

No file that pytest collects by itself: they need `CONTROL_OF_THE_TEST`, the URL of a server with a
control API.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from control import Controlled, World
from websockets.sync.client import ClientConnection, connect

TESTS = 200
TASKS = 3
FIRST = datetime.fromisoformat("2024-01-15T10:30:00Z")


@pytest.fixture(scope="session")
def control() -> Iterator[Controlled]:
    """The control API of the one server."""
    found = Controlled(os.environ["CONTROL_OF_THE_TEST"])
    with found.http:
        yield found


def stamped(moment: datetime) -> str:
    """As the server writes times."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def scenario_of(number: int) -> dict[str, Any]:
    """The first task of that test's world is done after so many seconds, and no other world's is."""
    done = {"after": number + 1, "complete": True}
    return {"version": 1, "tasks": [{"nth": 1, "start": "1s", "steps": [done]}]}


@pytest.mark.parametrize("number", range(TESTS))
def test_a_world_sees_itself_alone(control: Controlled, number: int) -> None:
    """Its ids, tasks, events, faults and time are what they would be on a server of its own."""
    start = FIRST + timedelta(days=number)
    wanted = {"now": stamped(start), "randomSeed": number, "scenario": scenario_of(number)}
    with control.world(**wanted) as world, listening(control, world) as socket:
        fails_as_it_was_told(control, world, number)
        tasks = [world.task(title=f"Test {number}, task {count}") for count in range(TASKS)]
        assert [task["id"] for task in tasks] == [f"task-{1001 + count}" for count in range(TASKS)]
        assert {task["createdAt"] for task in tasks} == {stamped(start)}
        half_a_second_before_its_end(world, start, number)
        world.time(runUntilIdle=True)
        check_the_end(world, start, number)
        check_the_pushes(socket, number)


@contextmanager
def listening(control: Controlled, world: World) -> Iterator[ClientConnection]:
    """A socket that is told of that world's tasks."""
    url = control.url.replace("http", "ws", 1) + "/ws"
    with connect(url, additional_headers={"X-API-Key": world.key}, open_timeout=60) as socket:
        assert json.loads(socket.recv(60))["type"] == "ready"
        socket.send(json.dumps({"type": "subscribe", "channel": "tasks"}))
        assert json.loads(socket.recv(60))["type"] == "subscribed"
        yield socket


def fails_as_it_was_told(control: Controlled, world: World, number: int) -> None:
    """So many creations are refused, in a way of its own, and not one more; its journal tells of no other."""
    path, times, status = f"/worlds/{world.id}/faults", number % 3 + 1, (500, 503)[number % 2]
    fault = {"kind": "status", "operation": "create_task", "count": times, "status": status}
    control.ask("POST", path, 201, json=fault)
    refused = [world.api.post("/tasks", json={"title": "Refused"}).status_code for _ in range(times)]
    assert refused == [status] * times
    (told,) = control.ask("GET", path, 200)["faults"]
    assert (told["matched"], told["fired"], told["spent"]) == (times, times, True)
    journal = control.ask("GET", f"/worlds/{world.id}/journal?operation=create_task", 200)["entries"]
    assert [entry["status"] for entry in journal] == refused


def half_a_second_before_its_end(world: World, start: datetime, number: int) -> None:
    """Its clock has gone as far as it was moved, and its task with it."""
    moved = world.time(advance=number + 1.5)
    assert (moved["now"], moved["frozen"]) == (stamped(start + timedelta(seconds=number + 1.5)), True)
    assert world.get("/tasks/task-1001")["status"] == "active"


def check_the_pushes(socket: ClientConnection, number: int) -> None:
    """In order, up to the end of all its tasks, and none of another world."""
    pushes: list[dict[str, Any]] = []
    statuses: dict[str, str] = {}
    while list(statuses.values()) != ["completed"] * TASKS:
        message = json.loads(socket.recv(60))
        if message["type"] == "heartbeat":
            continue
        pushes.append(message)
        statuses[pushes[-1]["data"]["id"]] = pushes[-1]["data"]["status"]
    assert {push["data"]["title"].partition(",")[0] for push in pushes} == {f"Test {number}"}
    seqs = [push["seq"] for push in pushes]
    assert seqs == sorted(set(seqs))


def check_the_end(world: World, start: datetime, number: int) -> None:
    """All its tasks are done by then, and there are no others."""
    found = world.api.get(f"/tasks?search={'Test'}&limit=100").json()["data"]
    assert {task["title"].partition(",")[0] for task in found} == {f"Test {number}"}
    assert [task["status"] for task in found] == ["completed"] * TASKS
    first = world.get("/tasks/task-1001?include=history")
    assert first["completedAt"] == stamped(start + timedelta(seconds=number + 2))
    assert {entry["timestamp"][:10] for entry in first["history"]} <= {
        stamped(start)[:10],
        stamped(start + timedelta(seconds=number + 2))[:10],
    }
    told = world.get("/users/me/notifications")
    assert {one["createdAt"] >= stamped(start) for one in told} <= {True}
