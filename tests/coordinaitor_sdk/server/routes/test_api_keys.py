"""`POST /auth/api-keys`, and what a key opens."""

from __future__ import annotations

import sqlite3

import httpx
import pytest

from coordinaitor_sdk.server.schemas.answers import Answer, ApiKey

WANTED = {"name": "My Integration", "permissions": ["tasks:read", "tasks:write", "agents:read"]}


def status(api, key, path="/tasks", method="GET", **given):
    """The status of a request with that key."""
    url = f"{api.url}/api/v1{path}"
    return httpx.request(method, url, headers={"X-API-Key": key}, **given).status_code


def test_the_documents_request_makes_a_key_that_opens_what_it_names(api):
    """201; a permission that it was not given is 403."""
    answer = api("POST", "/auth/api-keys", json=WANTED)
    made = Answer[ApiKey].model_validate_json(answer.content).data
    assert answer.status_code == 201
    assert made.model_dump(include={"name", "permissions"}) == WANTED
    assert (made.rate_limit, made.burst) == (None, None)
    assert status(api, made.key) == 200
    assert status(api, made.key, method="POST", json={"title": "x"}) == 201
    assert status(api, made.key, "/agents/agent-123") == 200
    assert status(api, made.key, "/projects") == 403
    assert status(api, made.key, "/users/me") == 200


def test_it_answers_bare_under_api(api):
    """As all of `/api/auth` does."""
    answer = httpx.post(f"{api.url}/api/auth/api-keys", json=WANTED, headers={"X-API-Key": "ak_test-key"})
    assert ApiKey.model_validate_json(answer.content).name == "My Integration"


def test_a_key_is_stored_as_its_hash_alone(own, own_server):
    """Not in the answers kept for repeated requests either."""
    headers = {"Idempotency-Key": "make a key"}
    key = own("POST", "/auth/api-keys", json=WANTED, headers=headers).json()["data"]["key"]
    with sqlite3.connect(own_server.database) as raw:
        tables = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            assert key not in str(raw.execute(f"SELECT * FROM {table}").fetchall())
    raw.close()


def test_a_repeated_request_shows_the_same_key(own, own_server):
    """Also after a restart: who lost the answer has not lost the key."""
    headers = {"Idempotency-Key": "once"}
    first = own("POST", "/auth/api-keys", json=WANTED, headers=headers)
    own_server.restart()
    again = own("POST", "/auth/api-keys", json=WANTED, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert status(own, first.json()["data"]["key"]) == 200


def test_a_key_can_not_give_more_than_it_has(api):
    """403 names the permission; without `keys:write` it gives none."""
    body = {"name": "k", "permissions": ["keys:write", "tasks:read"]}
    key = api.post("/auth/api-keys", body)["key"]
    wanted = {"name": "more", "permissions": ["tasks:read", "tasks:write"]}
    url = f"{api.url}/api/v1/auth/api-keys"
    answer = httpx.post(url, headers={"X-API-Key": key}, json=wanted)
    assert (answer.status_code, "tasks:write" in answer.json()["error"]["message"]) == (403, True)
    less = httpx.post(url, headers={"X-API-Key": key}, json=wanted | {"permissions": ["tasks:read"]})
    assert less.status_code == 201
    assert status(api, less.json()["data"]["key"], "/auth/api-keys", "POST", json=wanted) == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"permissions": ["tasks:read"]}, "name"),
        ({"name": "k"}, "permissions"),
        ({"name": "k", "permissions": []}, "permissions"),
        ({"name": "k", "permissions": ["tasks:eat"]}, "permissions.0"),
        ({"name": "k", "permissions": ["tasks:read"], "rateLimit": 0}, "rateLimit"),
        ({"name": "k", "permissions": ["tasks:read"], "burst": 1.5}, "burst"),
        ({"name": "k", "permissions": ["tasks:read"], "key": "ak_mine"}, "key"),
    ],
)
def test_wrong_fields_are_named(api, body, field):
    """422."""
    assert list(api.details("POST", "/auth/api-keys", json=body)) == [field]
