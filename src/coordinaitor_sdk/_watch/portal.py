"""The private event loop thread behind sync watches: one a process, started by the first watch.

anyio's `start_blocking_portal` is a context manager that waits for its thread when it is let go, which never
ends in a fork's child: the thread is not there. Here nothing is waited for but by `stop`.
"""

from __future__ import annotations

import atexit
import os
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

import anyio
from anyio.from_thread import BlockingPortal

_STOP_TIMEOUT: Final = 5.0


class _PortalThread(threading.Thread):
    """A thread whose event loop runs a portal."""

    def __init__(self) -> None:
        super().__init__(name="coordinaitor-watch", daemon=True)
        self.pid = os.getpid()
        self.started: Future[BlockingPortal] = Future()

    def run(self) -> None:
        try:
            anyio.run(self._serve)
        except BaseException as error:
            if self.started.done():
                raise
            self.started.set_exception(error)

    async def _serve(self) -> None:
        async with BlockingPortal() as portal:
            self.started.set_result(portal)
            await portal.sleep_until_stopped()

    def stop(self) -> None:
        if self.pid == os.getpid():
            with suppress(RuntimeError):  # it has ended by itself
                portal = self.started.result()
                portal.call(portal.stop, True)
            self.join(_STOP_TIMEOUT)


class _ProcessPortal:
    """A portal that is started when first asked for, and once more in each fork's child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[_PortalThread] = []  # the last is this process's; those before it, its parents'

    def get(self) -> BlockingPortal:
        if self._threads and self._threads[-1].pid != os.getpid():
            self._lock = threading.Lock()  # a parent's thread may have held it at the fork
        with self._lock:
            if not self._threads or self._threads[-1].pid != os.getpid():
                thread = _PortalThread()
                self._threads.append(thread)
                thread.start()
                atexit.register(thread.stop)
            return self._threads[-1].started.result()


_process_portal = _ProcessPortal()


def portal() -> BlockingPortal:
    """This process's portal."""
    return _process_portal.get()
