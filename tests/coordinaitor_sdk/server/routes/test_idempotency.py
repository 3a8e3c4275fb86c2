"""Idempotency keys: a POST that is sent again does nothing again, and is answered as before."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

from coordinaitor_sdk.server.changes import projects
from coordinaitor_sdk.server.errors import InProgressError, ValidationFailedError
from coordinaitor_sdk.server.idempotency import Idempotency, Keyed
from coordinaitor_sdk.server.schemas.answers import Answer, Comment, Failure, Project, Task
from coordinaitor_sdk.server.settings import Settings

KEY = "ak_test-key"
_numbers = count(1)


@pytest.fixture
def key():
    """A key that no other test uses."""
    return f"key of test {next(_numbers)}"


def keyed(key, **more):
    """The header."""
    return {"Idempotency-Key": key, **more}


def send(api, key, body=None, path="/tasks", **headers):
    """A POST with that key."""
    body = {"title": "Once"} if body is None else body
    return api("POST", path, json=body, headers=keyed(key, **headers))


def total(api):
    """How many tasks there are."""
    return api("GET", "/tasks?limit=1").json()["pagination"]["total"]


def test_second_request_is_answered_as_the_first_and_does_nothing(api, key):
    """Same status and data, a meta of its own, Idempotency-Replayed; one task."""
    before = total(api)
    first, second = send(api, key), send(api, key)
    assert (first.status_code, second.status_code) == (201, 201)
    answers = [Answer[Task].model_validate_json(answer.content) for answer in (first, second)]
    assert answers[0].data == answers[1].data
    assert answers[0].meta.request_id != answers[1].meta.request_id
    assert second.headers["x-request-id"] == answers[1].meta.request_id
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert [answer.headers["idempotency-key"] for answer in (first, second)] == [key, key]
    assert total(api) == before + 1


def test_replay_is_what_was_answered_not_what_is_now(api, key):
    """The task has been changed since, or is gone: the answer stays."""
    task = send(api, key).json()["data"]
    api.patch(f"/tasks/{task['id']}", {"title": "Changed"})
    assert send(api, key).json()["data"] == task
    api("DELETE", f"/tasks/{task['id']}")
    assert send(api, key).json()["data"] == task


def test_every_kind_of_post_honours_it(own, key):
    """Comments, assignments, projects, agents, members, files: done once."""
    task = own.task()["id"]
    project = own.post("/projects", {"name": "P"})["id"]
    agent = own.post("/agents", {"name": "A", "type": "qa"})["id"]
    bodies = {
        f"/tasks/{task}/comments": {"content": "Once"},
        f"/tasks/{task}/assign": {"agentId": agent},
        "/projects": {"name": "Once"},
        f"/projects/{project}/members": {"userId": "user-456", "role": "dev"},
        "/agents": {"name": "Once", "type": "coding"},
        f"/agents/{agent}/disable": {"reason": "Once"},
        f"/agents/{agent}/enable": {},
    }
    for path, body in bodies.items():
        first, second = (send(own, key + path, body, path) for _ in range(2))
        assert first.status_code in (200, 201), first.text
        assert second.status_code == first.status_code
        assert second.json()["data"] == first.json()["data"]
        assert second.headers["idempotency-replayed"] == "true"
    file = {"file": ("a.txt", b"once")}
    made = [own("POST", f"/tasks/{task}/files", files=file, headers=keyed(key)) for _ in range(2)]
    assert made[0].json()["data"] == made[1].json()["data"]
    found = own.get(f"/tasks/{task}", include="comments,files")
    assert (len(found["comments"]), len(found["files"])) == (1, 1)
    assert Answer[Comment].model_validate_json(
        send(own, f"{key}/tasks/{task}/comments", {"content": "Once"}, f"/tasks/{task}/comments").content
    )
    assert Answer[Project].model_validate_json(
        send(own, f"{key}/projects", {"name": "Once"}, "/projects").content
    )


def test_another_file_under_the_same_key_is_422(api, key):
    """The content counts, not the boundary between the parts."""
    task = api.task()["id"]
    sent = [
        api("POST", f"/tasks/{task}/files", files={"file": ("a.txt", content)}, headers=keyed(key))
        for content in (b"one", b"one", b"two")
    ]
    assert [answer.status_code for answer in sent] == [201, 201, 422]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks", {"title": "Another"}),
        ("/tasks?x=1", {"title": "Once"}),
        ("/projects", {"name": "Once"}),
    ],
)
def test_another_request_with_the_same_key_is_422(api, key, path, body):
    """Another body, query or path: the header is named, and nothing is stored."""
    send(api, key)
    before = total(api)
    answer = send(api, key, body, path)
    assert answer.status_code == 422
    error = Failure.model_validate_json(answer.content).error
    assert error.details == {"Idempotency-Key": ["Idempotency-Key was used for another request"]}
    assert answer.headers["idempotency-key"] == key
    assert total(api) == before


def test_both_prefixes_are_the_same_path(api, key):
    """What was sent under /api/v1 is not done again under /api."""
    first = send(api, key)
    again = httpx.post(
        f"{api.url}/api/tasks", content=first.request.content, headers=dict(first.request.headers)
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]


def test_failure_is_not_kept(api, key):
    """After a 422, 404 or 409 the same key does what a better request says."""
    assert send(api, key, {"title": ""}).status_code == 422
    assert send(api, key, {"content": "x"}, "/tasks/task-0/comments").status_code == 404
    task = api.task()["id"]
    api.patch(f"/tasks/{task}", {"status": "cancelled"})
    assert send(api, key, {"agentId": "agent-123"}, f"/tasks/{task}/assign").status_code == 409
    good = send(api, key)
    assert good.status_code == 201
    assert "idempotency-replayed" not in good.headers


@pytest.mark.parametrize("bad", ["", "x" * 256, "a\tb", "é", "a\x7f"])
def test_key_that_is_none_is_400(api, bad):
    """1 to 255 printable ASCII characters, and nothing is stored."""
    before = total(api)
    answer = api("POST", "/tasks", json={"title": "x"}, headers=keyed(bad.encode()))
    assert answer.status_code == 400
    assert "Idempotency-Key" in Failure.model_validate_json(answer.content).error.message
    assert total(api) == before


def test_two_keys_are_400(api):
    """Which one would count?"""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert api("POST", "/tasks", json={"title": "x"}, headers=headers).status_code == 400


def test_longest_key_is_taken(api):
    """255 characters, blanks within."""
    assert send(api, "k " * 127 + "k").status_code == 201


def test_key_counts_on_posts_alone(api, key):
    """Other methods neither echo nor keep it."""
    task = api.task()["id"]
    for title in ("one", "two"):
        answer = api("PATCH", f"/tasks/{task}", json={"title": title}, headers=keyed(key))
        assert answer.json()["data"]["title"] == title
        assert "idempotency-key" not in answer.headers
    assert "idempotency-key" not in api("GET", "/tasks?limit=1", headers=keyed(key)).headers


def test_key_belongs_to_its_user_or_api_key(api, key):
    """The admin's API key and the admin's session are two; a refreshed session is the same."""
    credentials = {"email": "admin@orchestrator.com", "password": "admin123"}
    with httpx.Client(base_url=api.url) as bare:
        tokens = bare.post("/api/auth/login", json=credentials).json()
        refreshed = bare.post("/api/auth/refresh", json={"refreshToken": tokens["refreshToken"]}).json()
        relogged = bare.post("/api/auth/login", json=credentials).json()
        made = [send(api, key).json()["data"]["id"]]
        for given in (tokens, refreshed, relogged):
            headers = keyed(key, Authorization=f"Bearer {given['accessToken']}")
            answer = bare.post("/api/v1/tasks", json={"title": "Once"}, headers=headers)
            made.append(answer.json()["data"]["id"])
    assert made[0] != made[1]
    assert made[1] == made[2] == made[3]


def test_requests_at_once_make_one(api, key):
    """Twenty senders of the same request: one task, one answer for all."""
    before = total(api)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(api, key), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19
    assert total(api) == before + 1


def test_answer_survives_a_kill(server_process):
    """What was answered before SIGKILL is answered again after it; a request killed halfway is done once."""
    server = server_process.start(api_key=KEY, agents="off")
    url = server.url + "/api/v1/tasks"
    headers = {"X-API-Key": KEY, "Idempotency-Key": "kept"}
    first = httpx.post(url, json={"title": "Once"}, headers=headers)
    unknown = []

    def write():
        for number in count():
            headers = {"X-API-Key": KEY, "Idempotency-Key": f"n{number}"}
            unknown.append((number, headers))
            try:
                httpx.post(url, json={"title": f"Number {number}"}, headers=headers)
            except httpx.TransportError:
                return

    thread = threading.Thread(target=write)
    thread.start()
    while len(unknown) < 20:
        thread.join(0.01)
    server.kill()
    thread.join(30)
    server.restart()
    again = httpx.post(url, json={"title": "Once"}, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    for number, header in unknown[-3:]:
        httpx.post(url, json={"title": f"Number {number}"}, headers=header)
        found = httpx.get(url, params={"search": f'"Number {number}"'.strip('"')}, headers=header).json()
        assert [task["title"] for task in found["data"]].count(f"Number {number}") == 1


REQUEST = Keyed("user:user-123", "key", "fingerprint")


def test_answer_is_forgotten_after_a_day(opened):
    """A second before 24 hours are over it is there, then the work is done anew, and old rows are gone."""

    async def run():
        async with opened(seed="empty") as it:
            keys = Idempotency(it.store, 1.0)
            answers = count(1)

            async def once():
                return await keys.once(it.world, REQUEST, lambda _change: str(next(answers)), 201)

            first = await once()
            it.clock.advance(24 * 3600 - 1)
            assert ((await once()).data, first.data) == ("1", "1")
            it.clock.advance(1)
            anew = await once()
            assert (anew.data, anew.replayed) == ("2", False)

    asyncio.run(run())


def test_request_waits_for_the_first_and_then_gives_up(opened):
    """While the first is under way the second waits, in the end in vain: 409, which says so."""

    async def run():
        async with opened(seed="empty") as it:
            keys = Idempotency(it.store, 0.2)
            go_on = threading.Event()

            def slow(_change):
                go_on.wait(10)
                return '"done"'

            first = asyncio.create_task(keys.once(it.world, REQUEST, slow, 201))
            await asyncio.sleep(0.05)
            with pytest.raises(InProgressError) as caught:
                await keys.once(it.world, REQUEST, slow, 201)
            assert caught.value.status == 409
            assert caught.value.details == {"reason": "idempotency_in_progress"}
            assert caught.value.headers == {"Retry-After": "1"}
            waiting = asyncio.create_task(keys.once(it.world, REQUEST, slow, 201))
            await asyncio.sleep(0.05)
            go_on.set()
            assert (await first).data == (await waiting).data == '"done"'
            assert waiting.result().replayed

    asyncio.run(run())


def test_request_whose_first_failed_goes_on_as_if_new(opened):
    """Those that waited for it do the work themselves, one after the other."""

    async def run():
        async with opened(seed="empty") as it:
            keys = Idempotency(it.store, 5.0)
            runs = count(1)

            def fails_first(_change):
                if next(runs) == 1:
                    raise ValidationFailedError({"title": ["Title is required"]})
                return '"done"'

            found = await asyncio.gather(
                *(keys.once(it.world, REQUEST, fails_first, 201) for _ in range(3)), return_exceptions=True
            )
            assert isinstance(found[0], ValidationFailedError)
            assert [(one.data, one.replayed) for one in found[1:]] == [('"done"', False), ('"done"', True)]

    asyncio.run(run())


def test_waiting_in_vain_is_answered_with_retry_after(tmp_path, launched, key, monkeypatch):
    """409 in the documented form, with a reason, Retry-After and the key."""
    begun, go_on = threading.Event(), threading.Event()
    plain = projects.create_project

    def slow(*given):
        begun.set()
        go_on.wait(10)
        return plain(*given)

    monkeypatch.setattr("coordinaitor_sdk.server.changes.projects.create_project", slow)
    settings = Settings(simulate=False, idempotency_wait=0.2)
    with launched(tmp_path, settings) as api, ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, api, key, {"name": "Slow"}, "/projects")
        assert begun.wait(10)
        answer = send(api, key, {"name": "Slow"}, "/projects")
        go_on.set()
        assert answer.status_code == 409
        error = Failure.model_validate_json(answer.content).error
        assert (error.code, error.details) == ("CONFLICT_ERROR", {"reason": "idempotency_in_progress"})
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["idempotency-key"] == key
        assert first.result().status_code == 201
        assert send(api, key, {"name": "Slow"}, "/projects").headers["idempotency-replayed"] == "true"
