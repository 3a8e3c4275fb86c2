"""Listening while sending, in an event loop. The twin of `threads_listening`: same names, same meaning."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio import CancelScope

from .listening import AT_ONCE, LIMIT, REFUSED, Early, pool_of, write_error_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

C = TypeVar("C")

_MOMENT: Final = 0.01


def listening(transport: C) -> C:
    """A transport of httpx's whose connections notice an answer that comes while they send; itself."""
    pool = pool_of(transport)
    if pool is not None:
        pool._network_backend = _Backend(pool._network_backend, write_error_of(pool))  # noqa: SLF001 - see pool_of
    return transport


class _Backend:
    """A network backend of httpcore's whose streams listen."""

    def __init__(self, backend: Any, write_error: type[Exception]) -> None:
        self._backend = backend
        self._write_error = write_error
        self.sleep: Callable[[float], Awaitable[None]] = backend.sleep

    async def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(await self._backend.connect_tcp(*args, **options), self._write_error)

    async def connect_unix_socket(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(await self._backend.connect_unix_socket(*args, **options), self._write_error)


class _Spare:
    """A second hold on a plain connection's socket.

    asyncio closes a socket when a write fails, with all that has arrived on it and was not yet read.
    """

    def __init__(self) -> None:
        self._socket: Any = None

    def take(self, stream: Any) -> None:
        """Hold the socket of a stream; what is encrypted could not be read so."""
        if self._socket is None and stream.get_extra_info("ssl_object") is None:
            with suppress(OSError, AttributeError, TypeError):  # not every loop has one that can be held
                self._socket = stream.get_extra_info("socket").dup()
                self._socket.setblocking(False)

    def read(self) -> bytes:
        """What has arrived and nobody read."""
        with suppress(OSError):
            if self._socket is not None:
                rest: bytes = self._socket.recv(AT_ONCE)
                return rest
        return b""

    def drop(self) -> None:
        """Let go of it."""
        held, self._socket = self._socket, None
        if held is not None:
            held.close()


class _Stream:
    """A network stream of httpcore's: a task reads while a body is sent, and a refusal ends the sending."""

    def __init__(self, stream: Any, write_error: type[Exception]) -> None:
        self._stream = stream
        self._write_error = write_error
        self._early = Early()
        self._spare = _Spare()
        self._news = asyncio.Event()
        self._ear: asyncio.Task[None] | None = None
        self._sending: CancelScope | None = None
        self._is_over = True
        self.get_extra_info: Callable[[str], Any] = stream.get_extra_info

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._is_over:
            await self._begin()
        else:
            self._spare.take(self._stream)
        if self._early.is_short(buffer) and not self.get_extra_info("is_readable"):
            await self._stream.write(buffer, timeout)
            return
        await self._listen()
        if not self._early.refused:
            with CancelScope() as self._sending:
                await self._stream.write(buffer, timeout)
            self._sending = None
        if self._early.refused:
            raise self._write_error(REFUSED)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._is_over = True
        if not self._early.refused:
            await self._stop()
        async with asyncio.timeout(timeout):
            while not self._early and self._ear is not None and not self._ear.done():
                await self._next_news()
        return self._early.take(max_bytes) or await self._read(max_bytes, timeout)

    async def aclose(self) -> None:
        if self._ear is not None:
            self._ear.cancel()
        self._spare.drop()
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(await self._stream.start_tls(*args, **options), self._write_error)

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        try:
            read: bytes = await self._stream.read(max_bytes, timeout)
        except Exception:
            if rest := self._spare.read():
                return rest
            raise
        self._spare.drop()
        return read

    async def _begin(self) -> None:
        self._is_over = False
        await self._stop()
        self._early.begin()

    async def _stop(self) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.cancel()
            await asyncio.wait([ear])

    async def _listen(self) -> None:
        if self._ear is None:
            self._ear = asyncio.create_task(self._hear())
        if not self._ear.done() and self.get_extra_info("is_readable"):
            # The loop has not read it yet, and a write that fails now would throw it away.
            with suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await self._next_news()

    async def _hear(self) -> None:
        with suppress(Exception):  # it comes again, to who reads
            while len(self._early) < LIMIT and (data := await self._stream.read(AT_ONCE, None)):
                self._early.add(data)
                self._news.set()
                if self._early.refused and self._sending is not None:
                    self._sending.cancel()
        self._news.set()

    async def _next_news(self) -> None:
        self._news.clear()
        await self._news.wait()
