"""SIGKILL in the middle of a run: nothing that was answered is missing, and the agents go on."""

from __future__ import annotations

import json
import threading
import time

import httpx
import pytest
from websockets.sync.client import connect

KEY = "ak_test-key"
HEADERS = {"X-API-Key": KEY}


class Writers:
    """Clients that create tasks and comments until the server is gone, and note what was answered."""

    def __init__(self, url, count):
        self.tasks: list[str] = []
        self.comments: list[tuple[str, str]] = []
        self._threads = [threading.Thread(target=self._write, args=(url, number)) for number in range(count)]

    def start(self):
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self):
        """Wait for the end of all."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _write(self, url, number):
        with httpx.Client(base_url=url + "/api/v1", headers=HEADERS) as client:
            try:
                while True:
                    task = client.post("/tasks", json={"title": f"By {number}", "estimatedHours": 4})
                    assert task.status_code == 201, task.text
                    task_id = task.json()["data"]["id"]
                    self.tasks.append(task_id)
                    comment = client.post(f"/tasks/{task_id}/comments", json={"content": "Noted"})
                    assert comment.status_code == 201, comment.text
                    self.comments.append((task_id, comment.json()["data"]["id"]))
            except httpx.TransportError:
                return


def whole_log(server):
    """Every event of the stored log."""
    with connect(server.ws_url, additional_headers=HEADERS, max_queue=None) as raw:
        ready = json.loads(raw.recv())
        since = {"epoch": ready["epoch"], "seq": 0}
        found = []
        raw.send(json.dumps({"type": "subscribe", "id": "all", "channel": "tasks", "since": since}))
        raw.send(json.dumps({"type": "subscribe", "id": "agents", "channel": "agents", "since": since}))
        subscribed = set()
        while len(subscribed) < 2:
            message = json.loads(raw.recv(20))
            if message["type"] == "subscribed":
                subscribed.add(message["id"])
            else:
                found.append(message)
        return {event["seq"]: event for event in found}


@pytest.mark.slow
def test_kill_loses_nothing_that_was_answered(server_process, eventually):
    """Under eight writers and busy agents: every 201 is there, with its events; the log has no gap; work
    goes on.
    """
    server = server_process.start(api_key=KEY, sim_speed=4)
    for attempt in range(2):
        writers = Writers(server.url, 8)
        writers.start()
        time.sleep(1.5)
        server.kill()
        writers.join()
        assert len(writers.tasks) > 50
        assert len(writers.comments) > 50
        server.restart(sim_speed=50 if attempt else 4)
        check(server, writers)
    goes_on(server, writers, eventually)


def check(server, writers):
    """Each answered task and comment is there, and the log tells of each without a gap."""
    events = whole_log(server)
    assert sorted(events) == list(range(1, len(events) + 1))
    created = {event["data"]["id"] for event in events.values() if event["type"] == "task.created"}
    commented = {
        event["data"]["comment"]["id"] for event in events.values() if event["type"] == "task.comment_added"
    }
    assert set(writers.tasks) <= created
    assert {comment for _, comment in writers.comments} <= commented
    with httpx.Client(base_url=server.url + "/api/v1", headers=HEADERS) as client:
        stored = {}
        for page in range(1, 1 + client.get("/tasks?limit=100").json()["pagination"]["pages"]):
            stored |= {
                task["id"]: task for task in client.get(f"/tasks?limit=100&page={page}").json()["data"]
            }
        assert set(writers.tasks) <= set(stored)
        for task_id, comment in writers.comments[-30:]:
            task = client.get(f"/tasks/{task_id}?include=comments").json()["data"]
            assert comment in [found["id"] for found in task["comments"]]
    newest = {}
    for event in events.values():
        if event["type"] == "task.updated":
            assert event["data"]["version"] == newest.get(event["data"]["id"], 0) + 1
            newest[event["data"]["id"]] = event["data"]["version"]


def goes_on(server, writers, eventually):
    """The tasks that were active at the kill come to their end, and new ones are taken."""
    with httpx.Client(base_url=server.url + "/api/v1", headers=HEADERS) as client:

        def completed():
            found = client.get("/tasks?status=completed&sortBy=updatedAt&limit=100").json()
            return found["pagination"]["total"]

        before = completed()
        active = [
            task["id"]
            for task in client.get("/tasks?status=active&limit=100").json()["data"]
            if task["id"] != "task-123"
        ]
        eventually(
            lambda: all(
                client.get(f"/tasks/{task}").json()["data"]["status"] == "completed" for task in active
            ),
            within=20,
        )
        eventually(lambda: completed() > before + 20, within=20)
