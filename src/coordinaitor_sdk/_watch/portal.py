"""The private event loop thread behind sync watches: one a process, started by the first watch."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from anyio.from_thread import BlockingPortal


class _ProcessPortal:
    """A portal that is started when first asked for, and once more in each fork's child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._context: AbstractContextManager[BlockingPortal] | None = None
        self._portal: BlockingPortal | None = None
        self._parents: list[object] = []

    def get(self) -> BlockingPortal:
        if self._pid not in {None, os.getpid()}:
            self._lock = threading.Lock()  # a parent's thread may have held it at the fork
        with self._lock:
            if self._portal is None or self._pid != os.getpid():
                if self._pid is None:
                    atexit.register(self.stop)
                self._parents.append(self._context)  # let go, it would wait for a thread that is not here
                self._context = start_blocking_portal("asyncio", name="coordinaitor-watch")
                self._portal = self._context.__enter__()
                self._pid = os.getpid()
            return self._portal

    def stop(self) -> None:
        if self._context is None or self._pid != os.getpid():
            return
        context, self._context, self._portal = self._context, None, None
        with suppress(SystemExit):
            # An exception tells anyio to cancel what still runs instead of waiting for it.
            context.__exit__(SystemExit, SystemExit(), None)


_process_portal = _ProcessPortal()


def portal() -> BlockingPortal:
    """This process's portal."""
    return _process_portal.get()
