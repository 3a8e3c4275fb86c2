"""Two organizations on one server: neither sees the other's data, by id, search, filter, socket or include;
and a key opens what it was given. Generated over every operation of the published document.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, get_args

import httpx
import pytest
from receiver import Receiver
from websockets.sync.client import connect

from coordinaitor_sdk.server.auth.tokens import key_digest
from coordinaitor_sdk.server.domain.permissions import Permission

from .operations_of import Operation, operations

MARK = "Quetzalcoatl"
"""In every text of the first organization's data; the second's has none of it."""

EVERY = list(operations())
BY_ID = [one for one in EVERY if one.parameters]
REFERRING = [one for one in EVERY if one.refers]
LISTS = [one for one in EVERY if one.method == "GET" and one.endpoint.operation.form in ("page", "list")]


class Organization:
    """Requests of an organization's admin."""

    def __init__(self, url: str, email: str) -> None:
        body = {"email": email, "password": "admin123"}
        login = httpx.post(f"{url}/api/auth/login", json=body).raise_for_status().json()
        self.headers = {"Authorization": f"Bearer {login['accessToken']}"}
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers=self.headers, timeout=20)
        self.user: str = login["user"]["id"]

    def __call__(self, method: str, path: str, **given: Any) -> Any:
        """The data of a good answer."""
        answer = self.http.request(method, path, **given)
        assert answer.is_success, answer.text
        return answer.json()["data"] if answer.content else None


@pytest.fixture(scope="module")
def first(own_server):
    """The organization whose data are marked."""
    found = Organization(own_server.url, "admin@orchestrator.com")
    with found.http:
        yield found


@pytest.fixture(scope="module")
def second(own_server):
    """The other one, which has data of its own."""
    found = Organization(own_server.url, "admin@acme.example")
    with found.http:
        yield found


@pytest.fixture(scope="module")
def names(first):
    """The ids of what the first organization has, by what they name; none of them exists in the second."""
    made = [
        first("POST", "/agents", json={"name": MARK, "type": "coding", "capabilities": [MARK]})
        for _ in range(9)
    ]
    agent = made[-1]["id"]
    member = {"userId": "user-456", "role": MARK}
    projects = [
        first(
            "POST",
            "/projects",
            json={"name": MARK, "description": MARK, "tags": [MARK], "teamMembers": [member]},
        )
        for _ in range(9)
    ]
    project = projects[-1]["id"]
    tasks = [
        first(
            "POST",
            "/tasks",
            json={"title": MARK, "description": MARK, "tags": [MARK], "projectId": project, "agentId": agent},
        )
        for _ in range(9)
    ]
    task = tasks[-1]["id"]
    first("POST", f"/tasks/{task}/comments", json={"content": MARK})
    first("POST", f"/tasks/{task}/files", files={"file": (f"{MARK}.txt", MARK.encode())})
    first("PUT", "/users/me", json={"name": MARK, "preferences": {MARK: MARK}})
    first("GET", f"/tasks/{task}")
    return {"task": task, "agent": agent, "project": project, "user": "user-456", "outsider": "user-789"}


@pytest.fixture
def ids(names):
    """The same by the names of path parameters."""
    return {f"{name}Id": found for name, found in names.items()} | {"notificationId": "notification-1001"}


def everything(organization: Organization, names: dict[str, str]) -> Any:
    """What the first organization has, all of it."""
    return [
        organization("GET", f"/tasks/{names['task']}?include=comments,files,history"),
        organization("GET", f"/agents/{names['agent']}?include=tasks"),
        organization("GET", f"/projects/{names['project']}"),
        organization("GET", "/tasks?limit=100"),
        organization("GET", "/users?limit=100"),
    ]


@pytest.mark.parametrize("operation", BY_ID, ids=lambda one: one.name)
def test_an_id_of_the_other_organization_is_404(operation: Operation, first, second, names, ids):
    """Whatever is done with it, and nothing of it changes."""
    before = everything(first, names)
    own = {"agent": "agent-201", "project": "proj-201", "user": "user-201", "outsider": "user-201"}
    answer = second.http.request(operation.method, operation.path(ids), **operation.request(own))
    assert answer.status_code == 404, answer.text
    assert MARK not in answer.text
    assert everything(first, names) == before


@pytest.mark.parametrize("operation", REFERRING, ids=lambda one: one.name)
def test_an_id_of_the_other_organization_in_a_body_does_not_exist(operation: Operation, first, second, names):
    """422 names the field; nothing is stored on either side."""
    before = everything(first, names), second("GET", "/tasks?limit=100"), second("GET", "/projects")
    path = operation.path({"taskId": "task-202", "projectId": "proj-201", "agentId": "agent-201"})
    answer = second.http.request(operation.method, path, **operation.request(names))
    assert answer.status_code == 422, answer.text
    assert "does not exist" in answer.text
    assert MARK not in answer.text
    assert before == (everything(first, names), second("GET", "/tasks?limit=100"), second("GET", "/projects"))


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_no_list_search_or_filter_shows_the_other_organization(operation: Operation, second, names, ids):
    """Each query parameter, asking for what only the other one has."""
    own = {"taskId": "task-202", "projectId": "proj-201", "agentId": "agent-201", "userId": "user-201"}
    wanted: dict[str, list[str]] = {
        "projectId": [names["project"]],
        "agentId": [names["agent"]],
        "memberId": ["user-456", "user-123"],
        "search": [MARK, MARK[:4], "user-456"],
        "tags": [MARK],
        "capabilities": [MARK],
    }
    asked = [{}] + [{name: value} for name in operation.query for value in wanted.get(name, [])]
    for params in asked:
        path = operation.path(own)
        answer = second.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        told = answer.text.split('"links":')[0]
        for foreign in (
            MARK,
            '"user-123"',
            '"user-456"',
            '"org-456"',
            f'"{names["task"]}"',
            f'"{names["agent"]}"',
        ):
            assert foreign not in told
        if params:
            assert answer.json()["data"] == []


@pytest.mark.parametrize("path", ["/tasks/task-201", "/agents/agent-201"])
def test_no_include_shows_the_other_organization(second, names, path):
    """Everything that can be included with one's own."""
    include = "comments,files,history,metrics" if path.startswith("/tasks") else "tasks,metrics,logs"
    answer = second.http.get(path, params={"include": include})
    assert answer.status_code == 200
    assert MARK not in answer.text


def test_no_subscription_hears_the_other_organization(own_server, first, second, names):
    """On every channel, with and without filters that name its ids; one's own events come."""
    url = own_server.ws_url
    filters: dict[str, list[dict[str, str]]] = {
        "tasks": [
            {},
            {"taskId": names["task"]},
            {"projectId": names["project"]},
            {"agentId": names["agent"]},
        ],
        "agents": [{}, {"agentId": names["agent"]}],
        "projects": [{}, {"projectId": names["project"]}],
        "users": [{}],
    }
    with connect(url, additional_headers=second.headers) as raw:
        assert json.loads(raw.recv())["organization"]["id"] == "org-123"
        for channel, given in filters.items():
            for one in given:
                raw.send(json.dumps({"type": "subscribe", "channel": channel, "filters": one}))
                assert json.loads(raw.recv())["type"] == "subscribed"
        first("PATCH", f"/tasks/{names['task']}", json={"description": f"{MARK} again"})
        first("PUT", f"/agents/{names['agent']}", json={"model": MARK})
        first("PUT", f"/projects/{names['project']}", json={"description": f"{MARK} again"})
        second("PATCH", "/tasks/task-202", json={"description": "Our own"})
        while (heard := json.loads(raw.recv(timeout=10)))["type"] == "heartbeat":
            continue
    assert (heard["type"], heard["data"]["id"]) == ("task.updated", "task-202")


def test_a_position_of_the_other_organization_resumes_nothing(own_server, first, second, names):
    """Its epoch is another's history: resync, and not one event of it."""
    with connect(own_server.ws_url, additional_headers=first.headers) as raw:
        epoch = json.loads(raw.recv())["epoch"]
    with connect(own_server.ws_url, additional_headers=second.headers) as raw:
        raw.recv()
        since = {"epoch": epoch, "seq": 0}
        raw.send(json.dumps({"type": "subscribe", "channel": "tasks", "since": since}))
        assert json.loads(raw.recv())["type"] == "resync"
        assert json.loads(raw.recv())["type"] == "subscribed"


def test_no_webhook_is_told_of_the_other_organization(first, second, names):
    """One's own events come, and those alone."""
    with Receiver() as receiver:
        second("POST", "/webhooks", json={"url": receiver.url, "events": ["task.updated", "task.created"]})
        first("PATCH", f"/tasks/{names['task']}", json={"description": f"{MARK} once more"})
        second("PATCH", "/tasks/task-202", json={"description": "Ours"})
        (received,) = receiver.expect(1)
        told = json.loads(received.body)
    assert (told["data"]["id"], told["organization"]["id"]) == ("task-202", "org-123")


def test_an_idempotency_key_of_the_other_organization_replays_nothing(first, second):
    """The same key is two keys."""
    headers = {"Idempotency-Key": "the same"}
    body = {"title": f"{MARK} with a key"}
    first("POST", "/tasks", json=body, headers=headers)
    answer = second.http.post("/tasks", json={"title": "Ours"}, headers=headers)
    assert answer.json()["data"]["title"] == "Ours"
    assert "idempotency-replayed" not in answer.headers


GUARDED = [one for one in EVERY if one.endpoint.access is not None and one.endpoint.access.permission]


@pytest.fixture(scope="module")
def limited(own_server):
    """By permission, a key of the first organization that has every other one."""
    keys: dict[str, str] = {}
    with sqlite3.connect(own_server.database) as raw:
        for number, missing in enumerate(get_args(Permission)):
            keys[missing] = f"ak_without-{missing}"
            held = json.dumps([one for one in get_args(Permission) if one != missing])
            raw.execute(
                "INSERT INTO api_keys SELECT world, ?, user_id, 'k', ?, ?, created_at, NULL, NULL "
                "FROM api_keys WHERE world = 'org-456' LIMIT 1",
                (f"key-{number}", key_digest(keys[missing]), held),
            )
    raw.close()
    return keys


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.name)
def test_a_key_without_the_permission_is_refused(
    operation: Operation, own_server, first, limited, names, ids
):
    """403 AUTHORIZATION_ERROR names it, although the key has all others; nothing is changed."""
    assert operation.endpoint.access is not None
    missing = str(operation.endpoint.access.permission)
    before = everything(first, names)
    answer = httpx.request(
        operation.method,
        f"{own_server.url}/api/v1{operation.path(ids)}",
        headers={"X-API-Key": limited[missing]},
        **operation.request(names),
    )
    assert answer.status_code == 403, answer.text
    error = answer.json()["error"]
    assert (error["code"], missing in error["message"]) == ("AUTHORIZATION_ERROR", True)
    assert everything(first, names) == before


@pytest.mark.parametrize(
    "operation", [one for one in EVERY if one.endpoint.access is not None], ids=lambda one: one.name
)
def test_without_a_credential_everything_but_what_is_open_is_401(
    operation: Operation, own_server, names, ids
):
    """Before anything else of the request is looked at."""
    url = f"{own_server.url}/api/v1{operation.path(ids)}"
    answer = httpx.request(operation.method, url, **operation.request(names))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AUTHENTICATION_ERROR")
