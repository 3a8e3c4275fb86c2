"""An answer that refuses a body must reach who is still sending it.

A connection that is closed with bytes unread is reset, and at its receiver a reset may throw the answer away.
So what the client still sends is read and dropped for a while before the connection closes (RFC 9112, 9.6).
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 10.0
"""Seconds to go on reading; who sends for longer is cut off."""

SILENCE = 1.0
"""Seconds without a byte after which nothing more is expected."""

_CLOSE = (b"connection", b"close")


class LingeringMiddleware:
    """Reads on after an answer that closes the connection, until the body ends or the client goes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_read = closes = lingers = False

        async def receiving() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal closes, lingers
            if message["type"] == "http.response.start":
                closes = _CLOSE in [(name.lower(), value.lower()) for name, value in message["headers"]]
            elif closes and not is_read and not message.get("more_body", False):
                lingers = True
                message = {**message, "more_body": True}
            await send(message)

        await self._app(scope, receiving, sending)
        if lingers:
            await _drop(receive)
            await send({"type": "http.response.body"})


async def _drop(receive: Receive) -> None:
    try:
        async with asyncio.timeout(LONGEST):
            while (await asyncio.wait_for(receive(), SILENCE)).get("more_body", False):
                pass
    except TimeoutError:
        return
