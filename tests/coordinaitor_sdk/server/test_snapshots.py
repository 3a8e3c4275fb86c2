"""Snapshots of worlds, what is restored of them, and forks."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest
from control import START, Controlled, World, closing_code
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server.store import tables

LISTS = (
    "/tasks?limit=100&sortBy=createdAt",
    "/tasks?search=quokka",
    "/tasks?tags=marsupial",
    "/agents",
    "/projects",
    "/users",
    "/users/me",
    "/users/me/notifications",
    "/webhooks",
    "/tasks/task-123?include=history,comments,files",
    "/tasks/task-1001?include=history,comments,files",
    "/tasks/task-1001/comments",
    "/projects/proj-123",
)


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


def told(world: World) -> dict[str, object]:
    """What the world answers to every list; of those that it refuses, the status."""
    answers = {}
    for path in LISTS:
        answer = world.api.get(path)
        answers[path] = answer.json()["data"] if answer.status_code == 200 else answer.status_code
    return answers


def fill(world: World) -> None:
    """Something of each kind."""
    task = world.task(title="Feed the quokka", tags=["marsupial"], description="Twice a day")
    world.api.post(f"/tasks/{task['id']}/files", files={"file": ("a.txt", b"first")})
    world.post(f"/tasks/{task['id']}/comments", {"content": "Seen", "mentions": ["user-456"]})
    world.post("/projects", {"name": "Zoo", "description": "Animals", "priority": "low"})
    world.task(title="Something else", estimatedHours=2)


def snapshot(control: Controlled, world: World, name: str | None = None) -> dict[str, object]:
    """Take one."""
    body = {} if name is None else {"name": name}
    return control.ask("POST", f"/worlds/{world.id}/snapshots", 201, json=body)


def restore(control: Controlled, world: World, name: str) -> dict[str, object]:
    """Put the world back."""
    return control.ask("POST", f"/worlds/{world.id}/restore", 200, json={"snapshot": name})


@contextmanager
def forked(control: Controlled, world: str, **wanted: object) -> Iterator[World]:
    """A fork for a block; gone afterwards."""
    fork = World(control, control.ask("POST", f"/worlds/{world}/fork", 201, json=wanted))
    try:
        with fork.api:
            yield fork
    finally:
        control.http.delete(f"/worlds/{fork.id}")


def rows(process: ServerProcess, world: str) -> dict[str, int]:
    """How many rows of a world each table has, where it has any."""
    with closing(sqlite3.connect(process.database)) as raw:
        counts = {
            table: raw.execute(f"SELECT count(*) FROM {table} WHERE world = ?", (world,)).fetchone()[0]
            for table in tables.metadata.tables
        }
    return {table: count for table, count in counts.items() if count}


def copies_of(process: ServerProcess, world: str) -> list[str]:
    """The names under which its snapshots lie in the database."""
    with closing(sqlite3.connect(process.database)) as raw:
        return [row[0] for row in raw.execute("SELECT copy FROM snapshots WHERE world = ?", (world,))]


class TestRestore:
    def test_every_list_is_as_it_was(self, control, process):
        """Ids, times, search, files, keys and numbering; whatever happened since."""
        with control.world(now=START) as world:
            fill(world)
            world.time(advance=1)
            before = told(world)
            taken = snapshot(control, world, "filled")
            assert taken == {
                "name": "filled",
                "epoch": world.made["epoch"],
                "takenAt": "2024-01-15T10:30:01.000Z",
                "frozen": True,
            }
            assert told(world) == before
            world.time(runUntilIdle=True)
            world.api.patch("/tasks/task-1001", json={"title": "No longer"})
            world.api.delete("/tasks/task-1002")
            third = world.task(title="Another quokka")
            world.api.post(f"/tasks/{third['id']}/files", files={"file": ("b.txt", b"second")})
            world.api.patch("/users/me", json={"name": "Other"})
            assert told(world) != before
            put_back = restore(control, world, "filled")
            assert put_back["now"] == taken["takenAt"]
            assert put_back["epoch"] not in (taken["epoch"], world.made["epoch"])
            assert told(world) == before
            assert world.get("/tasks?search=another") == []
            folder = process.folder / "server.db.files" / "tasks" / world.id
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"file-1001": b"first"}
            assert world.task(title="Another quokka")["id"] == third["id"]
            assert len(world.get("/tasks?search=another")) == 1

    def test_work_goes_on_from_there_alike(self, control):
        """What agents do after a restore is what they did after the snapshot."""
        with control.world(now=START, randomSeed=9) as world:
            world.task(title="Worked", estimatedHours=3)
            world.time(advance=1)
            snapshot(control, world, "begun")
            world.time(runUntilIdle=True)
            ended = world.get("/tasks/task-1001?include=history"), world.time(freeze=True)["now"]
            for _ in range(2):
                restore(control, world, "begun")
                assert world.get("/tasks/task-1001")["status"] != "completed"
                world.time(runUntilIdle=True)
                assert (
                    world.get("/tasks/task-1001?include=history"),
                    world.time(freeze=True)["now"],
                ) == ended

    def test_a_file_that_was_replaced_under_the_same_name_comes_back(self, control, process):
        """Numbers come again after a restore, and with them the names of files."""
        with control.world(now=START) as world:
            snapshot(control, world, "bare")
            world.task()
            path = process.folder / "server.db.files" / "tasks" / world.id / "file-1001"
            world.api.post("/tasks/task-1001/files", files={"file": ("a.txt", b"first")})
            snapshot(control, world, "first")
            restore(control, world, "bare")
            assert not path.exists()
            world.task()
            world.api.post("/tasks/task-1001/files", files={"file": ("a.txt", b"other")})
            restore(control, world, "first")
            assert path.read_bytes() == b"first"
            assert [each.name for each in path.parent.iterdir()] == ["file-1001"]

    def test_credentials_are_those_of_the_snapshot_and_sessions_are_over(self, control):
        """Keys made since hold no longer, keys deleted since hold again; a token of before never fits."""
        with control.world(now=START) as world:
            kept = world.post("/auth/api-keys", {"name": "kept", "permissions": ["tasks:read"]})["key"]
            snapshot(control, world, "a")
            login = httpx.post(control.url + "/api/auth/login", json=world.admin).json()
            later = world.post("/auth/api-keys", {"name": "later", "permissions": ["tasks:read"]})["key"]
            restore(control, world, "a")
            token = {"Authorization": f"Bearer {login['accessToken']}"}
            tasks = control.url + "/api/tasks"
            assert httpx.get(tasks, headers=token).status_code == 401
            assert httpx.get(tasks, headers={"X-API-Key": later}).status_code == 401
            assert httpx.get(tasks, headers={"X-API-Key": kept}).status_code == 200
            assert httpx.post(control.url + "/api/auth/login", json=world.admin).status_code == 200
            assert httpx.get(tasks, headers=token).status_code == 401

    def test_sockets_close_with_1012_and_resume_in_another_epoch(self, control):
        """History has parted: who comes again is told to look anew."""
        address = control.url.replace("http", "ws", 1) + "/ws"
        with control.world(now=START) as world:
            snapshot(control, world, "a")
            headers = {"X-API-Key": world.key}
            with connect(address, additional_headers=headers) as socket:
                ready = json.loads(socket.recv())
                world.task()
                restore(control, world, "a")
                assert closing_code(socket) == 1012
            with connect(address, additional_headers=headers) as socket:
                assert json.loads(socket.recv())["epoch"] != ready["epoch"]
                since = {"epoch": ready["epoch"], "seq": 0}
                socket.send(json.dumps({"type": "subscribe", "channel": "tasks", "since": since}))
                assert json.loads(socket.recv(timeout=10))["reason"] == "epoch_changed"

    def test_a_clock_that_went_goes_on_from_the_snapshot(self, control):
        """Not from now."""
        with control.world(now=START) as world:
            world.time(freeze=False)
            taken = snapshot(control, world, "going")
            assert taken["frozen"] is False
            world.time(advance=100_000)
            assert restore(control, world, "going")["frozen"] is False
            assert str(taken["takenAt"]) < world.task()["createdAt"] < "2024-01-15T10:35:00.000Z"

    def test_it_can_be_restored_after_a_reset(self, control):
        """A reset leaves snapshots alone."""
        with control.world(now=START) as world:
            fill(world)
            before = told(world)
            snapshot(control, world, "a")
            world.reset()
            assert world.get("/tasks?search=quokka") == []
            restore(control, world, "a")
            assert told(world) == before

    def test_two_at_once_leave_one_of_both(self, control):
        """They come one after the other."""
        with control.world(now=START) as world:
            states = {}
            for name in ("one", "two"):
                world.task(title=f"Quokka {name}")
                states[name] = told(world)
                snapshot(control, world, name)
            answers = []

            def put_back(name: str) -> None:
                answers.append(
                    httpx.post(
                        f"{control.url}/_control/worlds/{world.id}/restore",
                        json={"snapshot": name},
                        timeout=60,
                    ).status_code
                )

            threads = [threading.Thread(target=put_back, args=(name,)) for name in ("one", "two") * 4]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert answers == [200] * 8
            assert told(world) in states.values()
            assert world.get("/tasks?search=two") == [
                task for task in world.get("/tasks?limit=100") if "two" in task["title"]
            ]

    def test_the_servers_own_worlds_are_not_put_back(self, control):
        """They can be kept, and forked from what was kept."""
        control.ask("POST", "/worlds/org-123/snapshots", 201, json={"name": "own"})
        refused = control.ask("POST", "/worlds/org-123/restore", 409, json={"snapshot": "own"})
        assert "POST /_control/worlds" in refused["error"]["message"]
        control.ask("DELETE", "/worlds/org-123/snapshots/own", 204)


class TestSnapshots:
    def test_they_are_numbered_listed_and_deleted(self, control, process):
        """With their rows and files; a name that is taken is a conflict."""
        with control.world(now=START) as world:
            fill(world)
            first, second = snapshot(control, world), snapshot(control, world)
            assert [first["name"], second["name"]] == ["snapshot-1", "snapshot-2"]
            path = f"/worlds/{world.id}/snapshots"
            assert control.ask("GET", path, 200) == {"snapshots": [first, second]}
            refused = control.ask("POST", path, 409, json={"name": "snapshot-1"})
            assert "delete it first" in refused["error"]["message"]
            copies = copies_of(process, world.id)
            assert all(rows(process, copy)["tasks"] == 7 for copy in copies)
            control.ask("DELETE", f"{path}/snapshot-1", 204)
            control.ask("DELETE", f"{path}/snapshot-1", 404)
            assert control.ask("GET", path, 200) == {"snapshots": [second]}
            world.delete()
            assert all(rows(process, copy) == {} for copy in copies)
            files = process.folder / "server.db.files" / "tasks"
            assert not any((files / copy).exists() for copy in copies)

    def test_what_is_not_there_is_404_and_wrong_fields_are_422(self, control):
        """Each with where to look; nothing is changed."""
        with control.world(now=START) as world:
            before = told(world)
            for path, body in (("restore", {"snapshot": "none"}), ("fork", {"snapshot": "none"})):
                refused = control.ask("POST", f"/worlds/{world.id}/{path}", 404, json=body)
                assert "/snapshots lists" in refused["error"]["message"]
            for path, body, field in (
                ("snapshots", {"name": "a/b"}, "name"),
                ("snapshots", {"nam": "a"}, "nam"),
                ("restore", {}, "snapshot"),
                ("fork", {"name": " "}, "name"),
            ):
                refused = control.ask("POST", f"/worlds/{world.id}/{path}", 422, json=body)
                assert list(refused["error"]["details"]) == [field]
            assert told(world) == before
            world.delete()
            for method, path in (
                ("GET", "snapshots"),
                ("POST", "snapshots"),
                ("DELETE", "snapshots/a"),
                ("POST", "fork"),
            ):
                refused = control.ask(method, f"/worlds/{world.id}/{path}", 404)
                assert "GET /_control/worlds" in refused["error"]["message"]
            control.ask("POST", f"/worlds/{world.id}/restore", 404, json={"snapshot": "a"})

    def test_nobody_logs_in_to_one(self, control, process):
        """Its e-mails and keys lead nowhere."""
        with control.world(now=START) as world:
            snapshot(control, world, "a")
            (copy,) = copies_of(process, world.id)
            for email in (f"{copy} {world.admin['email']}", f"{copy}{world.admin['email']}"):
                login = {"email": email, "password": world.admin["password"]}
                assert httpx.post(control.url + "/api/auth/login", json=login).status_code in (401, 422)

    def test_a_snapshot_holds_what_was_answered_just_before(self, control):
        """Also of changes that came into the same transaction."""
        with control.world(now=START, seed="empty") as world:
            made = []

            def create() -> None:
                made.extend(world.task()["id"] for _ in range(20))

            threads = [threading.Thread(target=create) for _ in range(4)]
            for thread in threads:
                thread.start()
            while not made:
                time.sleep(0.001)
            for name in "abc":
                snapshot(control, world, name)
            for thread in threads:
                thread.join(60)
            for name in "abc":
                restore(control, world, name)
                count = len(world.get("/tasks?limit=100"))
                assert world.task()["id"] == f"task-{1001 + count}"


class TestFork:
    def test_it_has_the_same_under_credentials_and_emails_of_its_own(self, control):
        """Ids, times and numbers; the source's credentials open only the source."""
        with control.world(now=START) as world:
            fill(world)
            world.time(advance=1)
            before = told(world)
            with forked(control, world.id) as fork:
                assert fork.id != world.id
                assert fork.made["epoch"] != world.made["epoch"]
                assert (fork.made["now"], fork.made["organization"]["name"]) == (
                    "2024-01-15T10:30:01.000Z",
                    "Globex",
                )
                assert fork.admin["email"] == f"admin+{fork.id}@orchestrator.com"
                assert fork.key != world.key
                text = json.dumps(told(fork)).replace(fork.id, world.id)
                assert json.loads(text) == before
                assert told(world) == before
                assert httpx.post(control.url + "/api/auth/login", json=fork.admin).status_code == 200
                mixed = world.admin | {"email": fork.admin["email"]}
                assert httpx.post(control.url + "/api/auth/login", json=mixed).status_code == 401
                for member in (world, fork):
                    assert member.get("/users/me")["organizationId"] == member.id
                assert fork.task(title="Only here")["id"] == world.task(title="Only there")["id"]
                assert [len(world.get(f"/tasks?search={word}")) for word in ("here", "there")] == [1, 1]
                fork.delete()

    def test_pending_work_goes_on_in_both_apart(self, control):
        """As it would have gone on, since both have the same random seed; deletions and files too."""
        with control.world(now=START, randomSeed=5) as world:
            fill(world)
            world.time(advance=1)
            with forked(control, world.id) as fork:
                untouched = told(world)
                fork.time(runUntilIdle=True)
                assert fork.get("/tasks/task-1001")["status"] == "completed"
                assert told(world) == untouched
                world.time(runUntilIdle=True)
                paths = ("/tasks?limit=100", "/tasks/task-1002?include=history")
                assert [world.get(path) for path in paths] == [fork.get(path) for path in paths]
                fork.delete()
                assert world.get("/tasks/task-1001")["status"] == "completed"

    def test_it_is_made_of_a_snapshot(self, control, process):
        """Whatever the source is by now; files are its own."""
        with control.world(now=START) as world:
            fill(world)
            before = told(world)
            snapshot(control, world, "a")
            world.time(advance=500)
            world.api.delete("/tasks/task-1001")
            with forked(control, world.id, snapshot="a", name="Initech") as fork:
                assert fork.made["now"] == START
                assert fork.made["organization"]["name"] == "Initech"
                assert json.loads(json.dumps(told(fork)).replace(fork.id, world.id)) == before
                world.delete()
                folder = process.folder / "server.db.files" / "tasks" / fork.id
                assert (folder / "file-1001").read_bytes() == b"first"
                fork.delete()
                assert not folder.exists()

    def test_a_reset_puts_it_back_to_what_it_was_made_with(self, control):
        """Its first credentials hold on."""
        with control.world(now=START) as world:
            fill(world)
            with forked(control, world.id) as fork:
                before = told(fork)
                fork.time(runUntilIdle=True)
                fork.task()
                assert fork.reset()["now"] == START
                assert told(fork) == before
                with forked(control, fork.id) as again:
                    assert again.admin["email"] == f"admin+{again.id}@orchestrator.com"
                    again.delete()
                    fork.delete()

    def test_keys_sessions_webhook_attempts_and_idempotency_stay_behind(self, control, process):
        """A webhook comes along; a delivery under way is the source's alone."""
        with control.world(now=START) as world:
            hook = {"url": "http://127.0.0.1:9/", "events": ["task.created"], "secret": "hush"}
            world.post("/webhooks", hook)
            world.api.post("/tasks", json={"title": "Once"}, headers={"Idempotency-Key": "a"})
            httpx.post(control.url + "/api/auth/login", json=world.admin)
            with forked(control, world.id) as fork:
                assert {"api_keys", "sessions", "idempotency"} <= set(rows(process, world.id))
                counts = rows(process, fork.id)
                assert (counts["api_keys"], counts["webhooks"]) == (1, 1)
                assert not {"sessions", "idempotency", "oauth_codes"} & set(counts)
                with closing(sqlite3.connect(process.database)) as raw:
                    query = "SELECT count(*) FROM webhook_deliveries WHERE world = ? AND ended_at IS NULL"
                    assert raw.execute(query, (fork.id,)).fetchone() == (0,)
                fork.delete()

    def test_the_servers_own_worlds_can_be_forked(self, control):
        """Their fork can be reset and deleted."""
        with forked(control, "org-123") as fork:
            assert fork.admin["email"] == f"admin+{fork.id}@acme.example"
            assert fork.get("/tasks/task-201")["title"] == "Read the impact sensor"
            fork.reset()
            fork.delete()


def test_a_killed_server_has_the_world_of_before_or_of_the_snapshot(server_process):
    """Rows, index and files fit together, whenever it was."""
    server_process.start(control=True)
    control = Controlled(server_process.url)
    with control.http, control.world(now=START, seed="empty") as world:
        states = {}
        for name, content in (("one", b"1"), ("two", b"2")):
            world.reset()
            world.task(title=f"Quokka {name}")
            world.api.post("/tasks/task-1001/files", files={"file": ("a.txt", content)})
            for number in range(150):
                world.task(title=f"Number {number} of {name}")
            snapshot(control, world, name)
            states[name] = world.get("/tasks?search=quokka"), content
        folder = server_process.folder / "server.db.files" / "tasks" / world.id
        for attempt in range(5):
            name = ("one", "two")[attempt % 2]
            url = f"{control.url}/_control/worlds/{world.id}/restore"

            def put_back(url: str = url, name: str = name) -> None:
                try:
                    httpx.post(url, json={"snapshot": name}, timeout=60)
                except httpx.TransportError:
                    return

            thread = threading.Thread(target=put_back)
            thread.start()
            time.sleep(0.004 + 0.008 * attempt)
            server_process.kill()
            thread.join(60)
            server_process.restart()
            found = world.get("/tasks?search=quokka"), (folder / "file-1001").read_bytes()
            assert found in states.values()
            assert [path.name for path in folder.iterdir()] == ["file-1001"]
            assert world.api.get("/tasks?limit=1").json()["pagination"]["total"] == 151
        world.delete()
