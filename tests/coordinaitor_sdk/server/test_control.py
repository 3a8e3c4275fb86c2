"""Worlds that are made, put back and removed while the server runs."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from control import START, Controlled, closing_code
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server.store import tables


@pytest.fixture(scope="module")
def process() -> Iterator[ServerProcess]:
    """A server with a control API."""
    with ServerProcess() as it:
        yield it.start(control=True)


@pytest.fixture(scope="module")
def control(process: ServerProcess) -> Iterator[Controlled]:
    """That API."""
    found = Controlled(process.url)
    with found.http:
        yield found


def rows_of(process: ServerProcess, world: str) -> dict[str, int]:
    """How many rows of a world each table has, where it has any."""
    with closing(sqlite3.connect(process.database)) as raw:
        counts = {
            table: raw.execute(f"SELECT count(*) FROM {table} WHERE world = ?", (world,)).fetchone()[0]
            for table in tables.metadata.tables
        }
    return {table: count for table, count in counts.items() if count}


class TestCreation:
    def test_the_answer_has_all_that_a_client_needs(self, control):
        """Ids, epoch, and credentials that hold; the demo seed under the document's ids."""
        with control.world() as world:
            assert world.made["organization"] == {"id": world.id, "name": "Globex"}
            assert world.get("/tasks/task-123")["title"] == "Implement user authentication"
            assert world.get("/users/me")["organizationId"] == world.id
            login = httpx.post(control.url + "/api/auth/login", json=world.admin).json()
            assert login["user"] | {"name": ""} == {
                "id": "user-123",
                "email": f"admin+{world.id}@orchestrator.com",
                "name": "",
                "role": "admin",
                "organizationId": world.id,
            }
            with connect(
                control.url.replace("http", "ws", 1) + "/ws", additional_headers={"X-API-Key": world.key}
            ) as socket:
                assert json.loads(socket.recv())["epoch"] == world.made["epoch"]

    def test_an_empty_world_has_its_admin_alone(self, control):
        """And the name that was asked for."""
        with control.world(seed="empty", name="Initech") as world:
            assert world.get("/tasks") == world.get("/agents") == world.get("/projects") == []
            assert [user["id"] for user in world.get("/users")] == ["user-123"]
            assert world.made["organization"]["name"] == "Initech"

    def test_a_wrong_password_is_refused(self, control):
        """A generated password is checked as any other is."""
        with control.world() as world:
            wrong = world.admin | {"password": world.admin["password"] + "x"}
            assert httpx.post(control.url + "/api/auth/login", json=wrong).status_code == 401

    def test_no_secret_is_stored(self, control, process):
        """Key and password lie in the database as hashes."""
        with control.world() as world:
            files = [path.read_bytes() for path in process.folder.glob("server.db*") if path.is_file()]
            for secret in (world.key, world.admin["password"]):
                assert not any(secret.encode() in content for content in files)

    def test_worlds_are_listed_with_their_time(self, control):
        """Those of the start too."""
        with control.world(now=START, randomSeed=7) as world:
            listed = {one["world"]: one for one in control.ask("GET", "/worlds", 200)["worlds"]}
            assert {"org-456", "org-123", world.id} <= set(listed)
            expected = {"agents", "epoch", "frozen", "now", "organization", "randomSeed", "world"}
            assert listed[world.id] == {name: world.made[name] for name in expected}
            assert (listed[world.id]["now"], listed[world.id]["frozen"]) == (START, True)
            assert listed[world.id]["randomSeed"] == 7

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"seed": "other"}, "seed"),
            ({"randomSeed": -1}, "randomSeed"),
            ({"randomSeed": 1.5}, "randomSeed"),
            ({"name": " "}, "name"),
            ({"now": "yesterday"}, "now"),
            ({"now": "9999-12-31T00:00:00Z"}, "now"),
            ({"speed": 2}, "speed"),
        ],
    )
    def test_wrong_fields_are_422_and_make_nothing(self, control, body, named):
        """Each is named."""
        before = control.ask("GET", "/worlds", 200)["worlds"]
        refused = control.ask("POST", "/worlds", 422, json=body)
        assert list(refused["error"]["details"]) == [named]
        after = control.ask("GET", "/worlds", 200)["worlds"]
        assert [one["world"] for one in after] == [one["world"] for one in before]


def test_same_seed_and_same_requests_give_the_same_ids_and_times(control):
    """Two worlds that begin at the same moment tell the same story, event for event."""

    def story(world):
        world.task(title="First", estimatedHours=3)
        world.time(advance=1.5)
        world.task(title="Second", tags=["simulate-failure"], agentId="agent-789")
        world.time(runUntilIdle=True)
        tasks = [world.get(f"/tasks/task-{number}") for number in (1001, 1002)]
        histories = [world.get(f"/tasks/task-{number}?include=history") for number in (1001, 1002)]
        return tasks, histories, world.get("/users/me/notifications"), world.time(freeze=True)

    with (
        control.world(now=START, randomSeed=42) as first,
        control.world(now=START, randomSeed=42) as second,
        control.world(now=START, randomSeed=43) as other,
    ):
        told = story(first)
        assert [task["status"] for task in told[0]] == ["completed", "failed"]
        assert told == story(second)
        assert told[0] != story(other)[0]


def test_many_at_once_see_only_their_own(control):
    """Eight threads, each with a world of its own, on the same ids at the same time."""
    faults = []

    def work(number):
        try:
            with control.world(now=START) as world:
                for count in range(10):
                    task = world.task(title=f"Thread {number}, task {count}")
                    assert task["id"] == f"task-{1001 + count}"
                    assert task["createdBy"] == "user-123"
                assert world.time(advance=number)["now"] == f"2024-01-15T10:30:0{number}.000Z"
                found = world.api.get("/tasks?search=Thread&limit=100").json()["data"]
                assert {task["title"].partition(",")[0] for task in found} == {f"Thread {number}"}
                assert len(found) == 10
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


class TestDeletion:
    def test_everything_of_the_world_goes_and_nothing_else(self, control, process):
        """Rows of all tables, index, files; its neighbour stays as it was."""
        with control.world(now=START) as gone, control.world(now=START) as stays:
            for world in (gone, stays):
                task = world.task(title="Quokka")
                world.api.post(f"/tasks/{task['id']}/files", files={"file": ("a.txt", b"content")})
                world.time(runUntilIdle=True)
            before = rows_of(process, stays.id)
            assert {"tasks", "events", "files", "sequences", "settings", "users", "worlds"} <= set(before)
            gone.delete()
            assert rows_of(process, gone.id) == {}
            assert {**rows_of(process, stays.id), "logs": 0} == {**before, "logs": 0}
            folder = process.folder / "server.db.files" / "tasks"
            assert not (folder / gone.id).exists()
            assert (folder / stays.id / "file-1001").read_bytes() == b"content"
            assert len(stays.get("/tasks?search=quokka")) == 1

    def test_its_credentials_hold_no_longer(self, control):
        """Key, access token, refresh token and password."""
        with control.world() as world:
            login = httpx.post(control.url + "/api/auth/login", json=world.admin).json()
            token = {"Authorization": f"Bearer {login['accessToken']}"}
            assert httpx.get(control.url + "/api/tasks", headers=token).status_code == 200
            world.delete()
            assert world.api.get("/tasks").status_code == 401
            assert httpx.get(control.url + "/api/tasks", headers=token).status_code == 401
            refresh = {"refreshToken": login["refreshToken"]}
            assert httpx.post(control.url + "/api/auth/refresh", json=refresh).status_code == 401
            assert httpx.post(control.url + "/api/auth/login", json=world.admin).status_code == 401

    def test_its_sockets_close_with_4401_and_those_of_others_stay(self, control):
        """They are told why."""
        address = control.url.replace("http", "ws", 1) + "/ws"
        with (
            control.world() as gone,
            control.world() as stays,
            connect(address, additional_headers={"X-API-Key": gone.key}) as one,
            connect(address, additional_headers={"X-API-Key": stays.key}) as other,
        ):
            for socket in (one, other):
                socket.recv()
            gone.delete()
            assert "gone" in json.loads(one.recv(timeout=10))["message"]
            assert closing_code(one) == 4401
            other.send('{"type": "ping"}')
            assert json.loads(other.recv(timeout=10))["type"] == "pong"

    def test_what_is_gone_is_404(self, control):
        """With a message that says where to look."""
        with control.world() as world:
            world.delete()
            for method, path in (("DELETE", ""), ("POST", "/reset"), ("POST", "/time")):
                refused = control.ask(method, f"/worlds/{world.id}{path}", 404, json={"freeze": True})
                assert "GET /_control/worlds" in refused["error"]["message"]

    def test_the_servers_own_worlds_stay(self, control):
        """They can be neither deleted nor reset."""
        for method, path in (("DELETE", "/worlds/org-456"), ("POST", "/worlds/org-123/reset")):
            refused = control.ask(method, path, 409)
            assert "POST /_control/worlds" in refused["error"]["message"]

    def test_agents_at_work_do_not_hold_it_up(self, control, process):
        """Nor do they write anything afterwards; the server goes on."""
        with control.world() as world:
            for _ in range(5):
                world.task(estimatedHours=0.5)
            time.sleep(0.5)
            world.delete()
            time.sleep(0.6)
            assert rows_of(process, world.id) == {}
        assert "Traceback" not in process.stderr


class TestReset:
    def test_the_world_is_as_it_was_made_with_a_new_epoch(self, control, process):
        """Data, numbering, time and credentials; sessions are over."""
        with control.world(now=START, seed="empty") as world:
            login = httpx.post(control.url + "/api/auth/login", json=world.admin).json()
            first = world.task(title="Again")
            world.api.post(f"/tasks/{first['id']}/files", files={"file": ("a.txt", b"content")})
            world.time(advance=100)
            reset = world.reset()
            assert reset["epoch"] != world.made["epoch"]
            assert reset | {"epoch": ""} == {name: world.made[name] for name in reset if name != "epoch"} | {
                "epoch": ""
            }
            assert world.get("/tasks") == []
            assert not (process.folder / "server.db.files" / "tasks" / world.id).exists()
            assert world.task(title="Again") == first
            token = {"Authorization": f"Bearer {login['accessToken']}"}
            assert httpx.get(control.url + "/api/tasks", headers=token).status_code == 401
            again = httpx.post(control.url + "/api/auth/login", json=world.admin)
            assert again.status_code == 200
            assert httpx.get(control.url + "/api/tasks", headers=token).status_code == 401

    def test_sockets_close_with_1012_and_a_resumed_one_is_told_of_the_new_epoch(self, control):
        """What they know is another history."""
        address, channel = (
            control.url.replace("http", "ws", 1) + "/ws",
            {"type": "subscribe", "channel": "tasks"},
        )
        with control.world(now=START) as world:
            headers = {"X-API-Key": world.key}
            with connect(address, additional_headers=headers) as socket:
                ready = json.loads(socket.recv())
                world.task()
                world.reset()
                assert closing_code(socket) == 1012
            with connect(address, additional_headers=headers) as socket:
                assert json.loads(socket.recv())["seq"] == 0
                socket.send(json.dumps(channel | {"since": {"epoch": ready["epoch"], "seq": 0}}))
                assert json.loads(socket.recv(timeout=10))["reason"] == "epoch_changed"
                world.task()
                assert json.loads(socket.recv(timeout=10))["type"] == "subscribed"
                assert json.loads(socket.recv(timeout=10))["seq"] == 1


def test_worlds_and_their_clocks_outlive_the_server(server_process):
    """A killed server comes again with the same worlds, where their time stood."""
    server_process.start(control=True)
    control = Controlled(server_process.url)
    with control.http, control.world(now=START) as world:
        world.time(advance=3600)
        server_process.kill()
        server_process.restart()
        assert world.task()["createdAt"] == "2024-01-15T11:30:00.000Z"
        assert world.time(freeze=False)["frozen"] is False
        server_process.kill()
        server_process.restart()
        assert "2024-01-15T11:30:00.000Z" < world.task()["createdAt"] < "2024-01-15T11:40:00.000Z"
        world.delete()
        server_process.restart()
        assert world.api.get("/tasks").status_code == 401
