"""Blocking a thread. The twin of `aio`: same names, same meaning."""

from __future__ import annotations

import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.common import Page, Pagination

T = TypeVar("T")

sleep = time.sleep


def run_blocking(function: Callable[[], T], *, abandon: bool = False) -> T:  # noqa: ARG001 - as in the twin
    """Call it: a thread may block."""
    return function()


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
    """However many callers come while it runs, one run serves them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Run[T] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is under way in this process."""
        run = self._running
        return run is not None and run.pid == os.getpid()

    def run(self, function: Callable[[], T]) -> T:
        """The result of the run under way, or of a new one made by this thread."""
        if not self._is_same_process():
            self._lock = threading.Lock()  # a parent's thread may have held it at the fork
        with self._lock:
            run = self._running if self.is_running else None
            leads = run is None
            if run is None:
                run = self._running = _Run()
        if leads:
            try:
                run.result = function()
            except BaseException as error:
                run.error = error
                raise
            finally:
                with self._lock:
                    self._running = None
                run.done.set()
            return run.result
        return run.wait()

    def _is_same_process(self) -> bool:
        return self._running is None or self._running.pid == os.getpid()


class _Run(Generic[T]):
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.done = threading.Event()
        self.result: T
        self.error: BaseException | None = None

    def wait(self) -> T:
        # In slices: a lock that blocks without end can't be interrupted by Ctrl-C everywhere.
        while not self.done.wait(0.5):
            continue
        if self.error is not None:
            raise self.error
        return self.result


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

    def close(self) -> None:
        """Close this process's value; a later `get` makes a new one."""
        held, self._held = self._held, None
        if held is not None and held[0] == os.getpid():
            held[2]()


def _close_in(pid: int, close: Callable[[T], None], value: T) -> None:
    if os.getpid() == pid:
        close(value)


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
