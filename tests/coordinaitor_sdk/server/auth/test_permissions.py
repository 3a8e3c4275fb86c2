"""A key that holds less than everything, over HTTP and the socket."""

from __future__ import annotations

import json
import sqlite3

import httpx
import pytest
from websockets.sync.client import connect

from coordinaitor_sdk.server.auth.tokens import key_digest

READER = "ak_reader"
OVERSEER = "ak_overseer"
KEYS = {READER: ["tasks:read"], OVERSEER: ["agents:read", "projects:read"]}


@pytest.fixture
def reader(server_process):
    """A server with a key that may read tasks only, and one that may read all but tasks."""
    server_process.start(api_key="ak_test-key", agents="off")
    server_process.stop()
    with sqlite3.connect(server_process.database) as raw:
        for key, permissions in KEYS.items():
            raw.execute(
                "INSERT INTO api_keys "
                "SELECT world, ?, user_id, 'reader', ?, ?, created_at, NULL, NULL FROM api_keys LIMIT 1",
                (key, key_digest(key), json.dumps(permissions)),
            )
    raw.close()
    server_process.restart()
    return server_process


def test_key_can_do_what_it_was_given_and_no_more(reader):
    """403 AUTHORIZATION_ERROR names the missing permission; nothing is changed."""
    with httpx.Client(base_url=reader.url + "/api/v1", headers={"X-API-Key": READER}) as client:
        assert client.get("/tasks/task-123").status_code == 200
        for method, path in (
            ("POST", "/tasks"),
            ("DELETE", "/tasks/task-123"),
            ("POST", "/tasks/task-123/files"),
            ("GET", "/agents"),
            ("GET", "/agents/agent-123/metrics"),
            ("POST", "/agents"),
            ("PUT", "/agents/agent-123"),
            ("POST", "/agents/agent-123/enable"),
            ("POST", "/agents/agent-123/disable"),
            ("GET", "/projects"),
            ("PUT", "/projects/proj-123"),
            ("DELETE", "/projects/proj-123"),
            ("POST", "/projects/proj-123/members"),
            ("DELETE", "/projects/proj-123/members/user-123"),
        ):
            answer = client.request(method, path, content=b"{")
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "AUTHORIZATION_ERROR"
        assert client.get("/tasks/task-123").status_code == 200


def test_tasks_of_agents_and_projects_need_the_permission_for_tasks(reader):
    """Who may read agents and projects alone sees none of their tasks."""
    with httpx.Client(base_url=reader.url + "/api/v1", headers={"X-API-Key": OVERSEER}) as client:
        for path in ("agent-123", "agent-123/metrics", "agent-123?include=metrics"):
            assert client.get(f"/agents/{path}").status_code == 200
        for path in (
            "/agents/agent-123/tasks",
            "/agents/agent-123?include=tasks",
            "/agents/agent-123?include=metrics,logs",
            "/projects/proj-123/tasks",
        ):
            answer = client.get(path)
            assert answer.status_code == 403
            assert "tasks:read" in answer.json()["error"]["message"]


def test_channel_needs_its_permission(reader):
    """A subscription without it is an error; the socket stays."""
    with connect(reader.ws_url, additional_headers={"X-API-Key": READER}) as raw:
        assert json.loads(raw.recv())["type"] == "ready"
        raw.send(json.dumps({"type": "subscribe", "channel": "agents", "id": "a"}))
        error = json.loads(raw.recv())
        assert (error["code"], error["id"]) == ("AUTHORIZATION_ERROR", "a")
        raw.send(json.dumps({"type": "subscribe", "channel": "tasks", "id": "t"}))
        assert json.loads(raw.recv())["type"] == "subscribed"
