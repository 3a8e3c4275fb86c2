"""Two organizations on one server: neither sees the other, over HTTP or the socket."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import httpx
import pytest
from server_process import ServerProcess
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from coordinaitor_sdk.server.auth.tokens import key_digest

FIRST, SECOND = "ak_first", "ak_second"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """A server with a further organization, with a user of the same id as the first one's."""
    with ServerProcess() as process:
        process.start(api_key=FIRST, agents="off")
        process.stop()
        with sqlite3.connect(process.database) as raw:
            raw.executescript(
                """
                INSERT INTO worlds SELECT 'org-9', 'Other', 2, 'other-epoch', created_at, 0 FROM worlds
                    WHERE is_default;
                INSERT INTO sequences SELECT 'org-9', name, min(value, 1000) FROM sequences
                    WHERE world = 'org-456';
                INSERT INTO users
                    SELECT 'org-9', id, 'other@example.com', name, role, password_hash, created_at, NULL,
                        tier, NULL, preferences
                    FROM users WHERE id = 'user-123';
                """
            )
            raw.execute(
                "INSERT INTO api_keys "
                "SELECT 'org-9', id, user_id, name, ?, permissions, created_at, NULL, NULL FROM api_keys",
                (key_digest(SECOND),),
            )
        raw.close()
        process.restart()
        yield process


def client(server, key):
    """Requests as that key."""
    return httpx.Client(base_url=server.url + "/api/v1", headers={"X-API-Key": key})


def test_same_ids_in_two_worlds_are_two_things(server):
    """Numbers, tasks, lists and searches of one organization are not touched by the other's."""
    with client(server, FIRST) as first, client(server, SECOND) as second:
        made = [
            one.post("/tasks", json={"title": f"Quokka {n}"}).json()["data"]
            for n, one in enumerate((first, second))
        ]
        assert [task["id"] for task in made] == ["task-1001", "task-1001"]
        assert [one.get("/tasks/task-1001").json()["data"]["title"] for one in (first, second)] == [
            "Quokka 0",
            "Quokka 1",
        ]
        for one in (first, second):
            assert one.get("/tasks?search=quokka").json()["pagination"]["total"] == 1
        assert second.get("/tasks").json()["pagination"]["total"] == 1
        assert second.get("/tasks/task-123").status_code == 404
        assert second.get("/agents").json()["data"] == []
        body = {"title": "x", "projectId": "proj-123", "agentId": "agent-123"}
        assert set(second.post("/tasks", json=body).json()["error"]["details"]) == {"projectId", "agentId"}
        assert second.delete("/tasks/task-1001").status_code == 204
        assert first.get("/tasks/task-1001").status_code == 200


def test_login_finds_the_organization_of_the_email(server):
    """E-mails are unique on the server; the token belongs to the organization of its user."""
    body = {"email": "other@example.com", "password": "admin123"}
    login = httpx.post(server.url + "/api/auth/login", json=body).json()
    assert login["user"]["organizationId"] == "org-9"
    headers = {"Authorization": f"Bearer {login['accessToken']}"}
    assert httpx.get(server.url + "/api/tasks/task-123", headers=headers).status_code == 404


def test_socket_is_told_of_its_own_organization_only(server):
    """Events and positions are each organization's own."""
    with (
        client(server, FIRST) as first,
        connect(server.ws_url, additional_headers={"X-API-Key": SECOND}) as raw,
    ):
        ready = json.loads(raw.recv())
        assert (ready["epoch"], ready["organization"]) == ("other-epoch", {"id": "org-9", "name": "Other"})
        raw.send(json.dumps({"type": "subscribe", "channel": "tasks"}))
        raw.recv()
        first.post("/tasks", json={"title": "Not told"})
        raw.send(json.dumps({"type": "ping"}))
        assert json.loads(raw.recv()) == {"type": "pong", "seq": ready["seq"]}


def test_renewal_with_a_credential_of_another_organization_is_4403(server):
    """A socket stays with its organization."""
    with connect(server.ws_url, additional_headers={"X-API-Key": FIRST}) as raw:
        raw.recv()
        raw.send(json.dumps({"type": "auth", "apiKey": SECOND}))
        assert json.loads(raw.recv())["code"] == "AUTHORIZATION_ERROR"
        with pytest.raises(ConnectionClosed) as closed:
            raw.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403


def test_files_and_idempotency_keys_of_two_worlds_are_two_things(server):
    """The same key of the same user makes one task in each; files of the same id have their own content."""
    with client(server, FIRST) as first, client(server, SECOND) as second:
        for number, one in enumerate((first, second)):
            headers = {"Idempotency-Key": "the same"}
            answer = one.post("/tasks", json={"title": f"World {number}"}, headers=headers)
            assert answer.json()["data"]["title"] == f"World {number}"
            task = answer.json()["data"]["id"]
            content = f"of world {number}".encode()
            file = one.post(f"/tasks/{task}/files", files={"file": ("a", content)}).json()["data"]
            folder = {0: "org-456", 1: "org-9"}[number]
            kept = server.folder / "server.db.files" / "tasks" / folder / file["id"]
            assert kept.read_bytes() == content
            assert one.delete(f"/tasks/{task}").status_code == 204
