"""Watches as async iterators. The twin of `blocking`: same names but for the prefix, same meaning."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._core.watch import TaskUpdate, U, outcome
from .._core.watch_kinds import AGENT, PROJECT, AgentUpdate, ProjectUpdate, Subject, project_outcome
from .._runtime.aio import Scoped
from ..exceptions import CoordinaitorError
from .state import (
    REFRESH,
    WatchEvent,
    WatchOptions,
    WatchState,
    check_event,
    log_broken,
    log_raised,
    moment_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from .._core.watch import Connection
    from .._notebook.board import Board
    from .._notebook.output import Output
    from .._runtime.network import Network
    from ..models.common import Page
    from ..models.project import Project
    from ..models.task import Task
    from .aio_events import AsyncEventFeed
    from .hub import Hub


class AsyncWatcher:
    """Opens watches; its hub is made for each event loop by the first of them."""

    def __init__(
        self,
        websocket_url: str | None,
        network: Network,
        *,
        fetch: Callable[[str, str], Awaitable[Subject]],
        page: Callable[[str, int, Mapping[str, str | None]], Awaitable[Page[Any]]],
        headers: Callable[[], Awaitable[dict[str, str]]],
        renew: Callable[[dict[str, str]], Awaitable[bool]],
        spacing: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.websocket_url = websocket_url
        self.network = network
        self.fetch = fetch
        self.page = page
        self.headers = headers
        self.renew = renew
        self.spacing = spacing
        self._hub = Scoped(self._make_hub, _close_hub)
        self._callbacks: set[asyncio.Task[None]] = set()

    def _make_hub(self) -> Hub:
        from .hub import Hub  # and websockets with it, which a client that never watches need not load

        return Hub(self)

    def watch(self, task_ids: Sequence[str], options: WatchOptions) -> AsyncTaskWatch:
        """A watch of these tasks, not started yet."""
        return AsyncTaskWatch(self, task_ids, options)

    def events(
        self, channel: str, filters: Mapping[str, str | Sequence[str]] | None, resume: str | None
    ) -> AsyncEventFeed:
        """A feed of the channel's events, not started yet."""
        from .aio_events import AsyncEventFeed

        return AsyncEventFeed(self, channel, filters, resume)

    def call_back(self, calling: Coroutine[Any, Any, None]) -> None:
        """Carry out what calls a watch's callbacks, beside the caller."""
        task = asyncio.get_running_loop().create_task(calling)
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)

    async def hub(self) -> Hub:
        """The running loop's hub."""
        return await self._hub.get()

    async def close(self) -> None:
        """End all watches, and the calling of callbacks but the one that asks for it."""
        await self._hub.close()
        loop, own = asyncio.get_running_loop(), asyncio.current_task()
        calling = [task for task in self._callbacks if task is not own and task.get_loop() is loop]
        for task in calling:
            task.cancel()
        await asyncio.gather(*calling, return_exceptions=True)


async def _close_hub(hub: Hub) -> None:
    await hub.close()


class AsyncWatch(WatchState[U]):
    """Live updates of one kind, as they come."""

    def __init__(self, watcher: AsyncWatcher, ids: Sequence[str], options: WatchOptions) -> None:
        super().__init__(ids, options)
        self._watcher = watcher
        self._listeners: list[AsyncWatch[U]] = []
        self._hub: Hub | None = None
        self._waiting_for_news: list[asyncio.Future[None]] = []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> U:
        """The next update.

        Raises:
            CoordinaitorError: the first look failed, or the credentials no longer hold.
        """
        if self._hub is None:
            await self._start()
        while True:
            update = self._take()
            if update is not None:
                return update
            if self._ended:
                raise StopAsyncIteration
            await self._news()

    async def next_state(self) -> Connection | None:
        """The next change of `state`, or None at the end; updates are left unread."""
        await self._start()
        while True:
            state = self._take_state()
            if state is not None or self._ended:
                return state
            await self._news()

    async def gathered(self) -> list[U] | None:
        """All that has come, once there is an update or another `state`; None at the end.

        Raises:
            CoordinaitorError: as in `__anext__`.
        """
        await self._start()
        while not self._ended and not self._has_news():
            await self._news()
        return self._take_all()

    def _news(self) -> asyncio.Future[None]:
        """Done when something has come: a future a wait, as an event would cost more than the update."""
        news = asyncio.get_running_loop().create_future()
        self._waiting_for_news.append(news)
        return news

    def _tell_waiting(self) -> None:
        for news in self._waiting_for_news:
            if not news.done():  # its wait may have been cancelled
                news.set_result(None)
        self._waiting_for_news.clear()

    async def _start(self) -> None:
        if self._hub is None and not self._ended:
            hub = await self._watcher.hub()
            if self._hub is None:
                self._hub = hub
                self._key = self._add_to(hub, self)

    async def _end(self, timeout: float | None) -> U:
        """The last end, waited for so many seconds."""
        last: U | None = None
        clock = asyncio.timeout(timeout)
        try:
            async with clock:
                async for update in self:
                    last = update
        except TimeoutError:
            if not clock.expired():  # a call's own timeout, not the wait's
                raise
            while (late := self._take()) is not None:  # it came in the same moment
                last = late
            if not self._ended:
                raise self._timed_out(last, timeout) from None
        finally:
            self.close()
        if last is None or not last.is_final:
            raise self._closed_early()
        return last

    def on(self, event: WatchEvent, callback: Callable[[Any], object]) -> Self:
        """Have a callback called as updates come, from where this watch stands, beside any iteration.

        Each callback has updates of its own: one that is slow, blocks or raises (which is logged) concerns no
        other. A coroutine function is awaited; a plain one is called on a thread of its own, so don't touch
        the event loop there (`close()` is fine). It goes on until the end, `close()`, or the client's.

        Args:
            event: `update` for every update, one of their types for those alone; `state` for each change of
                `state`; `lost` for the error that ends the watch when it can't go on.
            callback: called with the update, the state, or the `CoordinaitorError`.

        Returns:
            The watch itself.

        Raises:
            InvalidArgumentError: there is no such event.
            RuntimeError: no event loop runs here.
        """
        check_event(self.kind, event)
        listener = type(self)(self._watcher, self.ids, replace(self._options, resume=self.token))
        self._watcher.call_back(_calling(listener, event, callback))
        self._listeners.append(listener)
        return self

    def _ipython_display_(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise NotImplementedError from None
        output, board = self._shown()
        watch = type(self)(self._watcher, self.ids, self._options.for_display())
        output.closes(watch.close)
        self._watcher.call_back(_showing(watch, output, board))
        self._listeners.append(watch)

    def close(self) -> None:
        """End the watch and its callbacks now; an iteration over it stops. Can be called from any thread."""
        for listener in self._listeners:
            listener.close()
        if self._hub is not None and not self._hub.runs_here:
            self._hub.call_soon(self._close)
        else:
            self._close()

    def _close(self) -> None:
        if self._hub is not None:
            self._hub.remove(self._key)
        self.end(None)

    @property
    def last_confirmed_at(self) -> datetime | None:
        """When all that is still watched was last known to be as told: by a push, a heartbeat or a look."""
        moment = self._hub.confirmed(self._key) if self._hub is not None else None
        return moment_of(moment)

    def state_is(self, state: Connection) -> None:
        """Take the connection's state from the hub."""
        if self._note(state):
            self._tell_waiting()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, update: U) -> None:
        """Take an update from the hub."""
        if self._accept(update) and self._waiting_for_news:
            self._tell_waiting()

    def end(self, error: CoordinaitorError | None) -> None:
        """Take the end from the hub."""
        self._ended = True
        self._error = error
        self._tell_waiting()


class AsyncTaskWatch(AsyncWatch[TaskUpdate]):
    """Live updates of one or more tasks: `async for update in watch`. Ends when every task has ended.

    It starts with the first update asked for. Its end, `close()`, `async with`, or the last reference to it
    going (a `break` out of a bare loop) release what it holds.
    """

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks watched; none where it is of all."""
        return self.ids

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
        return outcome(await self._end(timeout))


class AsyncProjectWatch(AsyncWatch[ProjectUpdate]):
    """Live updates of one or more projects, as `AsyncTaskWatch` has them of tasks. Ends when every one of
    them is completed, archived or deleted.
    """

    kind = PROJECT

    async def result(self, *, timeout: float | None = None) -> Project:
        """Wait until the (last) project has ended.

        Args:
            timeout: seconds to wait; None waits without end.

        Returns:
            The project, completed or archived.

        Raises:
            ProjectDeletedError: it was deleted, or never existed.
            WatchTimeoutError: it has not ended yet.
        """
        return project_outcome(await self._end(timeout))


class AsyncAgentWatch(AsyncWatch[AgentUpdate]):
    """Live updates of one or more agents, as `AsyncTaskWatch` has them of tasks. Ends when every one of them
    is deleted.
    """

    kind = AGENT


async def _showing(watch: AsyncWatch[Any], output: Output, board: Board) -> None:
    try:
        while (updates := await watch.gathered()) is not None:
            board.take(updates, watch.state)
            output.refresh()
            await asyncio.sleep(REFRESH)
        board.end()
    except CoordinaitorError as error:
        board.end(str(error))
    finally:
        watch.close()
        output.finish()


async def _calling(watch: AsyncWatch[Any], event: str, callback: Callable[[Any], object]) -> None:
    try:
        if event == "state":
            while (state := await watch.next_state()) is not None:
                await _call(callback, state, event)
            return
        async for update in watch:
            if event in {"update", update.type}:
                await _call(callback, update, event)
    except CoordinaitorError as error:
        if event == "lost":
            await _call(callback, error, event)
        else:
            log_broken(event, error)
    finally:
        watch.close()


async def _call(callback: Callable[[Any], object], told: object, event: str) -> None:
    from anyio import CapacityLimiter
    from anyio.to_thread import run_sync

    try:
        if inspect.iscoroutinefunction(callback):
            result: object = callback(told)
        else:
            # A limiter of its own: callbacks that block must not use up the threads of others.
            call = partial(callback, told)
            result = await run_sync(call, abandon_on_cancel=True, limiter=CapacityLimiter(1))
        if inspect.isawaitable(result):
            await result
    except Exception:
        log_raised(event)
