"""A thousand sockets: what the server's memory grows by, and how late each of them is told."""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import select
import socket
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.bounds import Figure
from benchmarks.processes import Child

from .filling import KEY, fill
from .http import Line, send

_SOCKETS: Final = 1_000
_RATE: Final = 20
_SECONDS: Final = 6
_EVENTS: Final = _RATE * _SECONDS
_TASK: Final = "/api/v1/tasks/task-123"
_STAMP: Final = re.compile(rb'"seq":\d+,"epoch":"[^"]*","timestamp":"([^"]+)"\}')
_SETTLE: Final = 1.0
_PATIENCE: Final = 20.0


def measure(_url: str) -> list[Figure]:
    """Opened and subscribed; then one task is changed 20 times a second."""
    _allow_files(2 * _SOCKETS)
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, 100)
        with Child("server.serving", str(database)) as server:
            port = int(server.read())
            sockets = [_opened(port) for _ in range(10)]  # what the first ones load is not counted
            before = int(server.ask("memory"))
            sockets += [_opened(port) for _ in range(_SOCKETS)]
            time.sleep(_SETTLE)
            grown = (int(server.ask("memory")) - before) / _SOCKETS / 1000
            late = _lateness(port, sockets[-_SOCKETS:])
            for each in sockets:
                each.close()
    p99 = quantiles(late, n=100)[-1]
    note = f"median {median(late):.0f} ms, slowest {max(late):.0f} ms, of {len(late):,} frames"
    missing = _SOCKETS * _EVENTS - len(late)
    return [
        Figure("server-socket", grown, f"{_SOCKETS:,} sockets, each with a subscription"),
        Figure(
            "server-push", None if missing else p99, f"{missing:,} frames did not come" if missing else note
        ),
    ]


def _allow_files(count: int) -> None:
    """Open files for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, hard))


def _opened(port: int) -> socket.socket:
    """A socket that is subscribed to all tasks."""
    opened = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nX-API-Key: {KEY}\r\n\r\n".encode()
    )
    _receive(opened, b'"ready"')
    opened.sendall(_frame({"type": "subscribe", "channel": "tasks"}))
    _receive(opened, b'"subscribed"')
    opened.setblocking(False)
    return opened


def _receive(opened: socket.socket, word: bytes) -> None:
    received = b""
    while word not in received:
        data = opened.recv(4096)
        if not data:
            raise ConnectionResetError(f"the server has closed a socket after {received!r}")
        received += data


def _frame(message: dict[str, str]) -> bytes:
    """A text frame of less than 126 bytes, masked with zeros."""
    text = json.dumps(message).encode()
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


def _lateness(port: int, sockets: list[socket.socket]) -> list[float]:
    """Milliseconds from the moment of each change, which comes before its commit, to each frame's receipt."""
    arrivals: list[tuple[float, list[bytes]]] = []
    changing = threading.Thread(target=_change, args=(port,))
    changing.start()
    poll = select.poll()
    by_number = {each.fileno(): each for each in sockets}
    rests = dict.fromkeys(by_number, b"")
    for number in by_number:
        poll.register(number, select.POLLIN)
    left, until = len(sockets) * _EVENTS, time.monotonic() + _SECONDS + _PATIENCE
    while left > 0 and time.monotonic() < until:
        for number, _ in poll.poll(100):
            data = rests[number] + by_number[number].recv(65_536)
            stamps = _STAMP.findall(data)
            rests[number] = data if not stamps else data[data.rindex(stamps[-1]) :]
            if stamps:
                arrivals.append((time.time(), stamps))
                left -= len(stamps)
    changing.join()
    moments = {
        stamp: datetime.fromisoformat(stamp.decode()).timestamp()
        for _, stamps in arrivals
        for stamp in stamps
    }
    return [(at - moments[stamp]) * 1000 for at, stamps in arrivals for stamp in stamps]


def _change(port: int) -> None:
    with Line(port) as line:
        due = time.perf_counter()
        for number in range(_EVENTS):
            time.sleep(max(0.0, due - time.perf_counter()))
            due += 1 / _RATE
            line.ask(send("PATCH", _TASK, {"progress": (number % 50 + 1) / 100}))
