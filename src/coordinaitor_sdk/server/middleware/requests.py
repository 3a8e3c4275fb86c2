"""Around every HTTP request: its id, its time, the limit of its body, and an answer for what nobody
foresaw.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinaitor_sdk.server.errors import ApiError, TooLargeError, UnavailableError

logger: logging.Logger = logging.getLogger(__name__)

# Not asked of the system each time: that gives the interpreter's lock to a busy writer, and waits for it.
_ids = random.Random()  # noqa: S311 - ids, not secrets

Answering = Callable[[Scope, ApiError], tuple[int, bytes]]


class RequestsMiddleware:
    """Gives each request an id, refuses bodies over the limit, measures, and turns a fault into a 500.

    Parameters:
        largest_body: bytes.
        is_upload: tells requests whose route bounds the body itself.
        admit: called first; refuses by raising.
        note: called with the request, and the seconds and the status of its answer, 0 where none began.
        answering: makes status and body of the answer to an error.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        largest_body: int,
        is_upload: Callable[[Scope], bool],
        admit: Callable[[Scope], None],
        note: Callable[[Scope, float, int], None],
        answering: Answering,
    ) -> None:
        self._app = app
        self._largest_body = largest_body
        self._is_upload = is_upload
        self._admit = admit
        self._note = note
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req-{_ids.getrandbits(64):016x}"
        scope["request_id"] = request_id
        # Whoever handles the request may add to these.
        headers = scope["answer_headers"] = [(b"x-request-id", request_id.encode())]
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            self._admit(scope)
            self._check_announced(scope)
            await self._app(scope, self._counted(scope, receive), sending)
        except Exception as error:
            if status:
                raise
            await self._refuse(scope, sending, error)
        finally:
            self._note(scope, time.perf_counter() - began, status)

    def _check_announced(self, scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                self._check(scope, int(value))

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        got = 0

        async def receiving() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            self._check(scope, got)
            return message

        return receiving

    def _check(self, scope: Scope, length: int) -> None:
        if length > self._largest_body and not self._is_upload(scope):
            raise TooLargeError(f"The body is larger than {self._largest_body} bytes")

    async def _refuse(self, scope: Scope, send: Send, error: Exception) -> None:
        if isinstance(error, DBAPIError):
            logger.error(
                "%s %s: the database does not answer: %s", scope["method"], scope["path"], error.orig
            )
            error = UnavailableError("The database does not answer now; nothing was changed")
        if not isinstance(error, ApiError):
            logger.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
            error = ApiError("Something went wrong on the server; its log tells more")
        status, body = self._answering(scope, error)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
