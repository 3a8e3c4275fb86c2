"""A key that holds less than everything, over HTTP and the socket."""

from __future__ import annotations

import json
import sqlite3

import httpx
import pytest
from websockets.sync.client import connect

from coordinaitor_sdk.server.auth.tokens import key_digest

READER = "ak_reader"


@pytest.fixture
def reader(server_process):
    """The address of a server with a key that may read tasks only; no route makes such keys yet."""
    server_process.start(api_key="ak_test-key", agents="off")
    server_process.stop()
    with sqlite3.connect(server_process.database) as raw:
        raw.execute(
            "INSERT INTO api_keys "
            "SELECT world, 'key-9', user_id, 'reader', ?, '[\"tasks:read\"]', created_at, NULL, NULL "
            "FROM api_keys LIMIT 1",
            (key_digest(READER),),
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
            ("GET", "/agents"),
            ("GET", "/projects"),
        ):
            answer = client.request(method, path, content=b"{")
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "AUTHORIZATION_ERROR"
        assert client.get("/tasks/task-123").status_code == 200


def test_channel_needs_its_permission(reader):
    """A subscription without it is an error; the socket stays."""
    with connect(reader.ws_url, additional_headers={"X-API-Key": READER}) as raw:
        assert json.loads(raw.recv())["type"] == "ready"
        raw.send(json.dumps({"type": "subscribe", "channel": "agents", "id": "a"}))
        error = json.loads(raw.recv())
        assert (error["code"], error["id"]) == ("AUTHORIZATION_ERROR", "a")
        raw.send(json.dumps({"type": "subscribe", "channel": "tasks", "id": "t"}))
        assert json.loads(raw.recv())["type"] == "subscribed"
