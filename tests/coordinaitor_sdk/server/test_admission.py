"""Rate limits over real sockets (API document, "Rate Limiting")."""

from __future__ import annotations

import math
import time

import httpx
import pytest
from server_process import ServerProcess

LIMITS = ("limit", "remaining", "reset", "window", "burst-remaining")
LOGIN = {"email": "admin@orchestrator.com", "password": "admin123"}


@pytest.fixture(scope="module")
def limited():
    """A server with the documented limits."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test-key", agents="off", rate_limit=None)


@pytest.fixture
def tight(server_process):
    """A server on which a second request within the minute is too many."""
    return server_process.start(api_key="ak_test-key", agents="off", rate_limit=60, burst=1)


def ask(server, path="/api/v1/tasks", method="GET", **given):
    """An answer, to the admin's key unless other headers are given."""
    given.setdefault("headers", {"X-API-Key": "ak_test-key"})
    return httpx.request(method, server.url + path, timeout=10, **given)


def told(answer):
    """What the headers say."""
    return {name: int(answer.headers[f"x-ratelimit-{name}"]) for name in LIMITS}


def key(server, **limits):
    """A new API key's headers."""
    body = {"name": "k", "permissions": ["tasks:read"], **limits}
    made = ask(server, "/api/v1/auth/api-keys", "POST", json=body)
    assert made.status_code == 201, made.text
    return {"X-API-Key": made.json()["data"]["key"]}


def test_every_answer_tells_of_the_limits(limited):
    """Good ones and refusals, 304 and 404, uploads too large."""
    answers = {
        200: ask(limited),
        201: ask(limited, method="POST", json={"title": "x"}),
        400: ask(limited, "/api/v1/tasks?limit=0"),
        401: ask(limited, headers={}),
        404: ask(limited, "/api/v1/nothing"),
        405: ask(limited, "/api/v1/tasks/task-123", "POST"),
        422: ask(limited, method="POST", json={}),
        413: ask(limited, method="POST", content=b"x" * 1_100_000),
        204: ask(
            limited,
            f"/api/v1/tasks/{ask(limited, method='POST', json={'title': 'x'}).json()['data']['id']}",
            "DELETE",
        ),
    }
    etag = ask(limited, "/api/v1/tasks/task-123").headers["etag"]
    answers[304] = ask(
        limited, "/api/v1/tasks/task-123", headers={"X-API-Key": "ak_test-key", "If-None-Match": etag}
    )
    for status, answer in answers.items():
        assert answer.status_code == status, answer.text
        found = told(answer)
        assert found["window"] == 3600
        assert found["reset"] == math.ceil(time.time() / 3600) * 3600
        assert found["limit"] == (1_000 if status == 401 else 100_000)


def test_remaining_counts_down(limited):
    """By one with each request of the same caller."""
    headers = key(limited)
    first, second = told(ask(limited, headers=headers)), told(ask(limited, headers=headers))
    assert first["remaining"] - second["remaining"] == 1


def test_a_caller_that_asks_too_often_is_refused_and_told_when_to_come_again(tight):
    """429 with Retry-After, the same in the body."""
    assert ask(tight).status_code == 200
    refused = ask(tight)
    assert refused.status_code == 429
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= 60
    error = refused.json()["error"]
    assert (error["code"], error["retryAfter"]) == ("RATE_LIMIT_ERROR", wait)
    assert told(refused) | {"reset": 0, "remaining": 0} == {
        "limit": 60,
        "remaining": 0,
        "reset": 0,
        "window": 3600,
        "burst-remaining": 0,
    }


def test_a_refused_request_does_nothing(tight):
    """Not even a POST with a good body."""
    ask(tight)
    assert ask(tight, method="POST", json={"title": "Refused"}).status_code == 429
    tight.restart(rate_limit="off", burst=None)
    assert ask(tight, "/api/v1/tasks?search=refused").json()["pagination"]["total"] == 0


def test_callers_have_buckets_of_their_own(tight):
    """The key, its owner's session, and who has no credential."""
    assert ask(tight).status_code == 200
    token = ask(tight, "/api/auth/login", "POST", json=LOGIN, headers={}).json()["accessToken"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert ask(tight, headers=bearer).status_code == 200
    assert ask(tight, headers=bearer).status_code == 429
    assert ask(tight).status_code == 429
    assert ask(tight, "/api/v1/system/health", headers={}).status_code == 429


def test_a_wrong_credential_counts_for_the_address(tight):
    """Guessing keys is limited; other addresses and callers are not held up."""
    assert [ask(tight, headers={"X-API-Key": f"ak_{n}"}).status_code for n in range(3)] == [401, 429, 429]
    assert ask(tight).status_code == 200


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_the_published_document_is_not_limited(tight, path):
    """It is no part of the API."""
    for _ in range(3):
        answer = ask(tight, path, headers={})
        assert answer.status_code == 200
        assert "x-ratelimit-limit" not in answer.headers


def test_a_key_has_its_own_limits_where_it_was_given_some(limited):
    """Else those of its owner's tier, each for itself."""
    assert told(ask(limited, headers=key(limited)))["limit"] == 100_000
    own = told(ask(limited, headers=key(limited, rateLimit=7, burst=3)))
    assert (own["limit"], own["burst-remaining"]) == (7, 2)
    hourly = told(ask(limited, headers=key(limited, rateLimit=7)))
    assert (hourly["limit"], hourly["burst-remaining"]) == (7, 999)


def test_options_override_tiers_and_keys(limited, tight):
    """The local admin's and API keys' too."""
    headers = {"X-API-Key": key(limited, rateLimit=5_000, burst=400)["X-API-Key"]}
    limited.restart(rate_limit=100, burst=20)
    try:
        for given in (headers, {"X-API-Key": "ak_test-key"}, {}):
            found = told(ask(limited, headers=given))
            assert (found["limit"], found["burst-remaining"]) == (100, 19)
    finally:
        limited.restart(rate_limit=None, burst=None)


def test_off_limits_nobody_and_says_nothing(api):
    """No such headers."""
    assert not [name for name in api("GET", "/tasks").headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rate_limit": 0}, "--rate-limit must be off, or a number"),
        ({"rate_limit": "off", "burst": 5}, "--burst does nothing with --rate-limit off"),
        ({"rate_limit": None, "burst": 0}, "--burst must be a number"),
    ],
)
def test_limits_that_make_no_sense_are_refused_at_the_start(server_process, options, says):
    """One line says what is wrong."""
    with pytest.raises(AssertionError, match=says):
        server_process.start(agents="off", **options)
