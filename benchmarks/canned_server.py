"""A server that costs next to nothing: recorded bytes for each path, over HTTP/1.1 with keep-alive.

`GET /api/v1/tasks` is the first of 1,000 pages. Below `/<n>-pages/<ms>-ms/api/v1` the same list has n pages,
and each answer waits so many milliseconds. A POST is read to its end, thrown away, and answered with a file.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from typing import Final

from .answers import answer, page_body, recorded

_LIST: Final = re.compile(rb"(?:/(\d+)-pages/(\d+)-ms)?/(?:api|openai)/v1/tasks(?:\?(.*))?")
_PAGE: Final = re.compile(rb"(?:^|&)page=(\d+)")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_FIXED: Final = {
    b"/api/v1/tasks/task-123": answer(recorded("task")),
    b"/openai/v1/models/gpt-4o": answer(recorded("model")),
    b"/stripe/v1/customers/cus_NffrFeUfNV2Hib": answer(recorded("customer")),
}
_FIRST_PAGE: Final = answer(page_body(1, 1000))
_FILE: Final = answer(recorded("file"), b"201 Created")
_NOT_FOUND: Final = answer(b'{"error":"not found"}', b"404 Not Found")


class Connection(asyncio.Protocol):
    """One connection; answers requests in their order, one at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = b""
        self._body_left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the request once it is whole; of a body only the length is looked at."""
        if self._body_left:
            self._take_body(len(data))
            return
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        self._received = b""
        method, target, _ = head.split(b" ", 2)
        if method == b"GET":
            self._answer(target)
            return
        length = _LENGTH.search(head)
        self._body_left = int(length[1]) if length else 0
        self._take_body(len(rest))

    def _take_body(self, size: int) -> None:
        self._body_left -= size
        if self._body_left <= 0:
            self._transport.write(_FILE)

    def _answer(self, target: bytes) -> None:
        fixed = _FIXED.get(target)
        listed = None if fixed else _LIST.fullmatch(target)
        if listed is None:
            self._transport.write(fixed or _NOT_FOUND)
            return
        pages, wait, query = listed.groups()
        if pages is None:
            self._transport.write(_FIRST_PAGE)
            return
        number = _PAGE.search(query or b"")
        body = page_body(int(number[1]) if number else 1, int(pages))
        asyncio.get_running_loop().call_later(int(wait) / 1000, self._transport.write, answer(body))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve())
