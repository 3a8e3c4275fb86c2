"""A story told to a world by one request after another, with all that came back: to compare runs by bytes."""

from __future__ import annotations

import json
import time
from typing import Any

from control import Controlled, World
from receiver import Receiver
from websockets.sync.client import ClientConnection, connect

SECRET = "whsec_of-the-test"
HEADERS = ("etag", "x-request-id", "idempotency-replayed")


class Story:
    """What a world answers, pushes and delivers."""

    def __init__(self, control: Controlled, world: World, receiver: Receiver) -> None:
        self._control = control
        self._world = world
        self._receiver = receiver
        self._came_before = len(receiver.received)
        self.told: list[bytes] = []

    def tell(self) -> list[bytes]:
        """The whole of it: answers, then frames, then deliveries; heartbeats come by the machine's time."""
        address = self._control.url.replace("http", "ws", 1) + "/ws"
        with connect(address, additional_headers={"X-API-Key": self._world.key}) as socket:
            for channel in ("tasks", "agents", "projects", "users"):
                socket.send(json.dumps({"type": "subscribe", "channel": channel}))
            self._requests()
            socket.send('{"type": "ping"}')
            frames = _until_pong(socket)
        deliveries = self._deliveries()
        return [*self.told, *frames, *deliveries]

    def _requests(self) -> None:
        events = ["task.created", "task.updated", "task.assigned", "task.completed", "task.failed"]
        for name in ("one", "two"):
            hook = {"url": f"{self._receiver.url}/{name}", "events": events, "secret": SECRET}
            self._ask("POST", "/webhooks", json=hook)
        self._ask("POST", "/projects", json={"name": "Shop"})
        self._ask("POST", "/agents", json={"name": "Extra", "type": "coding", "capabilities": ["go", "sql"]})
        for title in ("Build user dashboard", "Second", "Third", "Nobody takes this", "Other", "More"):
            body = {"title": title, "tags": ["react", "go"], "estimatedHours": 5, "projectId": "proj-1001"}
            self._ask("POST", "/tasks", json=body, headers={"Idempotency-Key": title.replace(" ", "-")})
        self._ask("POST", "/tasks", json={"title": "Fails", "tags": ["simulate-failure"]})
        self._ask("POST", "/tasks", json=body, headers={"Idempotency-Key": "More"})
        self._move(advance=1.2)
        self._ask("PATCH", "/tasks/task-1005", json={"priority": "high", "dueDate": "2024-03-01T00:00:00Z"})
        self._ask(
            "POST", "/tasks/task-1005/comments", json={"content": "Soon, @Ada?", "mentions": ["user-456"]}
        )
        self._ask("POST", "/tasks/task-1005/files", files={"file": ("a.txt", b"content", "text/plain")})
        self._move(advance=30)
        self._ask("POST", "/tasks/task-1004/assign", json={"agentId": "agent-1001"})
        self._ask("DELETE", "/tasks/task-1006")
        for path in ("/tasks/none", "/tasks?limit=0", "/nothing"):
            self._ask("GET", path)
        self._ask("POST", "/tasks", json={"title": ""})
        self._move(runUntilIdle=True)
        self._read()

    def _read(self) -> None:
        for number in range(1001, 1008):
            self._ask("GET", f"/tasks/task-{number}?include=history,comments,files")
        for path in (
            "/tasks?limit=100&sortBy=updatedAt",
            "/tasks?search=build",
            "/agents",
            "/agents/agent-1001",
            "/agents/agent-789/metrics",
            "/agents/agent-789/logs",
            "/projects",
            "/projects/proj-1001",
            "/users",
            "/users/me",
            "/users/me/notifications",
            "/webhooks",
        ):
            self._ask("GET", path)

    def _ask(self, method: str, path: str, **given: Any) -> None:
        answer = self._world.api.request(method, path, **given)
        assert answer.status_code < 500, answer.text
        headers = {name: answer.headers.get(name) for name in HEADERS}
        line = f"{method} {path}: {answer.status_code} {json.dumps(headers)} ".encode()
        self.told.append(line + answer.content)

    def _move(self, **move: Any) -> None:
        self.told.append(json.dumps(self._world.time(**move)).encode())

    def _deliveries(self) -> list[bytes]:
        came = self._receiver.received
        quiet_since, seen = time.monotonic(), len(came)
        while time.monotonic() - quiet_since < 0.5:
            time.sleep(0.05)
            if len(came) != seen:
                quiet_since, seen = time.monotonic(), len(came)
        names = ("x-orchestrator-event", "x-orchestrator-delivery")
        return [
            json.dumps([each.headers[name] for name in names]).encode() + each.body
            for each in came[self._came_before :]
        ]


def _until_pong(socket: ClientConnection) -> list[bytes]:
    frames: list[bytes] = []
    while True:
        frame = socket.recv(timeout=20)
        kind = json.loads(frame)["type"]
        if kind == "pong":
            return frames
        if kind != "heartbeat":
            frames.append(str(frame).encode())
