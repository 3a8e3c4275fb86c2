"""A relay before a real server, which counts what passes and may lose an answer on its way back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Relay:
    """Where it listens, and what has passed.

    Attributes:
        seen: paths -> how many requests the server has answered.
        losing: paths -> how many of the next answers are lost: the server has done its part, the client sees
            a broken connection.
        during: paths -> called before the answer goes back.
    """

    url: str
    seen: Counter[str] = field(default_factory=Counter)
    losing: Counter[str] = field(default_factory=Counter)
    during: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # 200 callers come at once
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that went away is what some tests are about."""


@contextmanager
def relayed(server: Any) -> Iterator[Relay]:
    """`server` (a `ServerProcess`) behind a relay; it may be restarted on its port meanwhile."""
    relay = Relay("")
    handler = type("Handler", (_Handler,), {"upstream": server, "relay": relay})
    listening = _Server(("127.0.0.1", 0), handler)
    relay.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=lambda: listening.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    upstream: Any
    relay: Relay
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, headers, content = self._forward(body)
        with self.relay.lock:
            self.relay.seen[self.path] += 1
            lost = self.relay.losing[self.path] > 0
            self.relay.losing[self.path] -= lost
        self.relay.during.get(self.path, lambda: None)()
        if lost:
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - http.server's names

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = HTTPConnection("127.0.0.1", int(self.upstream.url.rpartition(":")[2]), timeout=20)
        try:
            headers = {n: v for n, v in self.headers.items() if n.lower() not in _NOT_PASSED_ON}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def log_message(self, *_: Any) -> None:
        """Nothing to standard error."""
