"""HTTP/1.1 as small as a measurement can have it: requests are bytes, made once."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import TYPE_CHECKING, Any, Final, Self

from .filling import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def get(target: str) -> bytes:
    """A request with the key of these databases."""
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {KEY}\r\n\r\n".encode()


def send(method: str, target: str, content: Mapping[str, Any], key: str = KEY) -> bytes:
    """A request with a JSON body."""
    body = json.dumps(content).encode()
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class UnexpectedAnswerError(Exception):
    """A status that was not asked for."""


def _length(head: bytes) -> int:
    status = head[9:12]
    if status == b"204":
        return 0
    if status not in (b"200", b"201"):
        raise UnexpectedAnswerError(head.decode("latin-1"))
    found = _LENGTH.search(head)
    assert found is not None
    return int(found[1])


class Line:
    """One connection, one request at a time, blocking."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """The answer's body."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        length = _length(head)
        while len(body) < length:
            body += self._receive()
        return body

    def _receive(self) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionResetError("the server has closed the connection")
        return data


class AsyncLine:
    """One connection, one request at a time, beside others."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> AsyncLine:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        """The answer's body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        return await self._reader.readexactly(_length(head))

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()
