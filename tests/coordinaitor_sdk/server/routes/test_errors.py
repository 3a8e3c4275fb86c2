"""Every failure has the documented form, whoever found it."""

from __future__ import annotations

import json
import socket

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coordinaitor_sdk.server.schemas.answers import Failure, Task

JSON = {"Content-Type": "application/json"}


def failure(answer):
    """A refusal, of the documented form, its request id also in the header."""
    found = Failure.model_validate_json(answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == found.meta.request_id
    return found.error


@pytest.mark.parametrize("path", ["/nothing", "/tasks/", "/tasks/task-123/nothing", "/agents/a/b/c"])
def test_unknown_path_is_404(api, path):
    """404 NOT_FOUND names the path."""
    answer = api("GET", path)
    assert answer.status_code == 404
    assert failure(answer).code == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/", "/api", "/ws", "/api/v1/docs", "/docs", "/favicon.ico"])
def test_path_outside_the_api_is_404(api, path):
    """What isn't there is refused in the same form."""
    answer = api.http.get(api.url + path)
    assert answer.status_code == 404
    assert failure(answer).code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/tasks"), ("POST", "/tasks/task-123"), ("PUT", "/agents")]
)
def test_wrong_method_is_405(api, method, path):
    """405 names method and path, and Allow the possible ones."""
    answer = api(method, path)
    assert answer.status_code == 405
    assert method in failure(answer).message
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "x"',
        b"{'title': 'x'}",
        b'{"title": "\xff\xfe"}',
        b'{"title": "\\ud800"}',
        b'{"title": NaN',
        b"\x00",
        b"[" * 5_000,
    ],
)
def test_malformed_json_is_400(api, body):
    """What can't be read is 400, and stores nothing."""
    answer = api("POST", "/tasks", content=body, headers=JSON)
    assert answer.status_code == 400
    assert failure(answer).code == "VALIDATION_ERROR"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_number_that_is_none_is_refused(api, number):
    """Numbers that are no finite ones never get in."""
    answer = api(
        "POST", "/tasks", content=f'{{"title": "x", "estimatedHours": {number}}}'.encode(), headers=JSON
    )
    assert answer.status_code in (400, 422)
    assert failure(answer).code == "VALIDATION_ERROR"


def test_body_of_another_type_is_400(api):
    """A form is not read as JSON."""
    answer = api("POST", "/tasks", data={"title": "x"})
    assert answer.status_code == 400
    assert "application/json" in failure(answer).message


def test_too_large_body_is_413(api):
    """More than 1 MiB is refused."""
    answer = api("POST", "/tasks", json={"title": "x", "description": "y" * 1024 * 1024})
    assert answer.status_code == 413
    assert failure(answer).code == "VALIDATION_ERROR"


def test_too_large_body_of_unknown_length_is_413(api):
    """A chunked body is counted while it comes."""
    chunks = (b'{"title": "' if number == 0 else b"x" * 65_536 for number in range(40))
    answer = api("POST", "/tasks", content=chunks, headers=JSON)
    assert answer.status_code == 413
    assert failure(answer).code == "VALIDATION_ERROR"


def test_announced_length_over_the_limit_is_refused_before_it_comes(api):
    """The answer comes although no byte of the body was sent."""
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(
            b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 104857600\r\n\r\n"
        )
        assert raw.recv(1024).startswith(b"HTTP/1.1 413 ")


def test_good_answer_carries_its_request_id(api):
    """X-Request-Id equals meta.requestId, and no two are alike."""
    ids = set()
    for _ in range(3):
        answer = api("GET", "/tasks?limit=1")
        assert answer.headers["x-request-id"] == answer.json()["meta"]["requestId"]
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 3
    assert api("DELETE", f"/tasks/{api.task()['id']}").headers["x-request-id"].startswith("req-")


def test_both_prefixes_answer(api):
    """The whole API is under /api/v1 and, as in the document's shell examples, under /api, in the
    envelope.
    """
    for prefix in ("/api", "/api/v1"):
        answer = api.http.get(f"{api.url}{prefix}/tasks/task-123")
        assert answer.json()["success"] is True
        assert answer.json()["data"]["id"] == "task-123"
    links = api.http.get(api.url + "/api/tasks?limit=1").json()["links"]
    assert links["first"] == "/api/tasks?page=1&limit=1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    [
        "title",
        "description",
        "priority",
        "projectId",
        "agentId",
        "tags",
        "estimatedHours",
        "dueDate",
        "requirements",
    ]
)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(fields, json_values, max_size=5))
def test_arbitrary_fields_never_fail_the_server(api, body):
    """Whatever a body says, it is stored as a valid task or refused in the documented form; never a 500."""
    answer = api("POST", "/tasks", content=json.dumps(body).encode(), headers=JSON)
    if answer.status_code == 201:
        Task.model_validate(answer.json()["data"])
    else:
        assert answer.status_code in (400, 422)
        failure(answer)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=30))
def test_arbitrary_search_never_fails_the_server(api, text):
    """Whatever is searched for, the answer is a page or a refusal; never a 500."""
    answer = api("GET", "/tasks", params={"search": text, "limit": 1})
    assert answer.status_code in (200, 400), answer.text
