"""Worlds as text, and worlds made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from control import START, Controlled, World
from server_process import ServerProcess

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\x18\xdd\x8d\xb0\x00\x00\x00\x00IEND\xaeB`\x82"
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


@pytest.fixture(scope="module")
def filled(control: Controlled) -> Iterator[World]:
    """A world with something of each kind, and work under way."""
    with control.world(now=START, name="Zoo") as world:
        task = world.task(
            title="Feed the quokka", tags=["Marsupial"], description="Twice\na day", dueDate=START
        )
        world.api.post(f"/tasks/{task['id']}/files", files={"file": ("ä.txt", b"\x00\xff first")})
        world.post(
            f"/tasks/{task['id']}/comments", {"content": "Seen by @user-456", "mentions": ["user-456"]}
        )
        about = {
            "name": "Zoo",
            "description": "Animals",
            "priority": "low",
            "budget": {"hours": 2.5, "cost": 3},
        }
        world.post("/projects", about)
        world.task(title="Something else", estimatedHours=2)
        hook = {"url": "http://127.0.0.1:9/", "events": ["task.failed"], "secret": "hush-hush"}
        world.post("/webhooks", hook | {"headers": {"Authorization": "Bearer hidden"}})
        hours = {"timezone": "Europe/Berlin", "start": "09:00", "end": "17:00"}
        world.api.put("/agents/agent-456", json={"workingHours": hours, "configuration": {"a": [1, None]}})
        assert world.api.post("/users/me/avatar", files={"avatar": ("a.png", PNG)}).status_code == 200
        world.time(advance=1)
        yield world


def exported(control: Controlled, world: str) -> str:
    """Its text."""
    answer = control.http.get(f"/worlds/{world}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/jsonl")
    return answer.content.decode()


@contextmanager
def imported(control: Controlled, text: str, **more: object) -> Iterator[World]:
    """A world of an export for a block."""
    world = World(control, control.ask("POST", "/worlds/import", 201, json={"export": text, **more}))
    try:
        with world.api:
            yield world
    finally:
        control.http.delete(f"/worlds/{world.id}")


def test_an_export_is_readable_and_stable_and_has_no_secrets(control, filled):
    """A header, then one object a line."""
    text = exported(control, filled.id)
    assert text == exported(control, filled.id)
    header, *lines = (json.loads(line) for line in text.splitlines())
    assert (header["format"], header["version"], header["organization"]) == ("coordinaitor-world", 1, "Zoo")
    kinds = list(dict.fromkeys(next(iter(line)) for line in lines))
    assert kinds == [
        *("user", "agent", "project", "projectMember", "projectAgent", "task", "comment", "history"),
        *("file", "notification", "webhook", "due"),
    ]
    for secret in (filled.key, filled.admin["password"], "hush-hush", "hidden", "sha256$", "password"):
        assert secret not in text
    assert '"title": "Feed the quokka"' in text


def test_what_is_imported_is_exported_alike(control, filled):
    """But for the world's id."""
    text = exported(control, filled.id)
    with imported(control, text) as world:
        assert exported(control, world.id).replace(world.id, filled.id) == text
        assert world.made["organization"]["name"] == "Zoo"
        assert world.made["now"] == "2024-01-15T10:30:01.000Z"


def test_it_answers_as_the_world_that_was_exported(control, filled, process):
    """Lists, search, files and pictures; the work under way ends alike."""
    paths = (
        "/tasks?limit=100",
        "/tasks?search=quokka",
        "/tasks?tags=Marsupial",
        "/agents",
        "/projects",
        "/users",
    )
    with imported(control, exported(control, filled.id), name="Copy") as world:
        assert world.made["organization"]["name"] == "Copy"
        for path in paths:
            assert json.loads(json.dumps(world.get(path)).replace(world.id, filled.id)) == filled.get(path)
        assert len(world.get("/tasks?search=quokka")) == len(world.get("/tasks?tags=Marsupial")) == 1
        kept = process.folder / "server.db.files"
        assert (kept / "tasks" / world.id / "file-1001").read_bytes() == b"\x00\xff first"
        (picture,) = (kept / "avatars" / world.id).iterdir()
        assert picture.read_bytes() == PNG
        avatar = world.get("/users/me")["avatar"]
        assert httpx.get(avatar if avatar.startswith("http") else control.url + avatar).content == PNG
        assert world.admin["email"] == f"admin+{world.id}@orchestrator.com"
        assert httpx.post(control.url + "/api/auth/login", json=world.admin).status_code == 200
        assert world.task()["id"] == "task-1003"
        world.api.delete("/tasks/task-1003")
        world.reset()
        control.ask("POST", f"/worlds/{filled.id}/snapshots", 201, json={"name": "before"})
        for each in (world, filled):
            each.time(runUntilIdle=True)
        assert world.get("/tasks/task-1001?include=history") == filled.get("/tasks/task-1001?include=history")
        control.ask("POST", f"/worlds/{filled.id}/restore", 200, json={"snapshot": "before"})


def test_the_servers_own_world_can_be_exported_and_imported(control):
    """E-mails get the world's id."""
    text = exported(control, "org-123")
    with imported(control, text) as world:
        assert world.get("/tasks/task-201")["title"] == "Read the impact sensor"
        assert {user["email"] for user in world.get("/users")} == {
            f"admin+{world.id}@acme.example",
            f"mary.major+{world.id}@acme.example",
        }


def changed(text: str, kind: str, **fields: object) -> tuple[str, int]:
    """The export with other fields in the first line of that kind, and the number of that line."""
    lines = text.splitlines()
    number = next(place for place, line in enumerate(lines) if line.startswith(f'{{"{kind}"'))
    line = json.loads(lines[number])
    record = line if kind == "format" else line[kind]
    record.update(fields)
    lines[number] = json.dumps({kind: record} if kind != "format" else record)
    return "\n".join(lines), number + 1


@pytest.mark.parametrize(
    ("kind", "fields", "named", "says"),
    [
        ("format", {"version": 2}, "version", "must be one of: 1"),
        ("format", {"format": "other"}, "format", "must be one of: coordinaitor-world"),
        ("format", {"now": "9999-01-01T00:00:00Z"}, "now", "must be from 1980"),
        ("task", {"colour": "red"}, "colour", "is not known"),
        ("task", {"title": 5}, "title", "must be a string"),
        ("task", {"status": "odd"}, "status", "must be one of"),
        ("task", {"projectId": "proj-none"}, "projectId", "proj-none is no project"),
        ("task", {"createdBy": "user-none"}, "createdBy", "user-none is no user"),
        ("agent", {"id": "../../etc"}, "id", "pattern"),
        ("agent", {"workingHours": {"timezone": "Mars/Crater"}}, "workingHours.timezone", "time zone"),
        ("comment", {"taskId": "task-none"}, "taskId", "task-none is no task"),
        ("file", {"content": "%"}, "content", "must be base64"),
        ("user", {"email": "nobody"}, "email", "e-mail"),
        ("user", {"id": "user-456"}, "id", "is there twice"),
        ("projectMember", {"userId": "user-none"}, "userId", "user-none is no user"),
        ("due", {"dueAt": "soon"}, "dueAt", "must be a date"),
    ],
)
def test_what_does_not_fit_names_line_and_field_and_makes_nothing(control, filled, kind, fields, named, says):
    """With the reason."""
    text, line = changed(exported(control, filled.id), kind, **fields)
    before = [world["world"] for world in control.ask("GET", "/worlds", 200)["worlds"]]
    refused = control.ask("POST", "/worlds/import", 422, json={"export": text})["error"]
    places = list(refused["details"])
    assert any(
        place == f"line {line}, {named}" or (named == "id" and place.endswith(", id")) for place in places
    )
    assert any(says in message for messages in refused["details"].values() for message in messages)
    assert refused["message"].startswith("The export does not fit: line ")
    assert [world["world"] for world in control.ask("GET", "/worlds", 200)["worlds"]] == before


@pytest.mark.parametrize(
    ("break_it", "place", "says"),
    [
        (lambda text: "", "export", "is required"),
        (lambda text: "\n\n", "line 1", "is required"),
        (lambda text: text[: len(text) // 2], None, "not valid JSON"),
        (lambda text: text.replace('{"task":', '{"job":', 1), None, "Must be one object of"),
        (lambda text: text.partition("\n")[2], "line 1", "is required"),
        (lambda text: text + "[1]\n", None, "Must be a JSON object"),
        (lambda text: text.partition("\n")[0], "line 1, role", "No user is an admin"),
        (lambda text: text + '{"task": ' * 5000 + "\n", None, "not valid JSON"),
    ],
)
def test_what_is_no_export_is_told_where(control, filled, break_it, place, says):
    """Cut off, of another kind, without a header."""
    text = break_it(exported(control, filled.id))
    refused = control.ask("POST", "/worlds/import", 422, json={"export": text})["error"]
    assert any(says in message for messages in refused["details"].values() for message in messages)
    assert place is None or any(key.startswith(place) for key in refused["details"])


def test_a_world_that_is_gone_is_404(control):
    """With where to look."""
    refused = control.ask("GET", "/worlds/org-none/export", 404)
    assert "GET /_control/worlds" in refused["error"]["message"]


def test_a_large_export_is_taken(control):
    """Larger than other bodies may be."""
    with control.world(now=START, seed="empty") as world:
        for _ in range(3):
            task = world.task()
            content = {"file": ("a.bin", bytes(range(256)) * 4096)}
            assert world.api.post(f"/tasks/{task['id']}/files", files=content).status_code == 201
        text = exported(control, world.id)
        assert len(text) > 4_000_000
        with imported(control, text) as other:
            assert exported(control, other.id).replace(other.id, world.id) == text
