"""The check that holds every server under test can fail."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from answers import check, read, wrong
from server_process import ServerProcess


@pytest.fixture(scope="module")
def told():
    """What a server really answered."""
    with ServerProcess() as process:
        process.start(api_key="ak_test-key", agents="off")
        with httpx.Client(base_url=process.url, headers={"X-API-Key": "ak_test-key"}) as client:
            for path in ("/api/v1/tasks/task-123", "/api/v1/tasks", "/api/tasks/none", "/api/v1/system/logs"):
                client.get(path)
            login = {"email": "admin@orchestrator.com", "password": "admin123"}
            client.post("/api/auth/login", json=login)
            client.post("/api/v1/auth/login", json=login)
            client.delete("/api/v1/tasks/task-456")
        process.stop()  # an answer without a body is read before it is written down
        yield list(read(process.answers_file))


def changed(told: list[dict[str, Any]], path: str, change: Any) -> list[str]:
    """The faults found once the body at `path` was changed."""
    (one,) = [copy.deepcopy(one) for one in told if one["path"] == path]
    body = json.loads(one["body"])
    change(body)
    return list(wrong([one | {"body": json.dumps(body)}]))


def test_what_a_server_answers_is_as_published(told):
    """Every answer was written down, and none is wrong."""
    assert len(told) == 7
    check(told)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/api/v1/tasks/task-123", lambda body: body["data"].pop("version")),
        ("/api/v1/tasks/task-123", lambda body: body["data"].update(more=1)),
        ("/api/v1/tasks", lambda body: body["data"][0].update(status="idle")),
        ("/api/v1/tasks", lambda body: body["pagination"].pop("total")),
        ("/api/tasks/none", lambda body: body["error"].update(code="OTHER")),
        ("/api/v1/system/logs", lambda body: body.pop("meta")),
        ("/api/auth/login", lambda body: body.update(success=True)),
        ("/api/v1/auth/login", lambda body: body["data"].update(expiresIn="3600")),
    ],
)
def test_a_field_too_few_too_many_or_of_another_kind_is_found(told, path, change):
    """In lists, objects, failures, with the envelope and without."""
    assert len(changed(told, path, change)) == 1


def test_a_status_that_is_not_documented_is_found(told):
    """And a body where there should be none."""
    (deleted,) = [one for one in told if one["method"] == "DELETE"]
    assert list(wrong([deleted])) == []
    assert list(wrong([deleted | {"status": 202}])) != []
    assert list(wrong([deleted | {"body": "{}"}])) != []


def test_a_push_that_is_not_as_published_is_found(told):
    """Other messages on the socket have no schema."""
    (one,) = [one for one in told if one["path"] == "/api/v1/tasks/task-123"]
    push = {"type": "task.updated", "seq": 1, "epoch": "e", "timestamp": "2024-01-15T10:30:00.000Z"}
    good = push | {"data": json.loads(one["body"])["data"]}
    assert list(wrong([{"frame": json.dumps(good)}, {"frame": '{"type":"pong"}'}])) == []
    assert list(wrong([{"frame": json.dumps(good | {"seq": 0})}])) != []
    assert list(wrong([{"frame": json.dumps(good | {"type": "task.deleted"})}])) != []


def test_a_server_that_answers_wrongly_fails_its_test(tmp_path):
    """At the end of the block."""
    process = ServerProcess(tmp_path)
    process.answers_file.write_text(
        '{"method": "GET", "path": "/api/v1/tasks", "status": 200, "body": "{}"}\n'
    )
    with pytest.raises(AssertionError, match="not as published"):
        process.close()
