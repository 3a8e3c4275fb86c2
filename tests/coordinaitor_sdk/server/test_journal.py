"""The journal: every request of a world with its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from control import START, Controlled, World
from server_process import ServerProcess
from websockets.sync.client import connect

from coordinaitor_sdk.server.app import create_app
from coordinaitor_sdk.server.journal import BODY, BYTES, ENTRIES, OVERHEAD
from coordinaitor_sdk.server.launch import Launch
from coordinaitor_sdk.server.run import ServerOptions
from coordinaitor_sdk.server.settings import Settings

CLIENT = "app:topsecret:http://127.0.0.1/back"


@pytest.fixture(scope="module")
def control() -> Iterator[Controlled]:
    """The control API of a server."""
    with ServerProcess() as process:
        process.start(control=True, agents="off", oauth_client=CLIENT)
        found = Controlled(process.url)
        with found.http:
            yield found


@pytest.fixture
def world(control: Controlled) -> Iterator[World]:
    """An empty world whose clock stands."""
    with control.world(seed="empty", now=START) as found:
        yield found


def journal(control, world, **wanted):
    """The whole answer."""
    return control.ask("GET", f"/worlds/{world.id}/journal", 200, params=wanted)


def entries(control, world, **wanted):
    """The entries alone."""
    return journal(control, world, **wanted)["entries"]


class TestEntries:
    def test_an_entry_has_all_of_request_and_answer(self, control, world):
        """Method, path, query, headers, body, status; on the world's clock."""
        world.time(advance=60)
        answer = world.api.post("/tasks?x=1", json={"title": "A task"}, headers={"Idempotency-Key": "one"})
        (entry,) = entries(control, world)
        assert {name: entry[name] for name in ("seq", "method", "path", "query", "operation", "status")} == {
            "seq": 1,
            "method": "POST",
            "path": "/api/v1/tasks",
            "query": "x=1",
            "operation": "create_task",
            "status": answer.status_code,
        }
        assert entry["at"] == "2024-01-15T10:31:00.000Z"
        assert entry["requestId"] == answer.headers["X-Request-Id"] == entry["answerHeaders"]["x-request-id"]
        assert entry["headers"]["idempotency-key"] == "one"
        assert entry["headers"]["x-api-key"] == "[removed]"
        assert entry["body"]["content"] == {"title": "A task"}
        assert entry["answerBody"]["content"] == answer.json()
        assert entry["answerBody"]["bytes"] == len(answer.content)
        assert entry["durationMs"] > 0
        assert entry["fault"] is None

    def test_failures_stand_in_it_too(self, control, world):
        """404, 422, 405, what no route knows."""
        world.api.get("/tasks/none")
        world.api.post("/tasks", json={})
        world.api.put("/tasks")
        world.api.get("/nothing")
        assert [(one["status"], one["operation"]) for one in entries(control, world)] == [
            (404, "get_task"),
            (422, "create_task"),
            (405, None),
            (404, None),
        ]

    def test_requests_that_are_refused_before_all_else_stand_in_it(self, tmp_path):
        """A true 429, and a body that is too large."""
        with ServerProcess(tmp_path) as process:
            process.start(control=True, agents="off", rate_limit=3_600, burst=2)
            control = Controlled(process.url)
            with control.http, control.world(seed="empty", now=START) as world:
                world.api.get("/tasks")
                world.api.post("/tasks", content=b"x" * 2_000_000)
                world.api.get("/tasks")
                assert [one["status"] for one in entries(control, world)] == [200, 413, 429]

    def test_a_file_is_summarized(self, control, world):
        """Kind and size."""
        task = world.task()["id"]
        world.api.post(f"/tasks/{task}/files", files={"file": ("a.txt", b"password=abc", "text/plain")})
        (entry,) = entries(control, world, operation="add_file")
        assert entry["body"]["type"] == "multipart/form-data"
        assert entry["body"]["omitted"] == "neither JSON nor a form"
        assert entry["body"]["bytes"] > 12

    def test_a_socket_stands_in_it_once_it_is_authenticated(self, control, world):
        """As the request that opened it; under way while it is open."""
        url = control.url.replace("http", "ws", 1) + "/ws"
        with connect(url, additional_headers={"X-API-Key": world.key}) as socket:
            socket.recv()
            (entry,) = entries(control, world)
            assert (entry["path"], entry["status"], entry["durationMs"]) == ("/ws", 101, None)
        deadline = time.monotonic() + 20
        while entries(control, world)[0]["durationMs"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_the_control_api_leaves_no_trace(self, control, world):
        """Nor does reading the journal."""
        world.time(advance=1)
        assert entries(control, world) == entries(control, world) == []


class TestSecrets:
    def test_no_secret_stands_in_it(self, control, world):
        """Neither of logins, keys, webhooks, refreshes nor OAuth."""
        auth = httpx.Client(base_url=control.url + "/api/v1/auth")
        with auth:
            tokens = auth.post("/login", json=world.admin).json()["data"]
            auth.post("/login", json=world.admin | {"password": "wrong-password"})
            auth.post("/refresh", json={"refreshToken": tokens["refreshToken"]})
            bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
            key = auth.post(
                "/api-keys", json={"name": "K", "permissions": ["tasks:read"]}, headers=bearer
            ).json()["data"]["key"]
        hook = {
            "url": "http://u:urlsecret@127.0.0.1:9/?token=querysecret",
            "events": ["task.created"],
            "secret": "webhooksecret-0123456789",
            "headers": {"X-Whatever": "headersecret"},
        }
        world.api.post("/webhooks", json=hook)
        world.api.get("/tasks?access_token=querysecret")
        world.api.post("/tasks", content=b'{"password": "cutsecret')
        token = {"grant_type": "refresh_token", "refresh_token": tokens["refreshToken"]}
        httpx.post(
            control.url + "/oauth/token", data=token | {"client_id": "app", "client_secret": "topsecret"}
        )
        told = journal(control, world)
        assert [one["path"].rpartition("/")[2] for one in told["entries"]] == [
            *("login", "login", "refresh", "api-keys", "webhooks", "tasks", "tasks", "token")
        ]
        secrets = [
            *(world.key, world.admin["password"], tokens["accessToken"], tokens["refreshToken"], key),
            *("wrong-password", "urlsecret", "querysecret", "webhooksecret", "headersecret", "cutsecret"),
            "topsecret",
        ]
        text = json.dumps(told)
        assert [secret for secret in secrets if secret in text] == []


class TestIsolation:
    def test_each_world_has_its_own(self, control, world):
        """And no credential, or nobody's, shows in none but the default one."""
        with control.world(seed="empty", now=START) as other:
            world.api.get("/tasks")
            httpx.get(control.url + "/api/v1/tasks")
            httpx.get(control.url + "/api/v1/tasks", headers={"X-API-Key": "ak_nobody-has-this"})
            assert len(entries(control, world)) == 1
            assert entries(control, other) == []
        default = control.ask("GET", "/worlds/org-456/journal", 200)["entries"]
        assert [one["headers"].get("x-api-key") for one in default] == [None]

    def test_a_reset_clears_it(self, control, world):
        """It counts from one again."""
        world.api.get("/tasks")
        world.reset()
        assert entries(control, world) == []
        world.api.get("/agents")
        assert [one["seq"] for one in entries(control, world)] == [1]

    def test_a_world_that_is_gone_has_none(self, control, world):
        """404 with what to do."""
        world.api.get("/tasks")
        world.delete()
        for method in ("GET", "DELETE"):
            refused = control.ask(method, f"/worlds/{world.id}/journal", 404)
            assert "GET /_control/worlds" in refused["error"]["message"]


class TestReading:
    def test_by_operation_status_fault_and_place(self, control, world):
        """All that is asked for must fit."""
        fault = control.ask("POST", f"/worlds/{world.id}/faults", 201, json={"kind": "status", "status": 503})
        for path in ("/tasks", "/agents", "/tasks", "/tasks/none"):
            world.api.get(path)

        def seqs(**wanted):
            return [one["seq"] for one in entries(control, world, **wanted)]

        assert seqs(operation="list_tasks") == [1, 3]
        assert seqs(operation="list_tasks", status=200) == [3]
        assert seqs(fault=fault["id"]) == [1]
        assert entries(control, world, fault=fault["id"])[0]["fault"] == {"id": "fault-1", "kind": "status"}
        assert seqs(after=2) == [3, 4]
        first = journal(control, world, limit=3)
        assert ([one["seq"] for one in first["entries"]], first["hasMore"]) == ([1, 2, 3], True)
        assert journal(control, world, after=3, limit=3)["hasMore"] is False

    def test_what_can_not_be_meant_is_refused(self, control, world):
        """An operation that isn't known with what is close."""
        path = f"/worlds/{world.id}/journal"
        refused = control.ask("GET", path, 422, params={"operation": "lst_tasks"})
        assert "list_tasks" in str(refused["error"]["details"])
        for wanted in ({"limit": 0}, {"limit": "x"}, {"after": -1}, {"status": 1}, {"colour": "red"}):
            assert control.ask("GET", path, 400, params=wanted)["error"]["details"]

    def test_it_is_cleared_on_demand(self, control, world):
        """Its numbers go on: `after` holds."""
        world.api.get("/tasks")
        control.ask("DELETE", f"/worlds/{world.id}/journal", 204)
        assert journal(control, world) == {
            "entries": [],
            "hasMore": False,
            "kept": 0,
            "dropped": 0,
            "most": ENTRIES,
        }
        world.api.get("/tasks")
        assert [one["seq"] for one in entries(control, world)] == [2]


class TestBounds:
    def test_the_newest_thousand_are_kept(self, control, world):
        """It says how many were dropped."""
        for _ in range(ENTRIES + 5):
            world.api.get("/nothing")
        told = journal(control, world)
        assert (told["kept"], told["dropped"], told["most"]) == (ENTRIES, 5, ENTRIES)
        assert told["entries"][0]["seq"] == 6

    def test_a_long_body_is_summarized(self, control, world):
        """Its length is told."""
        world.api.post("/tasks", json={"title": "A task", "description": "x" * BODY})
        (entry,) = entries(control, world)
        assert entry["body"]["omitted"] == "too long"
        assert entry["body"]["bytes"] > BODY

    def test_all_bodies_together_have_a_bound(self, control, world):
        """The oldest go first."""
        length = BODY - 1_000
        for _ in range(BYTES // length + 5):
            world.api.post("/tasks", json={"title": "x" * length})  # refused, and told all the same
        told = journal(control, world)
        assert told["dropped"] >= 4
        assert told["kept"] * (length + OVERHEAD) <= BYTES
        assert told["entries"][-1]["body"]["bytes"] > length


def test_without_a_control_api_there_is_none_and_it_costs_nothing(tmp_path):
    """Neither routes nor anything around a request or between hub and sockets."""
    launch = Launch(ServerOptions(database=str(tmp_path / "server.db"), control=False))
    engine, started = launch._open(tmp_path / "server.db")
    found = {}
    for control in (False, True):
        app = create_app(engine, started, Settings(control=control))
        found[control] = [one.cls.__name__ for one in app.user_middleware], app.state.parts.hub.meddling
        app.state.parts.store.read.close()
        app.state.parts.store._writing.close()
    engine.dispose()
    assert found[False] == (["LingeringMiddleware", "RequestsMiddleware"], None)
    names, meddling = found[True]
    assert set(names) - set(found[False][0]) == {"JournalMiddleware", "FaultsMiddleware"}
    assert meddling is not None
