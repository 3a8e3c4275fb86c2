"""What a server under test answered, as it was sent: `answers.py` holds it against the published schemas.

Runs within the server, which must not be slowed: it only writes down.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Keep = Callable[[dict[str, Any]], None]


class Recorder:
    """Around the whole application: keeps each HTTP answer, and each text sent on a socket once."""

    def __init__(self, app: ASGIApp, keep: Keep) -> None:
        self._app = app
        self._keep = keep
        self._frames: set[int] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._answer(scope, status, bytes(body))
            elif message["type"] == "websocket.send":
                self._frame(message.get("text") or "")
            await send(message)

        await self._app(scope, receive, sending)

    def _answer(self, scope: Scope, status: int, body: bytes) -> None:
        if scope["path"].startswith("/api/"):
            told = {"method": scope["method"], "path": scope["path"], "status": status}
            self._keep(told | {"body": body.decode("utf-8", "surrogateescape")})

    def _frame(self, text: str) -> None:
        if hash(text) not in self._frames:
            self._frames.add(hash(text))
            self._keep({"frame": text})


def main() -> None:
    """`coordinaitor server ...`, recorded into the file that the first argument names."""
    from coordinaitor_cli.commands.server import app
    from coordinaitor_sdk.server import launch

    create = launch.create_app
    path = Path(sys.argv.pop(1))
    with path.open("ab", buffering=0) as file:

        def keep(told: dict[str, Any]) -> None:
            file.write(json.dumps(told).encode("ascii") + b"\n")

        launch.create_app = lambda *parts: Recorder(create(*parts), keep)  # type: ignore[assignment,return-value]
        app()


if __name__ == "__main__":
    main()
