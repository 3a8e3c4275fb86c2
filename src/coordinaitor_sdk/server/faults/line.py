"""A client's connection as faults break it: below HTTP and WebSocket, where ASGI has nothing to say."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

# On, for 0 seconds: what is unsent is thrown away, and the peer gets a reset.
_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)

FAREWELL: Final = 5.0
"""Seconds in which a client may take what was sent before its connection was closed."""


class Line:
    """One connection.

    Attributes:
        gone: set when the connection is no more.
        ended: set when it is, or the server stops.
        silent: whether it stays open and says nothing more.
    """

    def __init__(self) -> None:
        self.gone: asyncio.Event = asyncio.Event()
        self.ended: asyncio.Event = asyncio.Event()
        self.silent: bool = False
        self._transport: asyncio.BaseTransport | None = None

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = transport

    def lost(self) -> None:
        """The connection is no more."""
        self.gone.set()
        self.ended.set()

    def fall_silent(self) -> None:
        """From now on send nothing and hear nothing, but the end of the connection."""
        self.silent = True

    def write(self, content: bytes) -> None:
        """Send bytes as they are."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.write(content)

    async def reset(self) -> None:
        """Break the connection off: its client gets a TCP reset."""
        transport = self._transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            raw: socket.socket | None = transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            transport.abort()
        await self._over()

    async def close(self) -> None:
        """Close the connection once its client took what was sent."""
        if self._transport is not None:
            self._transport.close()
        await self._over()

    async def wait(self, seconds: float | None, released: asyncio.Event) -> None:
        """Wait so many seconds of real time, None for ever: until `released`, or the end of the line."""
        waiting = [asyncio.create_task(event.wait()) for event in (self.ended, released)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _over(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self.gone.wait()


def line_of(scope: Scope) -> Line:
    """The connection of a request or a socket.

    Raises:
        LookupError: the application runs in another server than that of `launch`.
    """
    line: Line = scope["line"]
    return line


class HttpLine(H11Protocol):
    """HTTP on a connection that can be broken."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.line: Line = Line()
        self.app: Any = _on(self.line, self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The connection is there."""
        super().connection_made(transport)
        self.line.opened(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        self.line.lost()

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self.line.ended.set()


class SocketLine(WebSocketsSansIOProtocol):
    """WebSocket on a connection that can fall silent."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.line: Line = Line()
        self.app: Any = _on(self.line, self.app)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        super().connection_made(transport)
        self.line.opened(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        self.line.lost()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent; pings and its farewell are answered here."""
        if not self.line.silent:
            super().data_received(data)

    def send_keepalive_ping(self) -> None:
        """Ask whether the client is there."""
        if not self.line.silent:
            super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """The client has not answered."""
        if not self.line.silent:
            super().keepalive_timeout()

    async def send(self, message: Any) -> None:
        """Send a message."""
        if not self.line.silent:
            await super().send(message)


def _on(line: Line, app: Any) -> Any:
    async def on_line(scope: Scope, receive: Receive, send: Send) -> None:
        scope["line"] = line
        await app(scope, receive, send)

    return on_line
