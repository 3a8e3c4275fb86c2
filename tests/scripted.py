"""A WebSocket server and a REST side that do what a test tells them: for what a real server never does."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

from pydantic.alias_generators import to_camel
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from coordinaitor_sdk.exceptions import NotFoundError
from coordinaitor_sdk.models.common import Page
from coordinaitor_sdk.models.task import Task


def task(
    task_id: str = "t", version: int | None = None, status: str = "active", **fields: Any
) -> dict[str, Any]:
    """A task as the wire shows it."""
    known = {"id": task_id, "title": "T", "status": status, "progress": 0.0, **fields}
    return known | ({} if version is None else {"version": version})


class Scripted:
    """The server's side of one test.

    Attributes:
        tasks: what REST answers, by id; an exception is raised, a missing id is a 404.
        fetched: ids asked for by REST.
        listed: pages of the list asked for; `list_error` is raised instead.
        received: messages of the client, each with the number of its connection.
        greets: whether it says `ready` and `subscribed`, or knows only the document.
        refuses: a status that every handshake is refused with, and `retry_after` what it says then;
            `refused` are as many.
    """

    def __init__(self) -> None:
        self.url = ""
        self.tasks: dict[str, Any] = {}
        self.fetched: list[str] = []
        self.received: list[tuple[int, dict[str, Any]]] = []
        self.connections: list[ServerConnection] = []
        self.renewed: list[dict[str, str]] = []
        self.greets = True
        self.epoch = "e1"
        self.seq = 10
        self.heartbeat = 15.0
        self.refuses: int | None = None
        self.retry_after: str | None = None
        self.refused = 0
        self.hangs_up = False
        self.listed = 0
        self.list_error: Exception | None = None
        self._news = asyncio.Event()

    # What the hub asks of a client.

    async def fetch(self, kind: str, task_id: str) -> Task:
        self.fetched.append(task_id)
        self._tell()
        found = self.tasks.get(task_id)
        if found is None:
            raise NotFoundError("gone", status=404)
        if isinstance(found, Exception):
            raise found
        return Task.model_validate_json(json.dumps(found))

    async def page(self, kind: str, number: int, filters: dict[str, str | None]) -> Page[Task]:
        self.listed += 1
        self._tell()
        if isinstance(self.list_error, Exception):
            raise self.list_error
        wanted = {to_camel(name): value for name, value in filters.items() if value is not None}
        tasks = [one for one in self.tasks.values() if wanted.items() <= one.items()]
        tasks.sort(key=lambda one: one.get("updatedAt", ""), reverse=True)
        start = (number - 1) * 100
        paging = {"page": number, "limit": 100, "total": len(tasks), "pages": -(-len(tasks) // 100)}
        text = json.dumps({"data": tasks[start : start + 100], "pagination": paging})
        return Page[Task].model_validate_json(text)

    async def headers(self) -> dict[str, str]:
        return {"X-API-Key": f"key-{len(self.renewed)}"}

    async def renew(self, rejected: dict[str, str]) -> bool:
        self.renewed.append(rejected)
        return True

    # What the test does.

    async def until(self, condition: Any, within: float = 5.0) -> None:
        """Wait until `condition()` holds."""
        async with asyncio.timeout(within):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def push(self, data: dict[str, Any], kind: str = "task.updated", **fields: Any) -> None:
        """Push a change on the newest connection."""
        if self.greets:
            self.seq += 1
            fields = {"seq": self.seq, "epoch": self.epoch, **fields}
        await self.send({"type": kind, "data": data, **fields})

    async def send(self, message: dict[str, Any] | str) -> None:
        """Send a message on the newest connection."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self.connections[-1].send(text)

    def subscriptions(self, connection: int | None = None) -> list[dict[str, Any]]:
        """The `subscribe` messages, of one connection (from 1) or of all."""
        return [
            message
            for number, message in self.received
            if message["type"] == "subscribe" and connection in {None, number}
        ]

    def _tell(self) -> None:
        self._news.set()

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        number = len(self.connections)
        self._tell()
        if self.hangs_up:
            return
        try:
            if self.greets:
                ready = {"type": "ready", "epoch": self.epoch, "seq": self.seq, "heartbeat": self.heartbeat}
                await connection.send(json.dumps(ready))
            async for text in connection:
                message = json.loads(text)
                if self.greets and message["type"] == "subscribe":
                    await self.on_subscribe(connection, message)
                self.received.append((number, message))
                self._tell()
        except ConnectionClosed:
            return

    async def on_subscribe(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        """Confirm a subscription; a test may replace it."""
        reply = {"type": "subscribed", "id": message["id"], "channel": "tasks", "seq": self.seq}
        await connection.send(json.dumps(reply))

    def _gate(self, connection: ServerConnection, _request: Any) -> Any:
        if self.refuses is None:
            return None
        self.refused += 1
        self._tell()
        answer = connection.respond(self.refuses, "no")
        if self.retry_after is not None:
            answer.headers["Retry-After"] = self.retry_after
        return answer


@asynccontextmanager
async def scripted_server():
    """A scripted server on a free port of the loopback."""
    script = Scripted()
    async with serve(script._serve, "127.0.0.1", 0, process_request=script._gate) as server:
        script.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        yield script
