"""A server of ready-made frames, in a process of its own, with the little REST that watches need.

Beside the API it takes `GET /control/<command>/<argument>...`:

- `burst/<key>/<frames>/<tasks>`: so many pushes to the socket of this API key, spread over so many tasks; all
  are made before the first is sent
- `rate/<frames>/<a second>`: pushes about the first task to all sockets, each with the time of its sending
- `change/<tasks>`: so many tasks change without a word
- `drop`: all sockets go, and what they subscribe to later can't be resumed
- `outage/<seconds>`: all sockets go, and nothing answers for so long
- `flaky/<yes>`: each socket goes as soon as its first subscription stands
- `counts`: requests and sockets since it was last asked
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import sys
import threading
import time
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs

from .frames import EPOCH, FIRST_SEQ, Stored, push, task_id, text_frame

_KEY: Final = re.compile(r"\r\nsec-websocket-key: *(\S+)", re.IGNORECASE)
_NAME: Final = re.compile(r"\r\nx-api-key: *(\S+)", re.IGNORECASE)
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_PAGE: Final = 20


class Server:
    """The tasks, the sockets, and what goes on between them."""

    def __init__(self, tasks: int) -> None:
        self.tasks = {task_id(number): Stored(number, moment=number) for number in range(tasks)}
        self.sockets: set[Connection] = set()
        self.connections: set[Connection] = set()
        self.seq = FIRST_SEQ
        self.flaky = False
        self.forgetful = False
        self.requests = self.opened = 0
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._background: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        """Begin to answer, on the same port each time."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: Connection(self), "127.0.0.1", self._port)
        self._port = int(self._listening.sockets[0].getsockname()[1])
        return self._port

    def task(self, name: str) -> str | None:
        """A task by its id."""
        stored = self.tasks.get(name)
        return None if stored is None else stored.json()

    def page(self, query: dict[str, list[str]]) -> str:
        """A page of the list of tasks."""
        number, limit = int(query.get("page", ["1"])[0]), int(query.get("limit", [str(_PAGE)])[0])
        newest_first = query.get("sortOrder", ["desc"])[0] == "desc"
        found = list(self.tasks.values())
        if query.get("sortBy", [""])[0] == "updatedAt":
            found.sort(key=lambda one: one.moment, reverse=newest_first)
        rows = ",".join(one.json() for one in found[(number - 1) * limit : number * limit])
        pages = -(-len(found) // limit)
        pagination = {"page": number, "limit": limit, "total": len(found), "pages": pages}
        pagination |= {"hasNext": number < pages, "hasPrev": number > 1}
        return f'{{"success":true,"data":[{rows}],"pagination":{json.dumps(pagination)}}}'

    def control(self, command: str, *arguments: str) -> dict[str, int]:
        """Carry out what a measurement asks for."""
        done = getattr(self, f"_{command}")(*arguments)
        return done if isinstance(done, dict) else {}

    def _burst(self, key: str, count: str, tasks: str) -> None:
        every = list(self.tasks.values())[: int(tasks)]
        first = self.seq % len(every)
        sending = b"".join([self._next(every[(first + n) % len(every)]) for n in range(int(count))])
        for socket in self.sockets:
            if socket.key == key:
                asyncio.get_running_loop().call_later(0.01, socket.write, sending)

    def _next(self, task: Stored, sent: float = 0.0) -> bytes:
        task.version += 1
        self.seq += 1
        return push(task, self.seq, sent)

    def _rate(self, count: str, a_second: str) -> None:
        self._spawn(self._keep_sending(int(count), 1 / float(a_second)))

    async def _keep_sending(self, count: int, pause: float) -> None:
        task, due = next(iter(self.tasks.values())), time.monotonic()
        for _ in range(count):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += pause
            for socket in list(self.sockets):
                task_frame = self._next(task, time.monotonic())
                socket.write(task_frame)

    def _change(self, tasks: str) -> None:
        # Spread over all that are watched, and later than everything before.
        names = list(self.tasks)
        step = max(1, 5_000 // int(tasks))
        newest = max(task.moment for task in self.tasks.values())
        for index in range(int(tasks)):
            task = self.tasks[names[index * step]]
            task.version += 1
            task.moment = newest + 60 + index % 50
            self.seq += 1

    def _drop(self) -> None:
        self.forgetful = True
        self._end_connections()

    def _outage(self, seconds: str) -> None:
        self._spawn(self._be_away(float(seconds)))

    async def _be_away(self, seconds: float) -> None:
        if self._listening is not None:
            self._listening.close()
        self._end_connections()
        await asyncio.sleep(seconds)
        await self.listen()

    def _end_connections(self) -> None:
        for connection in list(self.connections):
            asyncio.get_running_loop().call_soon(connection.abort)

    def _flaky(self, yes: str) -> None:
        self.flaky = yes == "yes"

    def _counts(self) -> dict[str, int]:
        counted = {"requests": self.requests, "opened": self.opened, "sockets": len(self.sockets)}
        self.requests = self.opened = 0
        return counted

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class Connection(asyncio.Protocol):
    """HTTP with keep-alive, and a WebSocket after an upgrade."""

    def __init__(self, server: Server) -> None:
        self.key = ""
        self._server = server
        self._transport: asyncio.Transport
        self._received = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's protocol
        """And it is gone."""
        self._server.connections.discard(self)
        self._server.sockets.discard(self)

    def write(self, data: bytes) -> None:
        """Send as it is."""
        self._transport.write(data)

    def abort(self) -> None:
        """End it without a word."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take requests, later frames, as they become whole."""
        self._received += data
        while not self._upgraded and b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._request(head.decode())
        if self._upgraded:
            self._frames()

    def _request(self, head: str) -> None:
        path, _, query = head.split(" ", 2)[1].partition("?")
        if path == "/ws":
            self._upgrade(head)
            return
        if path.startswith("/control/"):
            self._answer(json.dumps(self._server.control(*path.split("/")[2:])))
            return
        self._server.requests += 1
        name = path.removeprefix("/api/v1/tasks").removeprefix("/")
        if not name:
            self._answer(self._server.page(parse_qs(query)))
            return
        task = self._server.task(name)
        if task is None:
            self._answer('{"success":false,"error":{"code":"NOT_FOUND"}}', "404 Not Found")
        else:
            self._answer(f'{{"success":true,"data":{task}}}')

    def _answer(self, body: str, status: str = "200 OK") -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.write((head + body).encode())

    def _upgrade(self, head: str) -> None:
        asked, name = _KEY.search(head), _NAME.search(head)
        assert asked is not None
        accept = base64.b64encode(hashlib.sha1((asked[1] + _GUID).encode()).digest()).decode()
        self.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self._upgraded = True
        self.key = name[1] if name is not None else ""
        self._server.sockets.add(self)
        self._server.opened += 1
        self._say({"type": "ready", "epoch": EPOCH, "seq": self._server.seq, "heartbeat": 3600})

    def _say(self, message: dict[str, Any]) -> None:
        self.write(text_frame(json.dumps(message)))

    def _frames(self) -> None:
        while (whole := _unmasked(self._received)) is not None:
            code, payload, self._received = whole
            if code == 0x8:
                self.write(b"\x88\x00")
                self._transport.close()
                return
            if code == 0x9:
                self.write(bytes((0x8A, len(payload))) + payload)
            elif code == 0x1:
                self._message(json.loads(payload))

    def _message(self, message: dict[str, Any]) -> None:
        if message["type"] != "subscribe":
            return
        if "since" in message and self._server.forgetful:
            self._say({"type": "resync", "id": message["id"], "reason": "log_truncated"})
        self._say({"type": "subscribed", "id": message["id"], "seq": self._server.seq})
        if self._server.flaky:
            self._say({"type": "heartbeat", "seq": self._server.seq})
            self._transport.close()


def _unmasked(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The code and the payload of the first frame of a client, and the rest; None where it is not whole."""
    if len(data) < 6:
        return None
    size, start = data[1] & 0x7F, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    end = start + 4 + size
    if len(data) < end:
        return None
    mask, payload = data[start : start + 4], data[start + 4 : end]
    key = (mask * (size // 4 + 1))[:size]
    plain = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return data[0] & 0x0F, plain, data[end:]


async def _serve(tasks: int) -> None:
    print(await Server(tasks).listen(), flush=True)
    await asyncio.Event().wait()


def _end_with_parent() -> None:
    with suppress(KeyboardInterrupt):
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(int(sys.argv[1])))
