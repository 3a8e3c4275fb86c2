"""Listening while sending, in a thread. The twin of `aio_listening`: same names, same meaning."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Any, TypeVar

from .listening import AT_ONCE, LARGE, LIMIT, REFUSED, Early, pool_of, write_error_of

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C")

# select() knows no socket above 1023, epoll would take a descriptor of its own.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


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
        self.sleep: Callable[[float], None] = backend.sleep

    def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_tcp(*args, **options), self._write_error)

    def connect_unix_socket(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_unix_socket(*args, **options), self._write_error)


class _Stream:
    """A network stream of httpcore's: it waits for what comes while a body is sent, too."""

    def __init__(self, stream: Any, write_error: type[Exception]) -> None:
        self._stream = stream
        self._write_error = write_error
        self._early = Early()
        self._is_deaf = False  # nothing more will come
        self._is_over = True
        self.get_extra_info: Callable[[str], Any] = stream.get_extra_info
        self.close: Callable[[], None] = stream.close

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._is_over:
            self._is_over = False
            self._early.begin()
        if self._early.is_short(buffer) and not self.get_extra_info("is_readable"):
            self._stream.write(buffer, timeout)
            return
        for start in range(0, len(buffer), LARGE):
            self._listen(timeout)
            if self._early.refused:
                raise self._write_error(REFUSED)
            self._stream.write(buffer[start : start + LARGE], timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._is_over = True
        read: bytes = self._early.take(max_bytes) or self._stream.read(max_bytes, timeout)
        return read

    def start_tls(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._stream.start_tls(*args, **options), self._write_error)

    def _listen(self, timeout: float | None) -> None:
        """Wait until more can be sent, or what came says that nothing more is wanted."""
        with _Selector() as selector:
            try:
                selector.register(self.get_extra_info("socket"), selectors.EVENT_READ | selectors.EVENT_WRITE)
            except ValueError as error:  # another thread has closed it
                raise self._write_error(str(error)) from error
            while events := selector.select(timeout):
                if events[0][1] & selectors.EVENT_READ and not self._is_deaf:
                    self._hear()
                if self._early.refused or events[0][1] & selectors.EVENT_WRITE or self._is_deaf:
                    return
        raise TimeoutError

    def _hear(self) -> None:
        try:
            data = self._stream.read(AT_ONCE, 0)
        except Exception:  # nothing for the application as yet (TLS), or a failure that the write will meet
            return
        self._early.add(data)
        self._is_deaf = not data or len(self._early) >= LIMIT
