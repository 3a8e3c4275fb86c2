"""One socket: its credential, its bounded queue, and what it sends and is sent (DESIGN: realtime
protocol).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import (
    ApiError,
    AuthenticationError,
    RateLimitError,
    ValidationFailedError,
)
from coordinaitor_sdk.server.events import oldest_seq, read_log
from coordinaitor_sdk.server.wire import dumps, plain
from coordinaitor_sdk.server.ws.hub import CREDENTIALS, READ_AT_ONCE
from coordinaitor_sdk.server.ws.messages import Auth, Since, Subscribe, Unsubscribe, checked, error_frame
from coordinaitor_sdk.server.ws.subscriptions import CHANNELS, Subscription, Subscriptions

if TYPE_CHECKING:
    from coordinaitor_sdk.server.context import Parts
    from coordinaitor_sdk.server.worlds import World

logger: logging.Logger = logging.getLogger(__name__)

FAULT = 1011
FORBIDDEN = 4403
TOO_SLOW = 4409
RATE_LIMITED = 4429
FAREWELL = 30.0
"""Seconds for which a socket that is being closed may take the rest of what it was sent."""


class _Reply(str):
    """A frame that answers the socket itself: it is never dropped."""

    __slots__ = ()


class Connection:
    """A socket from its opening to its end. Created and used on the event loop."""

    def __init__(self, socket: WebSocket, parts: Parts) -> None:
        self._socket = socket
        self._parts = parts
        self._principal: Principal | None = None
        self._queue: deque[str] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._ended = asyncio.Event()
        self._code: int | None = None
        self._made_ids = 0
        self._fell_behind = False
        self.subscriptions: Subscriptions = Subscriptions()

    @property
    def principal(self) -> Principal:
        """Whose credential the socket holds now."""
        if self._principal is None:
            raise RuntimeError("the socket is not authenticated yet")
        return self._principal

    @property
    def _world(self) -> World:
        return self._parts.gate.world_of(self.principal)

    async def run(self) -> None:
        """Serve the socket until it ends."""
        await self._socket.accept()
        try:
            self._principal = await self._admitted()
        except RateLimitError as error:
            await self._refuse(error, RATE_LIMITED, f"try again in {error.retry_after} s")
            return
        except ApiError as error:
            await self._refuse(error, CREDENTIALS, "no valid credential")
            return
        except WebSocketDisconnect:
            return
        self._socket.scope["caller"] = self.principal
        world = self._world
        self._greet(world)
        self._parts.hub.join(world, self)
        sending = asyncio.create_task(self._send())
        receiving = asyncio.create_task(self._receive())
        try:
            await self._ended.wait()
        finally:
            self._parts.hub.leave(world, self)
            receiving.cancel()
            await self._finish(sending)

    def push(self, frame: str) -> None:
        """Queue a frame. A socket that doesn't keep up loses what is queued, and is told so; one that doesn't
        take even that is closed with 4409.
        """
        if self._ended.is_set():
            return
        if len(self._queue) >= self._parts.settings.queue_frames:
            self._fall_behind()
            return
        self._queue.append(frame)
        self._filled.set()

    def _fall_behind(self) -> None:
        """The queue is full: what is dropped can be read by REST, and `resync` says so."""
        most = self._parts.settings.queue_frames // 2
        replies = [frame for frame in self._queue if isinstance(frame, _Reply)]
        self._queue.clear()
        if self._fell_behind or len(replies) + 2 * len(self.subscriptions) > most:
            self.end(TOO_SLOW)
            return
        self._fell_behind = True
        self._queue.extend(replies)
        for subscription in self.subscriptions:
            self._queue.append(_resync(subscription, "slow_consumer"))
            self._queue.append(self._subscribed(subscription))

    def end(self, code: int, error: tuple[str, str] | None = None) -> None:
        """Close the socket with that code, once it was sent what is queued and the error."""
        if self._ended.is_set():
            return
        if error is not None:
            self._queue.append(error_frame(*error))
        self._code = code
        self._ended.set()
        self._filled.set()

    def fall_silent(self) -> None:
        """Stay open, and say and hear nothing more."""
        self._socket.scope["line"].fall_silent()

    async def _refuse(self, error: ApiError, code: int, reason: str) -> None:
        await self._socket.send_text(error_frame(error.code, error.message))
        await self._socket.close(code, reason)

    async def _admitted(self) -> Principal:
        """Who opens the socket, which counts as a request of theirs, or of their address without a credential
        that holds.

        Raises:
            RateLimitError: it is one too many.
            AuthenticationError: no credential holds.
        """
        try:
            principal = await self._authenticate()
        except AuthenticationError:
            self._parts.admission.admit_socket(self._socket.scope, None)
            raise
        self._parts.admission.admit_socket(self._socket.scope, principal)
        return principal

    async def _authenticate(self) -> Principal:
        principal = self._parts.gate.by_headers(self._socket.headers)
        if principal is not None:
            return principal
        try:
            async with asyncio.timeout(self._parts.settings.auth_timeout):
                message = _parsed(await self._next_message())
        except TimeoutError:
            raise AuthenticationError("No credential came: send headers or an auth message") from None
        except ValidationFailedError as error:
            raise AuthenticationError(error.message) from None
        if message.get("type") != "auth":
            raise AuthenticationError('Authenticate first: headers, or {"type": "auth", "token" or "apiKey"}')
        return self._by_message(message)

    def _by_message(self, message: dict[str, Any]) -> Principal:
        try:
            auth = checked(Auth, message)
        except ValidationFailedError as error:
            raise AuthenticationError(error.message) from None
        if (auth.token is None) == (auth.api_key is None):
            raise AuthenticationError("An auth message has either token or apiKey")
        gate = self._parts.gate
        return gate.by_bearer(auth.token) if auth.token is not None else gate.by_key(auth.api_key or "")

    def _greet(self, world: World) -> None:
        ready = {
            "type": "ready",
            "epoch": world.epoch,
            "seq": self._parts.hub.seq(world),
            "heartbeat": plain(self._parts.settings.heartbeat),
            "organization": {"id": world.id, "name": world.name},
        }
        self.push(dumps(ready))

    async def _next_message(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text: str | bytes | None = message.get("text")
        return message["bytes"] if text is None else text

    async def _send(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                while self._queue:
                    await self._socket.send_text(self._queue.popleft())
                    self._emptied.set()
                if self._ended.is_set():
                    return
                self._fell_behind = False
                self._filled.clear()
                await self._filled.wait()
        self._lost()

    async def _receive(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while not self._ended.is_set():
                await self._handle(await self._next_message())
        self._lost()

    def _lost(self) -> None:
        """The peer has gone: nothing more to send."""
        if not self._ended.is_set():
            self._queue.clear()
            self._ended.set()
            self._filled.set()

    async def _finish(self, sending: asyncio.Task[None]) -> None:
        if self._code is None:
            sending.cancel()
            return
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(FAREWELL):
                await sending
                await self._socket.close(self._code)

    async def _reply(self, frame: str) -> None:
        """Queue an answer, waiting for room."""
        await self._room()
        self.push(_Reply(frame))

    async def _room(self) -> None:
        """Wait for room in the queue: who asks much is answered as fast as it reads."""
        while len(self._queue) >= self._parts.settings.queue_frames // 2 and not self._ended.is_set():
            self._emptied.clear()
            await self._emptied.wait()

    async def _handle(self, raw: str | bytes) -> None:
        message: dict[str, Any] = {}
        try:
            message = _parsed(raw)
            await self._act(message)
        except ApiError as error:
            await self._reply(error_frame(error.code, error.message, message.get("id")))
        except WebSocketDisconnect:
            raise
        except Exception:
            logger.exception("a message on /ws failed")
            self.end(FAULT, ("INTERNAL_ERROR", "Something went wrong on the server; its log tells more"))

    async def _act(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "subscribe":
                await self._subscribe(checked(Subscribe, message))
            case "unsubscribe":
                await self._unsubscribe(checked(Unsubscribe, message).id)
            case "ping":
                await self._reply(f'{{"type":"pong","seq":{self._parts.hub.seq(self._world)}}}')
            case "auth":
                await self._renew(message)
            case other:
                raise ValidationFailedError(
                    {}, f"type {other!r} is not known: auth, subscribe, unsubscribe, ping"
                )

    async def _renew(self, message: dict[str, Any]) -> None:
        try:
            principal = self._by_message(message)
        except AuthenticationError as error:
            self.end(CREDENTIALS, (error.code, error.message))
            return
        if principal.world != self.principal.world:
            self.end(FORBIDDEN, ("AUTHORIZATION_ERROR", "The credential is of another organization"))
            return
        self._principal = principal
        self._parts.hub.join(self._world, self)
        await self._reply('{"type":"authenticated"}')

    async def _unsubscribe(self, subscription_id: str) -> None:
        found = self.subscriptions.get(subscription_id)
        if found is None:
            raise ValidationFailedError({}, f"there is no subscription {subscription_id!r}")
        self._parts.hub.unsubscribe(self._world, self, found)
        await self._reply(dumps({"type": "unsubscribed", "id": subscription_id}))

    async def _subscribe(self, wanted: Subscribe) -> None:
        self._made_ids += 1
        subscription = wanted.subscription(f"sub-{self._made_ids}")
        CHANNELS[subscription.channel].check(self.principal)
        if self._parts.hub.meddling is not None:
            self._parts.hub.meddling.admit(self._world, subscription.channel)
        await self._room()
        before = self.subscriptions.get(subscription.id)
        if before is not None:
            self._parts.hub.unsubscribe(self._world, self, before)
        if wanted.since is not None:
            reason = self._why_not(wanted.since)
            if reason is None:
                await self._replay(subscription, wanted.since.seq)
                return
            await self._reply(dumps({"type": "resync", "id": subscription.id, "reason": reason}))
        self._begin(subscription)

    def _why_not(self, since: Since) -> str | None:
        """Why the log can't continue from there; None when it can."""
        world = self._world
        seq = self._parts.hub.seq(world)
        if since.epoch != world.epoch or since.seq > seq:
            return "epoch_changed"
        if since.seq == seq:
            return None
        oldest = oldest_seq(self._parts.store.read, world)
        return "log_truncated" if oldest is None or since.seq < oldest - 1 else None

    async def _replay(self, subscription: Subscription, seq: int) -> None:
        """Send what the subscription missed since `seq`, then begin with nothing in between."""
        world, hub = self._world, self._parts.hub
        subjects = subscription.subjects
        subject = next(iter(subjects)) if subjects is not None and len(subjects) == 1 else None
        while seq < (upto := hub.seq(world)) and not self._ended.is_set():
            missed = read_log(
                self._parts.store.read,
                world,
                after=seq,
                upto=upto,
                most=READ_AT_ONCE,
                channel=subscription.channel,
                subject=subject,
            )
            for event in missed:
                if subscription.matches(event):
                    await self._reply(event.frame)
            seq = missed[-1].seq if len(missed) == READ_AT_ONCE else upto
        self._begin(subscription)

    def _begin(self, subscription: Subscription) -> None:
        # No await between the look at the newest event and being told of the next one.
        answer = self._subscribed(subscription)
        self._parts.hub.subscribe(self._world, self, subscription)
        self.push(answer)

    def _subscribed(self, subscription: Subscription) -> _Reply:
        seq = self._parts.hub.seq(self._world)
        frame = {"type": "subscribed", "id": subscription.id, "channel": subscription.channel, "seq": seq}
        return _Reply(dumps(frame))


def _resync(subscription: Subscription, reason: str) -> _Reply:
    return _Reply(dumps({"type": "resync", "id": subscription.id, "reason": reason}))


def _parsed(raw: str | bytes) -> dict[str, Any]:
    try:
        message: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValidationFailedError({}, "a message must be a JSON object") from None
    if not isinstance(message, dict):
        raise ValidationFailedError({}, "a message must be a JSON object")
    return message  # pyright: ignore[reportUnknownVariableType]
