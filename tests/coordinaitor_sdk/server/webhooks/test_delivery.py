"""Webhooks from their creation to their receiver, over real sockets."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time

import pytest
from answers import PUSHED
from receiver import Receiver

from coordinaitor_sdk import webhooks
from coordinaitor_sdk.server.domain.webhooks import EVENT_NAMES
from coordinaitor_sdk.server.run import NewUser, add_user
from coordinaitor_sdk.server.schemas.answers import (
    Answer,
    DeletedTask,
    DeliveredDeletion,
    DeliveredTask,
    Delivery,
    Task,
    Webhook,
)
from coordinaitor_sdk.server.settings import Settings

SECRET = "your-webhook-secret"
QUICK = Settings(simulate=False, webhook_delays=(0.1,) * 7)

# The document's receiver, but for its web framework: the body is parsed, written again and compared.
VERIFY = """
const crypto = require('crypto');
%s
const [body, signature] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const payload = JSON.stringify(JSON.parse(body));
process.stdout.write(String(verifyWebhookSignature(payload, signature, process.argv[1])));
"""


def subscribe(api, url, *events, **fields):
    """A new webhook."""
    return api.post("/webhooks", {"url": url, "events": list(events), "secret": SECRET, **fields})


def payloads(received):
    """What the deliveries say."""
    return [json.loads(one.body) for one in received]


class TestCreation:
    def test_the_documents_request_is_answered_with_the_webhook(self, api):
        """201, with an id and the secret."""
        body = {
            "url": "https://your-app.com/webhook/orchestrator",
            "events": ["task.created", "task.completed", "task.failed", "agent.status_changed"],
            "secret": "your-webhook-secret",
            "active": False,
            "headers": {"User-Agent": "Orchestrator-Webhook/1.0"},
        }
        answer = api("POST", "/webhooks", json=body)
        made = Answer[Webhook].model_validate_json(answer.content).data
        assert answer.status_code == 201
        assert {name: made.model_dump(by_alias=True)[name] for name in body} == body

    def test_a_secret_is_made_where_none_is_given(self, api):
        """And active is the default."""
        made = api.post("/webhooks", {"url": "http://127.0.0.1:9/x", "events": ["task.failed"]})
        assert made["secret"].startswith("whsec_")
        assert len(made["secret"]) > 30
        assert made["active"] is True

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"url": "ftp://h/x"}, "url"),
            ({"url": "https://"}, "url"),
            ({"url": "/hook"}, "url"),
            ({"url": "http://[::1"}, "url"),
            ({"url": "http://h:99999/"}, "url"),
            ({"url": "http://user:pw@h/"}, "url"),
            ({"url": "http://10.0.0.1/x"}, "url"),
            ({"url": "http://[::ffff:169.254.169.254]/x"}, "url"),
            ({"url": "http://h/" + "x" * 3000}, "url"),
            ({"events": []}, "events"),
            ({"events": ["task.exploded"]}, "events.0"),
            ({"secret": ""}, "secret"),
            ({"headers": {"X-Orchestrator-Signature": "x"}}, "headers"),
            ({"headers": {"Host": "x"}}, "headers"),
            ({"headers": {"A b": "x"}}, "headers"),
            ({"headers": {"A": "x\r\nB: y"}}, "headers"),
            ({"headers": {"A": "1", "a": "2"}}, "headers"),
            ({"headers": {f"X-{n}": "x" for n in range(21)}}, "headers"),
            ({"extra": 1}, "extra"),
        ],
    )
    def test_wrong_fields_are_named(self, api, fields, named):
        """422, and nothing is stored."""
        body = {"url": "https://h.example/x", "events": ["task.created"]} | fields
        assert list(api.details("POST", "/webhooks", json=body)) == [named]


class TestDelivery:
    def test_each_event_is_delivered_signed_over_its_exact_bytes(self, launched, tmp_path):
        """With its name, an id, and the headers that were asked for."""
        with Receiver() as receiver, launched(tmp_path, QUICK) as api:
            subscribe(api, receiver.url, "task.created", "task.completed", headers={"X-Mine": "yes"})
            task = api.task(title="Grüße 🎉", agentId="agent-123", projectId="proj-123", estimatedHours=1.0)
            api.patch(f"/tasks/{task['id']}", {"progress": 0.5})
            api.patch(f"/tasks/{task['id']}", {"status": "completed"})
            received = receiver.expect(2)
        for one in received:
            webhooks.verify(one.body, one.headers["x-orchestrator-signature"], SECRET)
            assert one.headers["content-type"] == "application/json"
            assert one.headers["x-mine"] == "yes"
            assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
        created, completed = sorted(payloads(received), key=lambda payload: payload["data"]["version"])
        assert [created["event"], completed["event"]] == ["task.created", "task.completed"]
        assert {one.headers["x-orchestrator-event"] for one in received} == {"task.created", "task.completed"}
        assert len({one.headers["x-orchestrator-delivery"] for one in received}) == 2
        assert completed["data"]["completedAt"] == completed["timestamp"]
        assert completed["data"]["agent"] == {"id": "agent-123", "name": "Senior React Developer"}
        assert completed["data"]["project"] == {"id": "proj-123", "name": "E-commerce Platform"}
        assert completed["organization"]["id"] == "org-456"
        assert set(completed) == {"event", "timestamp", "data", "organization"}

    @pytest.mark.skipif(not shutil.which("node"), reason="the document's receiver runs in Node")
    def test_the_documents_receiver_accepts_it(self, launched, tmp_path, document_verifier):
        """Which checks `JSON.stringify(req.body)`: 1.0, umlauts and emoji survive that."""
        with Receiver() as receiver, launched(tmp_path, QUICK) as api:
            subscribe(api, receiver.url, "task.updated")
            task = api.task(title="Grüße 🎉 \u2028 </script> \\", estimatedHours=1.0)
            api.patch(f"/tasks/{task['id']}", {"progress": 1.0, "actualHours": 0.1})
            received = receiver.expect(2)
        for one in received:
            given = json.dumps([one.body.decode(), one.headers["x-orchestrator-signature"]])
            checked = [
                subprocess.run(
                    ["node", "-e", VERIFY % document_verifier, secret],
                    input=given.encode(),
                    capture_output=True,
                    check=True,
                ).stdout
                for secret in (SECRET, "another")
            ]
            assert checked == [b"true", b"false"]

    def test_only_what_was_asked_for_is_delivered(self, launched, tmp_path):
        """By active webhooks."""
        with Receiver() as receiver, Receiver() as silent, launched(tmp_path, QUICK) as api:
            subscribe(api, receiver.url, "task.deleted")
            subscribe(api, silent.url, "task.deleted", active=False)
            task = api.task()
            api("DELETE", f"/tasks/{task['id']}", params={"reason": "twice"})
            (payload,) = payloads(receiver.expect(1))
            time.sleep(0.3)
        assert (payload["event"], payload["data"]["deletionReason"]) == ("task.deleted", "twice")
        assert len(receiver.received) == 1
        assert silent.received == []

    def test_each_webhook_gets_its_own_delivery(self, launched, tmp_path):
        """With an id of its own."""
        with Receiver() as receiver, launched(tmp_path, QUICK) as api:
            for _ in range(2):
                subscribe(api, receiver.url, "project.created", "task.comment_added")
            api.post("/projects", {"name": "New"})
            api.post(f"/tasks/{api.task()['id']}/comments", {"content": "Hello"})
            received = receiver.expect(4)
        assert sorted(one.headers["x-orchestrator-event"] for one in received) == [
            "project.created",
            "project.created",
            "task.comment_added",
            "task.comment_added",
        ]
        assert len({one.headers["x-orchestrator-delivery"] for one in received}) == 4

    def test_every_event_is_delivered_in_the_published_form(self, launched, tmp_path):
        """The documented ones and ours, each at least once, `user.registered` from another process too."""
        with Receiver() as receiver, launched(tmp_path, QUICK) as api:
            subscribe(api, receiver.url, *sorted(EVENT_NAMES))
            agent = api.post("/agents", {"name": "A", "type": "qa"})["id"]
            assert api("PUT", f"/agents/{agent}", json={"model": "m"}).status_code == 200
            api.post(f"/agents/{agent}/disable", {})
            project = api.post("/projects", {"name": "P"})["id"]
            assert api("PUT", f"/projects/{project}", json={"status": "completed"}).status_code == 200
            for status in ("completed", "failed", "cancelled"):
                task = api.task(agentId="agent-123", projectId=project)["id"]
                api.patch(f"/tasks/{task}", {"status": status})
            api.post(f"/tasks/{task}/comments", {"content": "Hello"})
            assert api("POST", f"/tasks/{task}/files", files={"file": ("a", b"a")}).status_code == 201
            assert api("DELETE", f"/tasks/{task}").status_code == 204
            assert api("DELETE", f"/projects/{project}").status_code == 204
            add_user(NewUser(email="new@example.com", database=str(tmp_path / "server.db")))
            deadline = time.monotonic() + 15
            while {one.headers["x-orchestrator-event"] for one in receiver.received} < EVENT_NAMES:
                assert time.monotonic() < deadline, "some events were not delivered"
                time.sleep(0.05)
        for one in receiver.received:
            name = one.headers["x-orchestrator-event"]
            known = PUSHED.get(name) or PUSHED[name.partition(".")[0]]
            data = {Task: DeliveredTask, DeletedTask: DeliveredDeletion}.get(known, known)
            Delivery[data].model_validate_json(one.body)

    def test_names_that_nobody_answers_for_hold_up_nobody(self, launched, tmp_path, monkeypatch):
        """Logins and uploads go on while many look-ups hang; so does the end of the server."""
        looked_up, answered = threading.Semaphore(0), threading.Event()
        ask = socket.getaddrinfo

        def hanging(host, *rest, **given):
            if host != "hangs.example":
                return ask(host, *rest, **given)
            looked_up.release()
            answered.wait(60)
            raise socket.gaierror("nobody answered")

        monkeypatch.setattr(socket, "getaddrinfo", hanging)
        try:
            with launched(tmp_path, QUICK) as api:
                for _ in range(10):
                    subscribe(api, "http://hangs.example/hook", "task.created")
                for _ in range(4):
                    api.task()
                for _ in range(40):
                    assert looked_up.acquire(timeout=10)
                assert api("POST", "/tasks/task-123/files", files={"file": ("a", b"a")}).status_code == 201
                login = {"email": "admin@orchestrator.com", "password": "admin123"}
                assert api("POST", "/auth/login", json=login).status_code == 200
            assert not answered.is_set()
        finally:
            answered.set()


class TestRetries:
    def test_a_refused_delivery_comes_again_the_same(self, launched, tmp_path):
        """Same id, same bytes, until a 2xx."""
        with (
            Receiver(lambda before: 500 if before < 3 else 204) as receiver,
            launched(tmp_path, QUICK) as api,
        ):
            subscribe(api, receiver.url, "task.created")
            api.task()
            received = receiver.expect(4)
            time.sleep(0.4)
        assert len(receiver.received) == 4
        assert len({one.headers["x-orchestrator-delivery"] for one in received}) == 1
        assert len({one.body for one in received}) == 1

    def test_it_is_given_up_after_the_last_attempt(self, launched, tmp_path):
        """Eight, a redirect being no success."""
        with Receiver(lambda _: 302) as receiver, launched(tmp_path, QUICK) as api:
            subscribe(api, receiver.url, "task.created")
            api.task()
            receiver.expect(8)
            time.sleep(0.5)
        assert len(receiver.received) == 8

    def test_a_restart_loses_none(self, launched, tmp_path):
        """What was not delivered before the stop is delivered after it."""
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        slow = Settings(simulate=False, webhook_delays=(1.0,) * 7)
        with launched(tmp_path, slow) as api:
            subscribe(api, f"http://127.0.0.1:{closed.getsockname()[1]}/hook", "task.created")
            ids = [api.task()["id"] for _ in range(20)]
            time.sleep(0.3)
        port = closed.getsockname()[1]
        closed.close()
        with Receiver(port=port) as receiver, launched(tmp_path, slow):
            received = receiver.expect(20)
        assert sorted(payload["data"]["id"] for payload in payloads(received)) == sorted(ids)

    def test_a_kill_in_the_middle_of_an_attempt_loses_none(self, server_process, api_of):
        """The attempt is made again, with the same id."""
        release = threading.Event()
        with Receiver(lambda before: (release.wait(20) and 200) if before == 0 else 200) as receiver:
            server_process.start(api_key="ak_test-key", agents="off")
            api = api_of(server_process.url)
            subscribe(api, receiver.url, "task.created")
            task = api.task()
            receiver.expect(1)
            server_process.kill()
            server_process.restart()
            first, second = receiver.expect(2)
            release.set()
        assert json.loads(second.body)["data"]["id"] == task["id"]
        assert first.headers["x-orchestrator-delivery"] == second.headers["x-orchestrator-delivery"]

    def test_a_dead_receiver_holds_up_nobody(self, launched, tmp_path):
        """It takes connections and never answers; the other's deliveries go on meanwhile."""
        with (
            socket.create_server(("127.0.0.1", 0)) as dead,
            Receiver() as alive,
            launched(tmp_path, QUICK) as api,
        ):
            subscribe(api, f"http://127.0.0.1:{dead.getsockname()[1]}/", "task.created")
            subscribe(api, alive.url, "task.created")
            began = time.monotonic()
            for _ in range(50):
                api.task()
            alive.expect(50)
            assert time.monotonic() - began < 8


@pytest.fixture(scope="session")
def document_verifier():
    """The function of the document's receiver, as printed."""
    from contract import blocks

    (code,) = [block.text for block in blocks("javascript") if "verifyWebhookSignature(payload" in block.text]
    start = code.index("function verifyWebhookSignature")
    return code[start : code.index("\n}\n", start) + 3]
