"""`/ws`: the realtime protocol."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.websockets import WebSocket

from coordinaitor_sdk.server.context import parts_of
from coordinaitor_sdk.server.ws.connection import Connection

router: APIRouter = APIRouter()


@router.websocket("/ws")
async def realtime(socket: WebSocket) -> None:
    """A socket, until it ends."""
    await Connection(socket, parts_of(socket)).run()
