"""`/ws`: the realtime protocol."""

from __future__ import annotations

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from coordinaitor_sdk.server.context import parts_of
from coordinaitor_sdk.server.ws.connection import Connection


async def realtime(socket: WebSocket) -> None:
    """A socket, until it ends."""
    await Connection(socket, parts_of(socket)).run()


# FastAPI's kind of route holds more for as long as a socket is open, and gives nothing that is used here.
route: WebSocketRoute = WebSocketRoute("/ws", realtime)
