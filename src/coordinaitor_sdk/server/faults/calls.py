"""What a fault does to a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinaitor_sdk.server.errors import (
    ApiError,
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    TooLargeError,
    UnavailableError,
    ValidationFailedError,
)
from coordinaitor_sdk.server.faults.fault import Fault
from coordinaitor_sdk.server.faults.line import Line, line_of

TICK: Final = 0.1
"""Seconds between two pieces of a slow answer."""

READ: Final = 64 * 1024
"""Bytes of a body that are read before a call is refused or cut off: its client has sent it then."""

_KNOWN: Final[tuple[type[ApiError], ...]] = (
    BadRequestError,
    AuthenticationError,
    AuthorizationError,
    NotFoundError,
    ConflictError,
    TooLargeError,
    ValidationFailedError,
    RateLimitError,
    UnavailableError,
)


@dataclass(frozen=True, slots=True)
class FaultyCall:
    """One call that a fault happens to.

    Raises (when handled):
        ApiError: the fault is a refusal.
    """

    fault: Fault
    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def handle(self) -> None:
        """Answer, or not."""
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "latency": self._late,
            "status": self._refuse,
            "rate-limit": self._refuse,
            "reset": self._reset,
            "truncate": self._truncate,
            "slow": self._slow,
            "hang": self._hang,
        }
        await acts[self.fault.kind]()

    @property
    def _line(self) -> Line:
        return line_of(self.scope)

    async def _late(self) -> None:
        await self._line.wait(self.fault.wanted.seconds, self.fault.released)
        await self.app(self.scope, self.receive, self.send)

    async def _refuse(self) -> None:
        await read_ahead(self.receive, READ)
        raise refusal(self.fault)

    async def _reset(self) -> None:
        if self.fault.wanted.when != "after":
            await read_ahead(self.receive, READ)
            await self._line.reset()
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._line.reset()

        await self.app(self.scope, self.receive, sending)

    async def _hang(self) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._line.wait(None, self.fault.released)
                if self._line.ended.is_set():
                    await self._line.reset()
            if not self._line.ended.is_set():
                await self.send(message)

        await self.app(self.scope, self.receive, sending)

    async def _slow(self) -> None:
        rate = self.fault.wanted.bytes_per_second or 1
        step = max(1, round(rate * TICK))

        async def sending(message: Message) -> None:
            body: bytes = message.get("body", b"")
            while body and not self._line.ended.is_set() and not self.fault.released.is_set():
                await self._line.wait(min(step, len(body)) / rate, self.fault.released)
                await self.send({"type": "http.response.body", "body": body[:step], "more_body": True})
                body = body[step:]
            await self.send({**message, "body": body} if "body" in message else message)

        await self.app(self.scope, self.receive, sending)

    async def _truncate(self) -> None:
        left = 0

        async def sending(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                length = _length(message, self.scope["method"])
                if not length:
                    # There is no body to cut: the head is.
                    self._line.write(f"HTTP/1.1 {message['status']}".encode())
                    await self._line.close()
                    return
                wanted = self.fault.wanted.bytes
                left = min(length // 2 if wanted is None else wanted, length - 1)
                await self.send(message)
            elif not self._line.ended.is_set():
                body = message.get("body", b"")[:left]
                left -= len(body)
                await self.send({"type": "http.response.body", "body": body, "more_body": True})
            if left == 0 and not self._line.ended.is_set():
                await self._line.close()

        await self.app(self.scope, self.receive, sending)


def refusal(fault: Fault) -> ApiError:
    """The failure that a fault answers, in the document's form."""
    wanted = fault.wanted
    status = 429 if fault.kind == "rate-limit" else wanted.status or 500
    retry_after = 1 if fault.kind == "rate-limit" and wanted.retry_after is None else wanted.retry_after
    like = next((kind for kind in _KNOWN if kind.status == status), None)
    error = ApiError(f"{fault.id} of this world's faults answers {status} here")
    error.status = status
    error.code = like.code if like else "INTERNAL_ERROR" if status >= 500 else "VALIDATION_ERROR"
    error.retry_after = retry_after
    headers = {} if like is None else dict(like.headers)
    error.headers = headers | ({} if retry_after is None else {"Retry-After": str(retry_after)})
    return error


async def read_ahead(receive: Receive, most: int) -> tuple[bytes, Receive]:
    """What comes of a body, up to so many bytes and a piece, and what gives it once more, with the rest."""
    messages: list[Message] = []
    body = b""
    while True:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if not message.get("more_body", False) or len(body) > most:
            break

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


def _length(start: Message, method: str) -> int:
    """Bytes of the body that an answer promises."""
    if method == "HEAD" or start["status"] in (204, 304):
        return 0
    return next((int(value) for name, value in start["headers"] if name.lower() == b"content-length"), 0)
