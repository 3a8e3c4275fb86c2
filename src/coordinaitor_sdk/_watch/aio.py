"""Watches as async iterators. The twin of `blocking`: same names but for the prefix, same meaning."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._core.watch import TaskUpdate, UpdateQueue, outcome
from .._runtime.aio import Scoped
from ..exceptions import WatchTimeoutError
from .hub import Hub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType
    from typing import Self

    from ..exceptions import CoordinaitorError
    from ..models.task import Task


class AsyncWatcher:
    """Opens watches; its hub is made for each event loop by the first of them."""

    def __init__(
        self,
        websocket_url: str,
        *,
        fetch: Callable[[str], Awaitable[Task]],
        headers: Callable[[], Awaitable[dict[str, str]]],
        renew: Callable[[dict[str, str]], Awaitable[bool]],
    ) -> None:
        self.websocket_url = websocket_url
        self.fetch = fetch
        self.headers = headers
        self.renew = renew
        self._hub = Scoped(lambda: Hub(self), Hub.close)

    def watch(self, task_ids: Sequence[str], *, check_interval: float) -> AsyncTaskWatch:
        """A watch of these tasks, not started yet."""
        return AsyncTaskWatch(self, task_ids, check_interval)

    async def hub(self) -> Hub:
        """The running loop's hub."""
        return await self._hub.get()

    async def close(self) -> None:
        """End all watches."""
        await self._hub.close()


class AsyncTaskWatch:
    """Live updates of one or more tasks: `async for update in watch`. Ends when every task has ended.

    It starts with the first update asked for. Its end, `close()`, `async with`, or the last reference to it
    going (a `break` out of a bare loop) release what it holds.
    """

    def __init__(self, watcher: AsyncWatcher, task_ids: Sequence[str], check_interval: float) -> None:
        self.task_ids = tuple(dict.fromkeys(task_ids))
        self._watcher = watcher
        self._interval = check_interval
        self._queue = UpdateQueue()
        self._wake = asyncio.Event()
        self._hub: Hub | None = None
        self._key = 0
        self._ended = not self.task_ids
        self._error: CoordinaitorError | None = None

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open"
        return f"<{type(self).__name__} of {', '.join(self.task_ids)}: {state}>"

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
            update = self._queue.pop()
            if update is not None:
                return update
            if self._error is not None:
                error, self._error = self._error, None
                raise error
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
        try:
            async with asyncio.timeout(timeout):
                async for update in self:
                    last = update
        except TimeoutError:
            raise timed_out(self.task_ids, last, timeout) from None
        finally:
            self.close()
        return final(self.task_ids, last)

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


def timed_out(task_ids: Sequence[str], last: TaskUpdate | None, timeout: float | None) -> WatchTimeoutError:
    """The error of a wait whose time is over."""
    task = last.task if last is not None else None
    state = f"; it is {task.status}" if task is not None and len(task_ids) == 1 else ""
    return WatchTimeoutError(
        f"{' and '.join(task_ids)} did not end within {timeout:g} s{state} and goes on on the server",
        task_id=task_ids[0],
        task=task,
    )


def final(task_ids: Sequence[str], last: TaskUpdate | None) -> Task:
    """The outcome of a wait that has seen everything."""
    if last is None or not last.is_final:
        raise WatchTimeoutError("the watch was closed before the task ended", task_id=task_ids[0])
    return outcome(last)
