"""Blocking a thread. The twin of `aio`: same names, same meaning."""

from __future__ import annotations

import contextvars
import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ..models.common import Page, Pagination

T = TypeVar("T")

sleep = time.sleep


class Lock:
    """Guards what happens without waiting; in a fork's child it is free, whoever held it at the fork."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if self._pid != os.getpid():
            self._pid, self._lock = os.getpid(), threading.Lock()
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()


def run_blocking(function: Callable[[], T], *, abandon: bool = False) -> T:  # noqa: ARG001 - as in the twin
    """Call it: a thread may block."""
    return function()


class Held:
    """A lock, held by the calling thread: `with Held(store.lock) as held`."""

    def __init__(self, lock: Callable[[], AbstractContextManager[object]]) -> None:
        self._lock = lock
        self._stack = ExitStack()

    def run(self, function: Callable[[], T]) -> T:
        """What the function gives."""
        return function()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._lock())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()


class TimeLimit:
    """Bounds what happens inside to `seconds`, looked at wherever `check` is called.

    Raises:
        TimeoutError: it took longer.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing to give back."""

    def check(self) -> None:
        """Raise TimeoutError once the time is over: a blocked thread can't be interrupted from outside."""
        if self._end is not None and time.monotonic() > self._end:
            raise TimeoutError


class SingleFlight(Generic[T]):
    """However many callers come while it runs, one run serves them all.

    The run has a thread of its own: a caller that is interrupted neither ends it nor takes its result along.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: _Run[T] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is under way in this process."""
        run = self._running
        return run is not None and run.is_under_way

    def run(self, function: Callable[[], T], limit: float | None = None) -> T:
        """The result of the run under way, or of a new one.

        Args:
            function: starts a new run.
            limit: seconds that this caller waits; the run goes on for the others.

        Raises:
            TimeoutError: there is no result yet.
        """
        with self._lock:
            run = self._running
            if run is None or not run.is_under_way:
                run = self._running = _Run()
                _start(contextvars.copy_context().run, run.carry_out, function)
        return run.wait(limit)


def _start(function: Callable[..., object], *args: Any) -> None:
    # A daemon: the interpreter's exit does not wait for a server that is silent.
    threading.Thread(target=function, args=args, daemon=True).start()


class _Run(Generic[T]):
    """A call that one thread carries out, and whose result others wait for."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._done = threading.Event()
        self._result: T
        self._error: BaseException | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended, in this process: a fork's child has no such thread."""
        return self._pid == os.getpid() and not self._done.is_set()

    def carry_out(self, function: Callable[[], T]) -> None:
        """Make the call."""
        try:
            self._result = function()
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def wait(self, limit: float | None = None) -> T:
        """Its result."""
        end = None if limit is None else time.monotonic() + limit
        # In slices: a lock that blocks without end can't be interrupted by Ctrl-C everywhere.
        while not self._done.wait(0.5 if end is None else min(0.5, max(0.0, end - time.monotonic()))):
            if end is not None and time.monotonic() >= end:
                raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._result


def run_ahead(
    fetch: Callable[[int], T], start: int, depth: int, last: Callable[[], int | None]
) -> Iterator[T]:
    """What `fetch` gives for `start`, `start + 1`, ..., in order, up to `depth` of them fetched ahead.

    Args:
        fetch: called with each number, in `depth` threads.
        start: the first.
        depth: how many are fetched beyond the one that is waited for or being read.
        last: the last number worth fetching, as far as is known now, or None. Asked again before each.
    """
    orders: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
    context = contextvars.copy_context()
    under_way: deque[_Run[T]] = deque()
    threads, number = 0, start
    try:
        while True:
            end = last()
            # Beside the one that is waited for or being read, so that those ahead are `depth`.
            while len(under_way) <= depth and (end is None or number <= end):
                run: _Run[T] = _Run()
                orders.put(partial(run.carry_out, partial(fetch, number)))
                under_way.append(run)
                number += 1
                if threads < depth:
                    threads += 1
                    _start(context.copy().run, _work, orders)
            if not under_way:
                return
            yield under_way.popleft().wait()
    finally:
        for _ in range(threads):
            orders.put(None)


def _work(orders: SimpleQueue[Callable[[], None] | None]) -> None:
    while (order := orders.get()) is not None:
        order()


class Scoped(Generic[T]):
    """One value for each process that asks (a fork's child makes its own), closed by `close`, with the last
    reference, or at the interpreter's exit."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], None]) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._held: tuple[int, T, Callable[[], object]] | None = None
        self._parents: list[T] = []

    def get(self) -> T:
        """This process's value, made at the first call."""
        held = self._held
        if held is not None and held[0] == os.getpid():
            return held[1]
        if held is not None:
            self._lock = threading.Lock()  # a parent's thread may have held it at the fork
        with self._lock:
            held = self._held
            if held is None or held[0] != os.getpid():
                if held is not None:
                    self._parents.append(held[1])  # let go, it would be closed in the parent's place
                held = self._held = self._made()
            return held[1]

    def _made(self) -> tuple[int, T, Callable[[], object]]:
        pid, value = os.getpid(), self._make()
        return pid, value, weakref.finalize(self, _close_in, pid, self._close, value)

    def holds(self, value: T) -> bool:
        """Whether `get` would give this one again: it was not closed meanwhile."""
        held = self._held
        return held is not None and held[1] is value

    def close(self) -> None:
        """Close this process's value; a later `get` makes a new one."""
        held, self._held = self._held, None
        if held is not None and held[0] == os.getpid():
            held[2]()


def _close_in(pid: int, close: Callable[[T], None], value: T) -> None:
    if os.getpid() == pid:
        close(value)


def answer_store(connection: sqlite3.Connection, max_bytes: int) -> Any:
    """A store of hishel's in an SQLite database, for clients in threads."""
    from hishel import SqliteStorage

    return SqliteStorage(connection=connection, max_size=max_bytes)


class FirstPageAccess(ABC, Generic[T]):
    """The short way to a pager's first page: `client.tasks.list().data`, fetched when first read."""

    _first: Page[T] | None = None

    @abstractmethod
    def first_page(self) -> Page[T]:
        """The first page."""

    def _kept_first_page(self) -> Page[T]:
        if self._first is None:
            self._first = self.first_page()
        return self._first

    @property
    def data(self) -> list[T]:
        """The items of the first page."""
        return self._kept_first_page().data

    @property
    def pagination(self) -> Pagination | None:
        """Where the first page stands; None where the server doesn't say."""
        return self._kept_first_page().pagination
