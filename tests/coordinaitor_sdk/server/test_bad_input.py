"""Bad input to every operation of the published document: a clear refusal in the documented form, never a
500, and nothing stored.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from coordinaitor_sdk.server.schemas.answers import Failure

from .operations_of import Operation, operations, resolved

EVERY = list(operations())
NAMES = {"agent": "agent-123", "project": "proj-123", "user": "user-456", "outsider": "user-789"}
IDS = {
    "taskId": "task-123",
    "agentId": "agent-123",
    "projectId": "proj-456",
    "userId": "user-456",
    "notificationId": "notification-1",
}
UNTOUCHED = {"logs", "settings", "sequences"}
"""Tables that a refusal may touch: the log tells of it, and a number that was drawn is not given back."""


def stored(server) -> dict[str, list[Any]]:
    """Every row of every table."""
    with sqlite3.connect(server.database) as raw:
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {
            name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in names if name not in UNTOUCHED
        }
    raw.close()
    return rows


@pytest.fixture(scope="module")
def ask(own_server):
    """Requests that may not even be HTTP as a library would send it."""
    with httpx.Client(headers={"X-API-Key": "ak_test-key"}, timeout=20) as client:
        yield lambda method, path, **given: client.request(method, f"{own_server.url}/api/v1{path}", **given)


@pytest.fixture
def nothing_stored(own_server):
    """What is stored stays."""
    before = stored(own_server)
    yield
    assert stored(own_server) == before


def refusal(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The details of a refusal in the documented form."""
    assert answer.status_code in statuses, f"{answer.request.url} {answer.status_code}: {answer.text[:300]}"
    found = Failure.model_validate_json(answer.content)
    assert found.error.message
    return found.error.details or {}


def bad_values(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that a schema doesn't take."""
    schema = resolved(schema)
    kinds = [resolved(one) for one in schema.get("anyOf", [])]
    if kinds:
        taken = {one.get("type") for one in kinds}
        inner = next(one for one in kinds if one.get("type") != "null")
        yield from (value for value in bad_values(inner) if not (value is None and "null" in taken))
        return
    yield None
    yield from OF_ANOTHER_KIND[schema["type"]]
    match schema["type"]:
        case "string":
            yield from _bad_strings(schema)
        case "integer" | "number":
            yield from _bad_numbers(schema)
        case "array" if "maxItems" in schema:
            yield ["x"] * (schema["maxItems"] + 1)
        case "object" if schema.get("additionalProperties") is False:
            yield {"unknown": 1}
        case _:
            return


OF_ANOTHER_KIND: dict[str, tuple[Any, ...]] = {
    "string": (5, True, [], {}),
    "integer": ("8", 1.5, True, [], {}),
    "number": ("8", True, [], {}),
    "boolean": ("true", 1, []),
    "array": ("x", 5, {}, [5]),
    "object": ("x", 5, []),
}


def _bad_numbers(schema: dict[str, Any]) -> Iterator[float]:
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield from (schema["maximum"] + 1, 10**30)


def _bad_strings(schema: dict[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield "no-such-value"
    if schema.get("minLength", 0) >= 1:
        yield ""
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if "pattern" in schema or "format" in schema:
        yield from ("a\x00b", "a\x1b[31mb", "a\x9bb")
    if schema.get("format") == "date-time":
        yield from ("yesterday", "2024-02-30T00:00:00Z", "2024-02-20", "2024-02-20T00:00:00", "0" * 41)


def places(body: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """The path of each field of a good body, and its schema; what is within a free map is free."""
    for name, one in resolved(schema).get("properties", {}).items():
        yield [name], one
        kinds = [resolved(each) for each in one.get("anyOf", [one])]
        inner = next((each for each in kinds if each.get("properties")), None)
        if inner is not None and isinstance(body.get(name), dict):
            for path, deeper in places(body[name], inner):
                yield [name, *path], deeper


def changed(body: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """The body with another value in one place."""
    body = copy.deepcopy(body)
    parent = body
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    return body


WITH_BODY = [one for one in EVERY if one.body_schema is not None]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.name)
def test_each_field_refuses_what_it_can_not_hold(operation: Operation, ask, nothing_stored):
    """422 names the field: wrong types, null, unknown words, too long, control characters, out of bounds."""
    good = operation.request(NAMES)["json"]
    schema = operation.body_schema
    assert schema is not None
    tried = 0
    for path, one in places(good, schema):
        for value in bad_values(one):
            answer = ask(operation.method, operation.path(IDS), json=changed(good, path, value))
            details = refusal(answer, 422)
            assert any(name.split(".")[0] == path[0] for name in details), (path, value, details)
            tried += 1
    assert tried > 5


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.name)
def test_unknown_fields_and_missing_ones_are_named(operation: Operation, ask, nothing_stored):
    """422."""
    good = operation.request(NAMES)["json"]
    details = refusal(ask(operation.method, operation.path(IDS), json=good | {"unknownField": 1}), 422)
    assert details == {"unknownField": ["UnknownField is not known"]}
    for name in (operation.body_schema or {}).get("required", []):
        without = {key: value for key, value in good.items() if key != name}
        details = refusal(ask(operation.method, operation.path(IDS), json=without), 422)
        assert "is required" in details[name][0]


MALFORMED = [
    b"{",
    b"[1, 2",
    b"[]",
    b'"text"',
    b"null",
    b"5",
    b"\xff\xfe{\x00}\x00",
    b'{"title": "\xff"}',
    b'{"title": NaN}',
    b'{"title": "\\ud800"}',
    b"[" * 10_000,
    b'{"a":' * 5_000,
    b'{"title": "a",}',
    b"{'title': 'a'}",
    b"<title>a</title>",
    b"   ",
]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.name)
def test_a_body_that_can_not_be_read_is_refused(operation: Operation, ask, nothing_stored):
    """400 where it is no JSON, 422 where it is no object with these fields; another media type is 400."""
    for content in MALFORMED:
        headers = {"Content-Type": "application/json"}
        refusal(ask(operation.method, operation.path(IDS), content=content, headers=headers), 400, 422)
    good = json.dumps(operation.request(NAMES)["json"]).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
    ):
        headers = {"Content-Type": kind}
        refusal(ask(operation.method, operation.path(IDS), content=good, headers=headers), 400)
    refusal(ask(operation.method, operation.path(IDS), content=b" " * 1_100_000 + good), 413)


@pytest.mark.parametrize("operation", [one for one in EVERY if one.query], ids=lambda one: one.name)
def test_each_query_parameter_refuses_what_it_can_not_hold(operation: Operation, ask, nothing_stored):
    """400 names the parameter; unknown ones and repetitions too."""
    for name, schema in operation.query.items():
        for value in _bad_parameters(schema):
            answer = ask(operation.method, f"{operation.path(IDS)}?{name}={value}")
            assert name in refusal(answer, 400), (name, value)
        twice = ask(operation.method, f"{operation.path(IDS)}?{name}=1&{name}=1")
        assert name in refusal(twice, 400)
    answer = ask(operation.method, f"{operation.path(IDS)}?unknownParameter=1")
    assert list(refusal(answer, 400)) == ["unknownParameter"]
    refusal(ask(operation.method, f"{operation.path(IDS)}?%ff%fe=%ff"), 400)


def _bad_parameters(schema: dict[str, Any]) -> Iterator[str]:
    match schema.get("type"):
        case "integer":
            yield from ("x", "", "1.5", "1e3", "0", "-1", "9" * 30, "%E0%A5%A7", "0x10", "1_000")
            yield str(schema["maximum"] + 1)
        case "boolean":
            yield from ("maybe", "", "2")
        case "array":
            if "enum" in resolved(schema["items"]):
                yield "no-such-value"
            else:
                yield from (quote("a\x00"), "x" * 300, ",".join(f"a{number}" for number in range(21)))
        case _ if "enum" in schema:
            yield from ("no-such-value", "", "%00")
        case _ if schema.get("format") == "date-time":
            yield from ("yesterday", "", "2024-02-30T00:00:00Z", "2024-02-20", "2024-02-20T00:00:00")
        case _:
            yield from (quote("a\x00"), quote("a\x1b[31m"), quote("a\x85"), "x" * 1_001)


ODD_IDS = [
    "none",
    "%00",
    "a%27%20OR%20%271%27=%271",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "x" * 5_000,
    "%ff%fe",
    "%F0%9F%A6%98",
    "{{7*7}}",
    "task-123%20",
    "TASK-123",
    "*",
]


@pytest.mark.parametrize("operation", [one for one in EVERY if one.parameters], ids=lambda one: one.name)
def test_an_id_that_names_nothing_is_404(operation: Operation, ask, nothing_stored):
    """Whatever stands in its place in the path."""
    for name in operation.parameters:
        for odd in ODD_IDS:
            answer = ask(operation.method, operation.path(IDS | {name: odd}), **operation.request(NAMES))
            # A slash or a dot in an id makes it another path, which may not have this method.
            refusal(answer, 404, 405) if "%2" in odd else refusal(answer, 404)


FRAGMENTS = [
    "'; DROP TABLE tasks; --",
    '" OR "1"="1',
    "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
    "<script>alert(1)</script>",
    "%s %n %x {0} {__class__}",
    "NULL",
    "a* OR NEAR(b c) AND NOT d^2",
    "🦘 ü ‮ ﷽ é",
]


@pytest.mark.parametrize("text", FRAGMENTS)
def test_fragments_of_other_languages_are_text(ask, text):
    """Stored, found and given back as they came, everywhere where text can stand."""
    made = ask("POST", "/tasks", json={"title": text, "description": text, "requirements": [text]})
    task = made.json()["data"]
    assert (made.status_code, task["title"], task["requirements"]) == (201, text, [text])
    found = ask("GET", f"/tasks?search={quote(text)}&limit=100").json()["data"]
    assert task["id"] in [one["id"] for one in found]
    assert ask("GET", f"/projects?search={quote(text)}").json()["data"] == []
    assert (
        ask("GET", f"/tasks?tags={quote(text.replace(',', ''))}&agentId={quote(text)}").json()["data"] == []
    )
    assert ask("DELETE", f"/tasks/{task['id']}?reason={quote(text)}").status_code == 204


UPLOADS = [one for one in EVERY if one.endpoint.operation.upload is not None]


@pytest.mark.parametrize("operation", UPLOADS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "name", [b"../../etc/passwd", b"/etc/passwd", b"a\\b", b"..", b"a\x00b", b"x" * 300, b"\xff\xfe", b" "]
)
def test_a_file_name_with_a_path_in_it_is_refused(operation: Operation, ask, nothing_stored, name):
    """422, or 400 where it can't be read; also when the rest is good."""
    content = operation.request(NAMES)["files"]
    ((field, (_, data, kind)),) = content.items()
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="'.encode()
    form = head + name + f'"\r\nContent-Type: {kind}\r\n\r\n'.encode() + data + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refusal(ask(operation.method, operation.path(IDS), content=form, headers=headers), 400, 422)


@pytest.mark.parametrize("operation", UPLOADS, ids=lambda one: one.name)
def test_a_form_that_can_not_be_read_is_refused(operation: Operation, ask, nothing_stored):
    """No form, no boundary, cut off, without a file."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--x", b"--x\r\n\r\n", b"--x--\r\n", b"\xff" * 100, b"{}"):
        refusal(ask(operation.method, operation.path(IDS), content=content, headers=headers), 400, 422)
    refusal(ask(operation.method, operation.path(IDS), json={}), 400)
    refusal(ask(operation.method, operation.path(IDS), files={"other": ("a", b"x")}), 422)


def test_a_file_that_is_announced_too_large_is_413_before_it_is_read(server_process, api_of):
    """`--max-upload`: the answer comes although the body never does."""
    server_process.start(api_key="ak_test-key", agents="off", max_upload=1_000)
    port = int(server_process.url.rpartition(":")[2])
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(
            b"POST /api/v1/tasks/task-123/files HTTP/1.1\r\nHost: x\r\nX-API-Key: ak_test-key\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")
