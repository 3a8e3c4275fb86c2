"""Waiting in an event loop. The twin of `threads`: same names, same meaning."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from weakref import WeakKeyDictionary

import anyio.to_thread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ..models.common import Page

T = TypeVar("T")

sleep = asyncio.sleep


class Lock(nullcontext[None]):
    """Guards what happens without waiting: nothing to do in a loop."""


async def run_blocking(function: Callable[[], T], *, abandon: bool = False) -> T:
    """Call something that may block, away from the loop.

    Args:
        abandon: a caller that is cancelled doesn't wait for its end.
    """
    return await anyio.to_thread.run_sync(function, abandon_on_cancel=abandon)


class Held:
    """A lock that blocks, held away from the loop: `async with Held(store.lock) as held`.

    It is taken, `run` is carried out and it is given back on one thread, which many locks ask for. What was
    begun is ended although the caller is cancelled: a token that is being saved must not be lost.
    """

    def __init__(self, lock: Callable[[], AbstractContextManager[object]]) -> None:
        self._lock = lock
        self._stack = ExitStack()
        self._thread = ThreadPoolExecutor(1, "coordinaitor-held")

    async def run(self, function: Callable[[], T]) -> T:
        """What the function gives, called on the thread."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            done = _Outcome(function)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(done.give, result)

        self._thread.submit(call)
        return await result

    async def __aenter__(self) -> Self:
        try:
            await self.run(lambda: self._stack.enter_context(self._lock()))
        except BaseException:
            self._give_back()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_back()

    def _give_back(self) -> None:
        self._thread.submit(self._stack.close)
        self._thread.shutdown(wait=False)


class _Outcome(Generic[T]):
    """What a call came to, for whoever still waits."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._error: BaseException | None = None
        try:
            self._value = function()
        except BaseException as error:
            self._error = error

    def give(self, future: asyncio.Future[T]) -> None:
        if future.done():  # cancelled
            return
        if self._error is not None:
            future.set_exception(self._error)
        else:
            future.set_result(self._value)


class TimeLimit:
    """Bounds what happens inside to `seconds`: `async with TimeLimit(30.0) as limit`.

    Raises:
        TimeoutError: it took longer.
    """

    def __init__(self, seconds: float | None) -> None:
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._timeout.__aexit__(exc_type, exc, traceback)

    def check(self) -> None:
        """Nothing to do here: the loop interrupts what takes too long."""


class SingleFlight(Generic[T]):
    """However many callers come while it runs, one run serves them all.

    The run is a task of its own: a caller that is cancelled neither ends it nor takes its result along.
    """

    def __init__(self) -> None:
        self._running: asyncio.Task[T] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is under way in the running loop."""
        task = self._running
        return task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()

    async def run(self, function: Callable[[], Awaitable[T]], limit: float | None = None) -> T:
        """The result of the run under way, or of a new one.

        Args:
            function: starts a new run.
            limit: seconds that this caller waits; the run goes on for the others.

        Raises:
            TimeoutError: there is no result yet.
        """
        task = self._running
        if task is None or not self.is_running:
            task = self._running = asyncio.ensure_future(_awaited(function))
            task.add_done_callback(_retrieve_exception)
        async with asyncio.timeout(limit):
            return await asyncio.shield(task)


async def _awaited(function: Callable[[], Awaitable[T]]) -> T:
    return await function()


def _retrieve_exception(task: asyncio.Task[Any]) -> None:
    # With every waiter cancelled nobody else asks for it, and asyncio would log it as never retrieved.
    if not task.cancelled():
        task.exception()


class Scoped(Generic[T]):
    """One value for each event loop that asks, closed when its loop ends or `close` is called.

    Sockets belong to the loop that opened them. A guard generator, known to the loop, is closed by
    `loop.shutdown_asyncgens()`, so `asyncio.run` ends without a leak even where nobody closes the client.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._values: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]]
        self._values = WeakKeyDictionary()

    async def get(self) -> T:
        """The running loop's value, made at the first call."""
        loop = asyncio.get_running_loop()
        held = self._values.get(loop)
        if held is not None:
            return held[0]
        value = self._make()
        guard = _closed_with_loop(value, self._close)
        self._values[loop] = (value, guard)
        await anext(guard)
        return value

    def holds(self, value: T) -> bool:
        """Whether `get` would give this one again: it was not closed meanwhile."""
        held = self._values.get(asyncio.get_running_loop())
        return held is not None and held[0] is value

    async def close(self) -> None:
        """Close the running loop's value; a later `get` makes a new one."""
        held = self._values.pop(asyncio.get_running_loop(), None)
        if held is not None:
            await held[1].aclose()


async def _closed_with_loop(value: T, close: Callable[[T], Awaitable[None]]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await close(value)


async def run_ahead(
    fetch: Callable[[int], Awaitable[T]], start: int, depth: int, last: Callable[[], int | None]
) -> AsyncIterator[T]:
    """What `fetch` gives for `start`, `start + 1`, ..., in order, up to `depth` of them fetched ahead.

    Args:
        fetch: called with each number.
        start: the first.
        depth: how many are fetched beyond the one that is waited for or being read.
        last: the last number worth fetching, as far as is known now, or None. Asked again before each.
    """
    under_way: deque[asyncio.Task[T]] = deque()
    number = start
    try:
        while True:
            end = last()
            # Beside the one that is waited for or being read, so that those ahead are `depth`.
            while len(under_way) <= depth and (end is None or number <= end):
                task = asyncio.ensure_future(_awaited(partial(fetch, number)))
                task.add_done_callback(_retrieve_exception)
                under_way.append(task)
                number += 1
            if not under_way:
                return
            yield await under_way[0]
            under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()


def answer_store(connection: sqlite3.Connection, max_bytes: int) -> Any:
    """A store of hishel's in an SQLite database, for clients in a loop."""
    from anysqlite import Connection
    from hishel import AsyncSqliteStorage

    return AsyncSqliteStorage(connection=Connection(connection), max_size=max_bytes)


class FirstPageAccess(ABC, Generic[T]):
    """The short way to a pager's first page: `page = await client.tasks.list()`."""

    @abstractmethod
    async def first_page(self) -> Page[T]:
        """The first page."""

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self.first_page().__await__()
