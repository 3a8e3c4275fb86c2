"""What comes while a body is still being sent: an answer that refuses it must not be lost.

A server that wants no more of a body answers and closes. A client that only sends meets a reset connection,
or one that takes no more bytes, and never reads why. So the connections of a pool are made to listen while
they send (`aio_listening`, `threads_listening`); what all of that shares is here.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

LARGE: Final = 64 * 1024
"""Bytes that a socket takes at once: a body that is no longer needs no listening."""

AT_ONCE: Final = 64 * 1024
"""Bytes to read at once."""

LIMIT: Final = 1024 * 1024
"""Bytes that are kept of what comes early."""

REFUSED: Final = "the server has answered before all was sent"

_STATUS = re.compile(rb"HTTP/1\.\d (\d)\d\d")


def refuses(early: bytes | bytearray) -> bool:
    """Whether what came early is a final answer that says no; interim ones (1xx) may precede it."""
    rest = bytes(early)
    while match := _STATUS.match(rest):
        if match[1] != b"1":
            return match[1] >= b"4"
        rest = rest.partition(b"\r\n\r\n")[2]
    return False


class Early:
    """What came on a connection while a request was being sent, and how much of it had been."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A request begins: nothing was written, nothing came."""
        self.writes = 0
        self.refused = False
        self._data = bytearray()

    def is_short(self, buffer: bytes) -> bool:
        """Whether this write is one of the first two (headers, a body), and small."""
        self.writes += 1
        return self.writes <= 2 and len(buffer) < LARGE

    def add(self, data: bytes) -> None:
        """Keep what came."""
        self._data += data
        self.refused = self.refused or refuses(self._data)

    def take(self, size: int) -> bytes:
        """Up to `size` bytes of what was kept; none once all are taken."""
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    def __len__(self) -> int:
        return len(self._data)


def pool_of(transport: Any) -> Any:
    """The connection pool of a transport of httpx's, or None.

    Its parameters give no way to the network backend; a transport that is built otherwise has none here, and
    sends as it does by itself.
    """
    pool = getattr(transport, "_pool", None)
    return pool if hasattr(pool, "_network_backend") else None


def write_error_of(pool: Any) -> type[Exception]:
    """The error after which the pool's own library stops sending and reads the answer."""
    library = sys.modules[type(pool).__module__.partition(".")[0]]  # httpcore, or httpcore2
    error: type[Exception] = library.WriteError
    return error
