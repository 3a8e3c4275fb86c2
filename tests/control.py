"""Worlds of a server under test, through its control API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

START = "2024-01-15T10:30:00.000Z"


def closing_code(socket: ClientConnection) -> int | None:
    """The code with which the server closes a socket; a TimeoutError if it doesn't."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code


class World:
    """A world made for a test: `api` speaks as its admin's key."""

    def __init__(self, control: Controlled, made: dict[str, Any]) -> None:
        self._control = control
        self.made = made
        self.id: str = made["world"]
        self.key: str = made["apiKey"]
        self.admin: dict[str, str] = made["admin"]
        self.api = httpx.Client(base_url=control.url + "/api/v1", headers={"X-API-Key": self.key}, timeout=60)

    def time(self, **move: Any) -> dict[str, Any]:
        """Move its clock; the answer."""
        return self._control.ask("POST", f"/worlds/{self.id}/time", 200, json=move)

    def reset(self) -> dict[str, Any]:
        """Put it back; the answer."""
        return self._control.ask("POST", f"/worlds/{self.id}/reset", 200)

    def delete(self) -> None:
        """Remove it."""
        self._control.ask("DELETE", f"/worlds/{self.id}", 204)

    def get(self, path: str) -> Any:
        """The data of a good answer."""
        return self._data(self.api.get(path))

    def post(self, path: str, body: Any) -> Any:
        """The data of a good answer."""
        return self._data(self.api.post(path, json=body))

    def task(self, **fields: Any) -> Any:
        """A new task."""
        return self.post("/tasks", {"title": "A task", **fields})

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]


class Controlled:
    """The control API of a server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url + "/_control", timeout=60)

    def ask(self, method: str, path: str, status: int, **given: Any) -> Any:
        """The body of an answer of that status."""
        answer = self.http.request(method, path, **given)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    @contextmanager
    def world(self, **wanted: Any) -> Iterator[World]:
        """A world for a block; gone afterwards, if it isn't already."""
        world = World(self, self.ask("POST", "/worlds", 201, json=wanted))
        try:
            with world.api:
                yield world
        finally:
            self.http.delete(f"/worlds/{world.id}")
