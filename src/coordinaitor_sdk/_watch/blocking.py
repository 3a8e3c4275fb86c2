"""Watches as plain iterators. The twin of `aio`: the same hub, on a private event loop thread.

The hub asks for snapshots and credentials, which the sync client answers from worker threads with its own
transport. Waiting is done in short slices, so that Ctrl-C works everywhere.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.watch import TaskUpdate, U, outcome
from .._core.watch_kinds import AGENT, PROJECT, AgentUpdate, ProjectUpdate, Subject, project_outcome
from .._runtime.threads import Scoped
from ..exceptions import CoordinaitorError, WatchTimeoutError
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
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from anyio.from_thread import BlockingPortal

    from .._core.watch import Connection
    from .._notebook.board import Board
    from .._notebook.output import Output
    from .._runtime.network import Network
    from ..models.common import Page
    from ..models.project import Project
    from ..models.task import Task
    from .blocking_events import EventFeed
    from .hub import Hub

T = TypeVar("T")

_SLICE = 0.25


class Watcher:
    """Opens watches; its hub is made for each process by the first of them."""

    def __init__(
        self,
        websocket_url: str | None,
        network: Network,
        *,
        fetch: Callable[[str, str], Subject],
        page: Callable[[str, int, Mapping[str, str | None]], Page[Any]],
        headers: Callable[[], dict[str, str]],
        renew: Callable[[dict[str, str]], bool],
        spacing: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._source = _FromThreads(websocket_url, network, fetch, page, headers, renew, spacing)
        self._hub = Scoped(self._make_hub, ThreadedHub.close)

    def _make_hub(self) -> ThreadedHub:
        # Loaded here: a client that never watches needs neither websockets nor a loop.
        from .hub import Hub
        from .portal import portal

        started = portal()
        return ThreadedHub(started, started.call(Hub, self._source))

    def watch(self, task_ids: Sequence[str], options: WatchOptions) -> TaskWatch:
        """A watch of these tasks, not started yet."""
        return TaskWatch(self, task_ids, options)

    def events(
        self, channel: str, filters: Mapping[str, str | Sequence[str]] | None, resume: str | None
    ) -> EventFeed:
        """A feed of the channel's events, not started yet."""
        from .blocking_events import EventFeed

        return EventFeed(self, channel, filters, resume)

    def hub(self) -> ThreadedHub:
        """This process's hub."""
        return self._hub.get()

    def close(self) -> None:
        """End all watches."""
        self._hub.close()


class ThreadedHub:
    """A hub, and the portal into its thread."""

    def __init__(self, portal: BlockingPortal, hub: Hub) -> None:
        self._portal = portal
        self._hub = hub

    def call(self, adding: Callable[[Hub], int]) -> int:
        """What the function gives, called with the hub in its thread."""
        return self._portal.call(adding, self._hub)

    def confirmed(self, key: int) -> float | None:
        """`Hub.confirmed`, from another thread."""
        return self._portal.call(self._hub.confirmed, key)

    def remove_soon(self, key: int) -> None:
        """`Hub.remove_soon`."""
        self._hub.remove_soon(key)

    def close(self) -> None:
        """`Hub.close`, from any thread."""
        if self._hub.runs_here:  # the garbage collector may run in the hub's own thread
            self._hub.close_soon()
            return
        with suppress(RuntimeError):  # the loop has ended before, and all of the hub with it
            self._portal.call(self._hub.close)


class _FromThreads:
    """A sync client's answers to the hub, given from worker threads."""

    def __init__(
        self,
        websocket_url: str | None,
        network: Network,
        fetch: Callable[[str, str], Subject],
        page: Callable[[str, int, Mapping[str, str | None]], Page[Any]],
        headers: Callable[[], dict[str, str]],
        renew: Callable[[dict[str, str]], bool],
        spacing: Callable[[], float],
    ) -> None:
        self.websocket_url = websocket_url
        self.network = network
        self._fetch = fetch
        self._page = page
        self._headers = headers
        self._renew = renew
        self.spacing = spacing

    async def fetch(self, kind: str, subject_id: str) -> Subject:
        return await _in_worker(partial(self._fetch, kind, subject_id))

    async def page(self, kind: str, number: int, filters: Mapping[str, str | None]) -> Page[Any]:
        return await _in_worker(partial(self._page, kind, number, filters))

    async def headers(self) -> dict[str, str]:
        return await _in_worker(self._headers)

    async def renew(self, rejected: dict[str, str]) -> bool:
        return await _in_worker(partial(self._renew, rejected))


async def _in_worker(function: Callable[[], T]) -> T:
    from anyio.to_thread import run_sync

    # Abandoned, where the hub ends: a sync call that sleeps before its next try can't be interrupted.
    return await run_sync(function, abandon_on_cancel=True)


class Watch(WatchState[U]):
    """Live updates of one kind, as they come."""

    def __init__(self, watcher: Watcher, ids: Sequence[str], options: WatchOptions) -> None:
        super().__init__(ids, options)
        self._watcher = watcher
        self._listeners: list[Watch[U]] = []
        self._hub: ThreadedHub | None = None
        self._news = threading.Condition()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> U:
        """The next update.

        Raises:
            CoordinaitorError: the first look failed, or the credentials no longer hold.
        """
        update = self._next(None)
        if update is None:
            raise StopIteration
        return update

    def _next(self, until: float | None) -> U | None:
        """The next update, or None at the end; `until` is a time on the monotonic clock."""
        self._start()
        with self._news:
            while True:
                update = self._take()
                if update is not None:
                    return update
                if self._ended:
                    return None
                left = _SLICE if until is None else min(_SLICE, until - time.monotonic())
                if left <= 0:
                    raise TimeoutError
                self._news.wait(left)

    def _start(self) -> None:
        if self._hub is None and not self._ended:
            self._hub = self._watcher.hub()
            self._key = self._hub.call(partial(self._add_to, sink=self))

    @property
    def last_confirmed_at(self) -> datetime | None:
        """When all that is still watched was last known to be as told: by a push, a heartbeat or a look."""
        moment = self._hub.confirmed(self._key) if self._hub is not None else None
        return moment_of(moment)

    def state_is(self, state: Connection) -> None:
        """Take the connection's state from the hub."""
        with self._news:
            if self._note(state):
                self._news.notify_all()

    def next_state(self) -> Connection | None:
        """The next change of `state`, or None at the end; updates are left unread."""
        self._start()
        with self._news:
            while True:
                state = self._take_state()
                if state is not None or self._ended:
                    return state
                self._news.wait(_SLICE)

    def gathered(self) -> list[U] | None:
        """All that has come, once there is an update or another `state`; None at the end.

        Raises:
            CoordinaitorError: as in `__next__`.
        """
        self._start()
        with self._news:
            while not self._ended and not self._has_news():
                self._news.wait(_SLICE)
            return self._take_all()

    def _end(self, timeout: float | None) -> U:
        """The last end, waited for so many seconds."""
        last: U | None = None
        until = None if timeout is None else time.monotonic() + timeout
        try:
            while (update := self._next(until)) is not None:
                last = update
        except TimeoutError as error:
            if isinstance(error, WatchTimeoutError) or until is None or time.monotonic() < until:
                raise
            raise self._timed_out(last, timeout) from None
        finally:
            self.close()
        if last is None or not last.is_final:
            raise self._closed_early()
        return last

    def on(self, event: WatchEvent, callback: Callable[[Any], object]) -> Self:
        """Have a callback called as updates come, from where this watch stands, beside any iteration.

        Each callback has updates and a thread of its own: one that is slow, blocks or raises (which is
        logged) concerns no other. It goes on until the end, `close()`, or the client's.

        Args:
            event: `update` for every update, one of their types for those alone; `state` for each change of
                `state`; `lost` for the error that ends the watch when it can't go on.
            callback: called with the update, the state, or the `CoordinaitorError`.

        Returns:
            The watch itself.

        Raises:
            InvalidArgumentError: there is no such event.
        """
        check_event(self.kind, event)
        listener = type(self)(self._watcher, self.ids, replace(self._options, resume=self.token))
        self._listeners.append(listener)
        arguments = (listener, event, callback)
        threading.Thread(target=_calling, args=arguments, name="coordinaitor-callback", daemon=True).start()
        return self

    def _ipython_display_(self) -> None:
        output, board = self._shown()
        watch = type(self)(self._watcher, self.ids, self._options.for_display())
        output.closes(watch.close)
        # The context tells IPython which cell the output belongs to.
        showing = partial(copy_context().run, partial(_showing, watch, output, board))
        threading.Thread(target=showing, name="coordinaitor-display", daemon=True).start()
        self._listeners.append(watch)

    def close(self) -> None:
        """End the watch and its callbacks now; an iteration over it stops."""
        for listener in self._listeners:
            listener.close()
        if self._hub is not None:
            self._hub.remove_soon(self._key)
        self.end(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, update: U) -> None:
        """Take an update from the hub."""
        with self._news:
            if self._accept(update):
                self._news.notify_all()

    def end(self, error: CoordinaitorError | None) -> None:
        """Take the end from the hub."""
        with self._news:
            self._ended = True
            self._error = error
            self._news.notify_all()


class TaskWatch(Watch[TaskUpdate]):
    """Live updates of one or more tasks: `for update in watch`. Ends when every task has ended.

    It starts with the first update asked for. Its end, `close()`, `with`, or the last reference to it going
    (a `break` out of a bare loop) release what it holds.
    """

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks watched; none where it is of all."""
        return self.ids

    def result(self, *, timeout: float | None = None) -> Task:
        """Wait until the (last) task has ended.

        Args:
            timeout: seconds to wait; None waits without end.

        Returns:
            The completed task.

        Raises:
            TaskFailedError, TaskCancelledError, TaskDeletedError: it ended otherwise.
            WatchTimeoutError: it has not ended yet.
        """
        return outcome(self._end(timeout))


class ProjectWatch(Watch[ProjectUpdate]):
    """Live updates of one or more projects, as `TaskWatch` has them of tasks. Ends when every one of
    them is completed, archived or deleted.
    """

    kind = PROJECT

    def result(self, *, timeout: float | None = None) -> Project:
        """Wait until the (last) project has ended.

        Args:
            timeout: seconds to wait; None waits without end.

        Returns:
            The project, completed or archived.

        Raises:
            ProjectDeletedError: it was deleted, or never existed.
            WatchTimeoutError: it has not ended yet.
        """
        return project_outcome(self._end(timeout))


class AgentWatch(Watch[AgentUpdate]):
    """Live updates of one or more agents, as `TaskWatch` has them of tasks. Ends when every one of them
    is deleted.
    """

    kind = AGENT


def _showing(watch: Watch[Any], output: Output, board: Board) -> None:
    try:
        while (updates := watch.gathered()) is not None:
            board.take(updates, watch.state)
            output.refresh()
            time.sleep(REFRESH)
        board.end()
    except CoordinaitorError as error:
        board.end(str(error))
    finally:
        watch.close()
        output.finish()


def _calling(watch: Watch[Any], event: str, callback: Callable[[Any], object]) -> None:
    try:
        if event == "state":
            while (state := watch.next_state()) is not None:
                _call(callback, state, event)
            return
        for update in watch:
            if event in {"update", update.type}:
                _call(callback, update, event)
    except CoordinaitorError as error:
        if event == "lost":
            _call(callback, error, event)
        else:
            log_broken(event, error)
    finally:
        watch.close()


def _call(callback: Callable[[Any], object], told: object, event: str) -> None:
    try:
        callback(told)
    except Exception:
        log_raised(event)
