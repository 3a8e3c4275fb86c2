"""Around every request, outermost: what came and what was sent, for the journal of its world."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinaitor_sdk.server.attribution import Attribution
from coordinaitor_sdk.server.faults.naming import operation_of
from coordinaitor_sdk.server.journal import Journal, Passed

CONTROL = "/_control/"


class JournalMiddleware:
    """Notes how each request ended; and sockets, once they are authenticated."""

    def __init__(self, app: ASGIApp, *, journal: Journal, attribution: Attribution) -> None:
        self._app = app
        self._journal = journal
        self._attribution = attribution

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        passed = Passed()

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                passed.add_body(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            self._sent(scope, passed, message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # Before its client knows the answer: who has it may look here at once.
                self._end(scope, passed)
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            self._end(scope, passed)

    def _sent(self, scope: Scope, passed: Passed, message: Message) -> None:
        match message["type"]:
            case "http.response.start":
                passed.status, passed.answer_headers = message["status"], message["headers"]
            case "http.response.body":
                passed.add_answer(message.get("body", b""))
            case "websocket.accept":
                passed.status = 101
            case "websocket.send" if "journal" not in scope and "caller" in scope:
                self._begin(scope, passed)
            case _:
                return

    def _end(self, scope: Scope, passed: Passed) -> None:
        if passed.told:
            return
        passed.told = True
        if "journal" not in scope and scope["type"] == "http":
            self._begin(scope, passed)
        if "journal" in scope:
            self._journal.end(scope, passed)

    def _begin(self, scope: Scope, passed: Passed) -> None:
        # Refused before anybody asked whose it is: too often, too large.
        world = self._attribution.by_head(scope)
        if world is not None:
            operation = operation_of(scope) if scope["type"] == "http" else None
            self._journal.begin(scope, world, operation, passed)
