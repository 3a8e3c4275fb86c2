"""A receiver of webhooks: keeps what comes, and answers as the test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One delivery as it came."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """Listens on a loopback port of its own; a context manager.

    `answer` decides each answer: it gets how many came before, and returns a status.
    """

    def __init__(self, answer: Callable[[int], int] = lambda _before: 200, *, port: int = 0) -> None:
        self.received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                before = len(receiver.received)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(headers, body))
                self.send_response(answer(before))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing to standard error."""

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def expect(self, number: int, within: float = 10.0) -> list[Received]:
        """The deliveries once there are so many."""
        deadline = time.monotonic() + within
        while len(self.received) < number:
            assert time.monotonic() < deadline, f"{len(self.received)} of {number} deliveries came in time"
            time.sleep(0.02)
        return self.received

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: self._http.serve_forever(0.05), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)
