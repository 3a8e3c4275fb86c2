"""One socket, many watches: subscribe, take snapshots, apply pushes, come back after every loss (DESIGN 4).

A connection is a generation: the number is part of each subscription's id, so replies to an older one are
ignored. What is known of a task outlives connections and is ordered by its version.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._core.frames import Frame, read_frame
from .._core.retry import Retry
from .._core.watch import CHECK_INTERVAL
from ..exceptions import AuthenticationError, AuthorizationError, CoordinaitorError, NotFoundError, WatchError
from ..models.task import Task
from .crowd import Crowd
from .socket import Socket, SocketLostError
from .topic import Topic, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from .._core.watch import Connection, Position, TaskUpdate
    from .._core.watch_all import Criteria
    from .topic import LookedBy, Sink, Source

logger = logging.getLogger("coordinaitor_sdk")

_SUBSCRIBED_WITHIN: Final = 1.0
_LINGER: Final = 1.0
_TELL_WITHIN: Final = 0.02
_FETCHES_AT_ONCE: Final = 8
_SILENT_HEARTBEATS: Final = 2.5
# Where no WebSocket can be had: seconds until the next look at a task that moves, and how much longer it
# takes with every look that brings nothing new.
_POLL: Final = 0.5
_POLL_SLOWER: Final = 1.5
# Refusals of the upgrade that a moment may cure, and how many of them in a row are more than a moment.
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_REFUSALS: Final = 4
_BACKOFF: Final = Retry(backoff=0.5, max_backoff=10.0)


class Hub:
    """All watches of one client in one event loop."""

    def __init__(self, source: Source) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._topics: dict[str, Topic] = {}
        self._watchers: dict[int, Watcher] = {}
        self._crowds: dict[int, Crowd] = {}
        self._next_key = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._fetches = asyncio.Semaphore(_FETCHES_AT_ONCE)
        self._runner: asyncio.Task[None] | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._generation = 0
        self._outgoing: asyncio.Queue[str] | None = None
        self._epoch: str | None = None
        self._heartbeat: float | None = None
        self._heard_seq = 0
        self._last_inbound = 0.0
        self._delivered = False
        self._refused = False
        self._refusals = 0
        self._untold: set[int] = set()

    # --- consumers ---

    def add(
        self,
        sink: Sink,
        task_ids: Iterable[str],
        interval: float = CHECK_INTERVAL,
        known: Mapping[str, tuple[Task, Position | None]] | None = None,
        transport: str = "auto",
    ) -> int:
        """Watch tasks for a sink, which is held weakly; returns the key for `remove`.

        Args:
            interval: seconds after which a task is looked at by REST whatever the socket says.
            known: what an earlier watch knew of tasks, and the position of that.
            transport: `auto`, `websocket` (ended where there is none), `poll`.
        """
        key = self._next_key = self._next_key + 1
        ids = set(task_ids)
        self._watchers[key] = Watcher(weakref.ref(sink, self._on_sink_gone(key)), set(ids), transport)
        for task_id in task_ids:
            topic = self._topics.get(task_id)
            if topic is None:
                topic = self._opened(task_id, interval, (known or {}).get(task_id, (None, None)))
                topic.polled = transport == "poll"
                if topic.polled:
                    self._look_in(topic, 0.0)
                self._subscribe(topic)
            elif topic.polled and transport != "poll":
                topic.polled = False
                self._subscribe(topic)
            topic.watchers.add(key)
            topic.interval = min(topic.interval, interval)
            current = topic.machine.current(topic.since)
            if current is not None:
                sink.put(current)
        self._needed()
        self._tell_state(key)
        return key

    def add_all(self, sink: Sink, criteria: Criteria, interval: float = CHECK_INTERVAL) -> int:
        """Watch every task that meets the criteria, as `add` does."""
        key = self._next_key = self._next_key + 1
        crowd = Crowd(weakref.ref(sink, self._on_sink_gone(key)), criteria, interval, self._source)
        self._crowds[key] = crowd
        crowd.sweeping = self._spawn(
            crowd.sweep_on(_SUBSCRIBED_WITHIN if self._source.websocket_url else 0.0)
        )
        self._subscribe_crowd(key, crowd)
        self._needed()
        return key

    def _needed(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        wanted = bool(self._crowds) or not all(topic.polled for topic in self._topics.values())
        if self._runner is None and wanted:
            self._runner = self._spawn(self._run(self._source.websocket_url))

    def confirmed(self, key: int) -> float | None:
        """Seconds on the loop's clock at which all that a watch waits for was last known to hold."""
        watcher = self._watchers.get(key)
        topics = [self._topics.get(one) for one in list(watcher.remaining)] if watcher is not None else []
        times = [self._confirmed(topic) for topic in topics if topic is not None]
        return None if None in times else min((one for one in times if one is not None), default=None)

    def _confirmed(self, topic: Topic) -> float | None:
        if not topic.live or topic.confirmed is None:
            return topic.confirmed
        return max(topic.confirmed, self._last_inbound)

    def _tell_state(self, key: int) -> None:
        watcher = self._watchers.get(key)
        sink = watcher.sink() if watcher is not None else None
        if watcher is None or sink is None:
            return
        topics = [self._topics[one] for one in watcher.remaining if one in self._topics]
        sink.state_is(self._state_of(topics))

    def _state_of(self, topics: list[Topic]) -> Connection:
        if topics and all(topic.live for topic in topics):
            return "live"
        if any(topic.failures for topic in topics if not topic.live):
            return "stale"
        polls = self._refused or any(topic.polled for topic in topics)
        if not polls and self._outgoing is not None and self._delivered:
            return "live"  # a server that never says `subscribed`
        return "polling" if polls else "resuming"

    def _tell_states(self, topic: Topic | None = None) -> None:
        # Gathered: a watch of thousands of tasks is looked at once for all that they have to tell.
        if not self._untold:
            self._loop.call_later(_TELL_WITHIN, self._tell_gathered)
        self._untold.update(self._watchers if topic is None else topic.watchers)

    def _tell_gathered(self) -> None:
        keys, self._untold = self._untold, set()
        for key in keys:
            self._tell_state(key)

    def remove(self, key: int) -> None:
        """End a watch; the last one of a task ends its subscription."""
        crowd = self._crowds.pop(key, None)
        if crowd is not None:
            crowd.close()
            self._send({"type": "unsubscribe", "id": self._subscription(f"*{key}")})
            self._retire_later()
        watcher = self._watchers.pop(key, None)
        if watcher is None:
            return
        for task_id in watcher.remaining:
            topic = self._topics.get(task_id)
            if topic is not None:
                topic.watchers.discard(key)
                if not topic.watchers:
                    self._drop(topic)

    def _on_sink_gone(self, key: int) -> Callable[[object], None]:
        hub = weakref.ref(self)

        def gone(_: object) -> None:
            alive = hub()
            if alive is not None:
                alive.remove_soon(key)  # the garbage collector may run in any thread

        return gone

    def remove_soon(self, key: int) -> None:
        """`remove`, from any thread."""
        self.call_soon(partial(self.remove, key))

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have it called in the hub's loop, from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and the watch with it
            self._loop.call_soon_threadsafe(function)

    @property
    def runs_here(self) -> bool:
        """Whether the caller is in the hub's own thread."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def close_soon(self) -> None:
        """`close`, without waiting for it; from the hub's own thread."""
        self._spawn(self.close())

    async def close(self) -> None:
        """End every watch and the connection, leaving nothing behind."""
        self._end_all(None)
        if self._linger is not None:
            self._linger.cancel()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- topics ---

    def _opened(self, task_id: str, interval: float, known: tuple[Task | None, Position | None]) -> Topic:
        topic = self._topics[task_id] = Topic(task_id, interval, *known)
        self._look_in(topic, _SUBSCRIBED_WITHIN if self._source.websocket_url else 0.0)
        return topic

    def _drop(self, topic: Topic) -> None:
        task_id = topic.machine.task_id
        if self._topics.pop(task_id, None) is None:
            return
        if topic.timer is not None:
            topic.timer.cancel()
        if not topic.polled:
            self._send({"type": "unsubscribe", "id": self._subscription(task_id)})
        self._retire_later()

    def _retire_later(self) -> None:
        if not self._topics and not self._crowds and self._linger is None:
            self._linger = self._loop.call_later(_LINGER, self._retire)

    def _retire(self) -> None:
        self._linger = None
        if not self._topics and not self._crowds and self._runner is not None:
            self._runner.cancel()
            self._runner = None

    def _deliver(self, topic: Topic, update: TaskUpdate | None) -> None:
        if update is None:
            return
        for key in list(topic.watchers):
            watcher = self._watchers[key]
            sink = watcher.sink()
            if sink is None:
                continue
            sink.put(update)
            if update.is_final:
                watcher.remaining.discard(update.task_id)
                if not watcher.remaining:
                    del self._watchers[key]
                    sink.end(None)
        if update.is_final:
            self._drop(topic)

    def _fail(self, topic: Topic, error: CoordinaitorError) -> None:
        for key in list(topic.watchers):
            watcher = self._watchers[key]
            sink = watcher.sink()
            self.remove(key)
            if sink is not None:
                sink.end(error)

    # --- snapshots ---

    def _look_in(self, topic: Topic, delay: float) -> None:
        """Take a snapshot of the topic in `delay` seconds, instead of when it was due."""
        if topic.timer is not None:
            topic.timer.cancel()
        topic.timer = self._loop.call_later(delay, self._snapshot, topic)

    def _look_at_all(self) -> None:
        for topic in self._topics.values():
            self._look_in(topic, 0.0)
        for crowd in self._crowds.values():
            crowd.due.set()

    def _snapshot(self, topic: Topic) -> None:
        if topic.fetching:
            topic.again = True  # the one under way may be older than what asked for this one
            return
        topic.fetching = True
        self._spawn(self._fetch(topic))

    async def _fetch(self, topic: Topic) -> None:
        delay = topic.interval
        try:
            async with self._fetches:
                task = await self._source.fetch(topic.machine.task_id)
        except NotFoundError:
            self._deliver(topic, topic.machine.see_deleted(self._looked(topic)))
        except CoordinaitorError as error:
            delay = self._on_fetch_failed(topic, error)
        else:
            topic.failures = 0
            topic.confirmed = self._loop.time()
            update = topic.machine.see(task, self._looked(topic), topic.since)
            topic.quiet = topic.quiet + 1 if update is None else 0
            delay = self._until_next_look(topic)
            self._deliver(topic, update)
        finally:
            topic.fetching = False
        self._tell_states(topic)
        if self._topics.get(topic.machine.task_id) is topic:
            self._look_in(topic, 0.0 if topic.again else delay)
            topic.again = False

    def _looked(self, topic: Topic) -> LookedBy:
        return "poll" if self._refused or topic.polled else "snapshot"

    def _until_next_look(self, topic: Topic) -> float:
        """Seconds; fast while things move where looks are all that there is, slower when they don't."""
        seconds = min(topic.interval, _POLL * _POLL_SLOWER ** min(topic.quiet, 20))
        chosen = seconds if self._refused or topic.polled else topic.interval
        return chosen * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing

    def _on_fetch_failed(self, topic: Topic, error: CoordinaitorError) -> float:
        """End the watch where it can't begin or may not go on; else the seconds until another try."""
        logger.info("task %s could not be fetched: %s", topic.machine.task_id, type(error).__name__)
        if topic.machine.task is None or isinstance(error, (AuthenticationError, AuthorizationError)):
            self._fail(topic, error)
        topic.failures += 1
        return min(topic.interval, 1.0 + _BACKOFF.wait(topic.failures, random.random))

    # --- the connection ---

    async def _run(self, url: str | None) -> None:
        if url is None:
            self._poll(
                "how the given http_client reaches the server is not known here;"
                " pass proxy=, ssl_context= or ws_url= beside it for live updates"
            )
            return
        failures = 0
        while True:
            self._delivered = False
            try:
                await self._connect_and_serve(url)
            except SocketLostError as lost:
                logger.info("the live connection is gone: %s", lost)
            except CoordinaitorError as error:
                logger.info("the live connection can't be had: %s", type(error).__name__)
                if isinstance(error, AuthenticationError):
                    self._look_at_all()  # REST decides whether the watches can go on
            except Exception:
                logger.exception("the live connection failed in an unforeseen way; it is built anew")
            failures = 1 if self._delivered else failures + 1
            await asyncio.sleep(_BACKOFF.wait(failures, random.random))

    async def _connect_and_serve(self, url: str) -> None:
        generation = self._generation = self._generation + 1
        headers: dict[str, str] = {}
        try:
            headers = await self._source.headers()
            socket = await Socket.open(url, headers, self._source.network)
            try:
                await self._serve(socket)
            finally:
                await asyncio.shield(socket.close())
        except SocketLostError as lost:
            if lost.rejects_credentials:
                await self._source.renew(headers)
            elif lost.status is not None:
                self._on_refused(lost.status)
            raise
        finally:
            if generation == self._generation:  # else a later connection is at work already
                self._on_disconnect()

    def _on_refused(self, status: int) -> None:
        # A server that restarts behind a proxy answers so for a moment.
        self._refusals += 1
        if status not in _PASSING or self._refusals >= _REFUSALS:
            self._poll("until the server takes a WebSocket")

    def _poll(self, why: str) -> None:
        """There is no WebSocket for us: looks carry the watches until there is one."""
        if not self._refused:
            self._refused = True
            logger.warning("watches poll by REST: %s", why)
            self._look_at_all()
        self._end_without_socket()

    def _end_without_socket(self) -> None:
        for key, watcher in list(self._watchers.items()):
            sink = watcher.sink()
            if watcher.transport == "websocket" and sink is not None:
                self.remove(key)
                ids = ", ".join(sorted(watcher.remaining))
                told = "the server refuses the WebSocket: use transport='auto', which polls meanwhile"
                sink.end(WatchError(told, task_id=ids))

    async def _serve(self, socket: Socket) -> None:
        self._heartbeat, self._heard_seq = None, 0
        self._last_inbound = self._loop.time()
        self._refusals = 0
        if self._refused:
            self._refused = False
            logger.info("watches are live again")
        outgoing = self._outgoing = asyncio.Queue[str]()
        for topic in list(self._topics.values()):
            self._subscribe(topic)
        for key, crowd in list(self._crowds.items()):
            self._subscribe_crowd(key, crowd)
        helpers = [self._spawn(_send_all(socket, outgoing)), self._spawn(self._watch_silence(socket))]
        try:
            while True:
                message = await socket.receive()
                self._last_inbound = self._loop.time()
                try:
                    self._receive(message)
                except Exception:  # one message must not end each new connection
                    logger.exception("a message could not be handled; watched tasks are fetched")
                    self._look_at_all()
        finally:
            for helper in helpers:
                helper.cancel()

    async def _watch_silence(self, socket: Socket) -> None:
        while True:
            allowed = _SILENT_HEARTBEATS * (self._heartbeat or CHECK_INTERVAL)
            quiet = self._loop.time() - self._last_inbound
            if self._heartbeat is not None and quiet >= allowed:
                logger.info("the live connection has been silent for %.0f s; it is built anew", quiet)
                await socket.close()
                return
            await asyncio.sleep(max(0.05, min(allowed - quiet, 1.0)))

    def _on_disconnect(self) -> None:
        self._outgoing = None
        for topic in self._topics.values():
            if topic.live and topic.since is not None:
                # A heartbeat says that everything up to it was delivered, to quiet watches too.
                topic.since = (topic.since[0], max(topic.since[1], self._heard_seq))
            topic.live = False
            if topic.machine.task is None:
                self._look_in(topic, 0.0)
        for crowd in self._crowds.values():
            crowd.lost(self._heard_seq)
        self._tell_states()

    def _subscription(self, task_id: str) -> str:
        return f"{self._generation}:{task_id}"

    def _subscribe(self, topic: Topic) -> None:
        if topic.polled:
            return
        message: dict[str, Any] = {
            "type": "subscribe",
            "id": self._subscription(topic.machine.task_id),
            "channel": "tasks",
            "filters": {"taskId": topic.machine.task_id},
        }
        if topic.since is not None:
            message["since"] = {"epoch": topic.since[0], "seq": topic.since[1]}
        self._send(message)

    def _subscribe_crowd(self, key: int, crowd: Crowd) -> None:
        # Without filters: a task that leaves them would leave without a word.
        message: dict[str, Any] = {
            "type": "subscribe",
            "id": self._subscription(f"*{key}"),
            "channel": "tasks",
        }
        if crowd.since is not None:
            message["since"] = {"epoch": crowd.since[0], "seq": crowd.since[1]}
        self._send(message)

    def _send(self, message: dict[str, Any]) -> None:
        if self._outgoing is not None:
            self._outgoing.put_nowait(json.dumps(message))

    # --- what comes in ---

    def _receive(self, message: str | bytes) -> None:
        frame = read_frame(message)
        if frame is None or not isinstance(frame.type, str):
            logger.warning("a message of %d bytes can't be read; watched tasks are fetched", len(message))
            self._look_at_all()
        elif frame.type.startswith("task."):
            self._on_push(frame)
        else:
            handler = _HANDLERS.get(frame.type)
            if handler is not None:
                handler(self, frame)

    def _on_push(self, frame: Frame) -> None:
        if not self._delivered:
            self._delivered = True
            self._tell_states()
        task = frame.data
        # An odd value stays as it came: `data` may be anything.
        if not isinstance(task, Task):
            return
        numbered = isinstance(frame.seq, int) and isinstance(frame.epoch, str)
        position = (str(frame.epoch), int(frame.seq or 0)) if numbered else None
        deleted = frame.type == "task.deleted"
        for crowd in list(self._crowds.values()):
            crowd.on_push(task, position, deleted=deleted)
        topic = self._topics.get(str(task.id))
        if topic is None:
            return
        if position is not None and topic.live:
            topic.since = position
        topic.confirmed = self._loop.time()
        if deleted:
            self._deliver(topic, topic.machine.see_deleted("push", topic.since))
        else:
            self._deliver(topic, topic.machine.see(task, "push", topic.since))

    def _on_ready(self, frame: Frame) -> None:
        self._epoch = frame.epoch
        if isinstance(frame.heartbeat, (int, float)) and frame.heartbeat > 0:
            self._heartbeat = float(frame.heartbeat)

    def _on_heartbeat(self, frame: Frame) -> None:
        self._delivered = True
        if isinstance(frame.seq, int):
            self._heard_seq = frame.seq

    def _on_subscribed(self, frame: Frame) -> None:
        crowd = self._crowd_of(frame)
        if crowd is not None:
            crowd.on_subscribed(self._epoch, frame.seq)
        topic = self._topic_of(frame)
        if topic is None:
            return
        resumed = topic.since is not None
        topic.live = True
        if topic.confirmed is not None:
            topic.confirmed = self._loop.time()
        topic.failures = 0
        self._tell_states(topic)
        if isinstance(self._epoch, str) and isinstance(frame.seq, int):
            topic.since = (self._epoch, frame.seq)
        if not resumed:
            self._look_in(topic, 0.0)

    def _on_resync(self, frame: Frame) -> None:
        crowd = self._crowd_of(frame)
        if crowd is not None:
            crowd.on_resync(frame.reason)
        topic = self._topic_of(frame)
        if topic is None:
            return
        topic.since = None  # `subscribed` follows, and then a snapshot
        if frame.reason == "epoch_changed":
            topic.machine.rebase()

    def _on_error(self, frame: Frame) -> None:
        # What concerns the whole connection ends it, and REST tells the consumer why.
        level = logging.INFO if frame.id is None else logging.WARNING
        logger.log(level, "the server refused a live message: %s %s", frame.code, frame.message)

    def _topic_of(self, frame: Frame) -> Topic | None:
        generation, _, task_id = (frame.id or "").partition(":")
        return self._topics.get(task_id) if generation == str(self._generation) else None

    def _crowd_of(self, frame: Frame) -> Crowd | None:
        generation, _, key = (frame.id or "").partition(":*")
        return self._crowds.get(int(key)) if generation == str(self._generation) and key.isdigit() else None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None or isinstance(error, SocketLostError):
            return
        logger.error("the work behind the watches failed", exc_info=error)
        self._end_all(WatchError(f"watching ended: {type(error).__name__} in the client", task_id=""))

    def _end_all(self, error: CoordinaitorError | None) -> None:
        sinks = {key: watcher.sink for key, watcher in self._watchers.items()}
        sinks |= {key: crowd.sink for key, crowd in self._crowds.items()}
        for key, held in sinks.items():
            sink = held()
            self.remove(key)
            if sink is not None:
                sink.end(error)


async def _send_all(socket: Socket, outgoing: asyncio.Queue[str]) -> None:
    while True:
        await socket.send(await outgoing.get())


_HANDLERS: Final[dict[str, Callable[[Hub, Frame], None]]] = {
    "ready": Hub._on_ready,  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - the class's own table
    "heartbeat": Hub._on_heartbeat,  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
    "subscribed": Hub._on_subscribed,  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
    "resync": Hub._on_resync,  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
    "error": Hub._on_error,  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
}
