"""A server that sends prepared bytes, whatever is asked: for answers that no real one would give."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Self


class RawServer:
    """Answers each request of each connection with the next of `answers`, the last one again and again.

    Args:
        answers: bytes to send, after which the connection is closed.
    """

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            with taken, suppress(OSError):
                taken.settimeout(10)
                self.requests.append(_request(taken))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                taken.sendall(answer)
                taken.shutdown(socket.SHUT_WR)
                while taken.recv(65536):
                    continue


def _request(taken: socket.socket) -> bytes:
    """A request, with the body that it announces."""
    read = b""
    while True:
        part = taken.recv(65536)
        read += part
        head, end, body = read.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not part or (end and len(body) >= (int(length[1]) if length else 0)):
            return read


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer; `length` states another length than the body's."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    if not any(header.lower().startswith("content-type") for header in headers):
        lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode("latin-1") + b"\r\nConnection: close\r\n\r\n" + body
