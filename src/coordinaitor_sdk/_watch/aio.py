"""Watches as async iterators. The twin of `blocking`: same names but for the prefix, same meaning."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._runtime.aio import Scoped
from .state import WatchState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType
    from typing import Self

    from .._core.watch import TaskUpdate
    from .._runtime.network import Network
    from ..exceptions import CoordinaitorError
    from ..models.task import Task
    from .hub import Hub


class AsyncWatcher:
    """Opens watches; its hub is made for each event loop by the first of them."""

    def __init__(
        self,
        websocket_url: str | None,
        network: Network,
        *,
        fetch: Callable[[str], Awaitable[Task]],
        headers: Callable[[], Awaitable[dict[str, str]]],
        renew: Callable[[dict[str, str]], Awaitable[bool]],
    ) -> None:
        self.websocket_url = websocket_url
        self.network = network
        self.fetch = fetch
        self.headers = headers
        self.renew = renew
        self._hub = Scoped(self._make_hub, _close_hub)

    def _make_hub(self) -> Hub:
        from .hub import Hub  # and websockets with it, which a client that never watches need not load

        return Hub(self)

    def watch(self, task_ids: Sequence[str], *, check_interval: float) -> AsyncTaskWatch:
        """A watch of these tasks, not started yet."""
        return AsyncTaskWatch(self, task_ids, check_interval)

    async def hub(self) -> Hub:
        """The running loop's hub."""
        return await self._hub.get()

    async def close(self) -> None:
        """End all watches."""
        await self._hub.close()


async def _close_hub(hub: Hub) -> None:
    await hub.close()


class AsyncTaskWatch(WatchState):
    """Live updates of one or more tasks: `async for update in watch`. Ends when every task has ended.

    It starts with the first update asked for. Its end, `close()`, `async with`, or the last reference to it
    going (a `break` out of a bare loop) release what it holds.
    """

    def __init__(self, watcher: AsyncWatcher, task_ids: Sequence[str], check_interval: float) -> None:
        super().__init__(task_ids, check_interval)
        self._watcher = watcher
        self._hub: Hub | None = None
        self._wake = asyncio.Event()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TaskUpdate:
        """The next update.

        Raises:
            CoordinaitorError: the first look failed, or the credentials no longer hold.
        """
        if self._hub is None and not self._ended:
            hub = await self._watcher.hub()
            if self._hub is None:
                self._hub = hub
                self._key = hub.add(self, self.task_ids, self._interval)
        while True:
            update = self._take()
            if update is not None:
                return update
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    async def result(self, *, timeout: float | None = None) -> Task:
        """Wait until the (last) task has ended.

        Args:
            timeout: seconds to wait; None waits without end.

        Returns:
            The completed task.

        Raises:
            TaskFailedError, TaskCancelledError, TaskDeletedError: it ended otherwise.
            WatchTimeoutError: it has not ended yet.
        """
        last: TaskUpdate | None = None
        clock = asyncio.timeout(timeout)
        try:
            async with clock:
                async for update in self:
                    last = update
        except TimeoutError:
            if not clock.expired():  # a call's own timeout, not the wait's
                raise
            raise self._timed_out(last, timeout) from None
        finally:
            self.close()
        return self._outcome(last)

    def close(self) -> None:
        """End the watch now; an iteration over it stops."""
        if self._hub is not None:
            self._hub.remove(self._key)
        self.end(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, update: TaskUpdate) -> None:
        """Take an update from the hub."""
        self._queue.put(update)
        self._wake.set()

    def end(self, error: CoordinaitorError | None) -> None:
        """Take the end from the hub."""
        self._ended = True
        self._error = error
        self._wake.set()
