"""One socket, many watches: it is made for the first, comes back after every loss, and ends with the last
(DESIGN 4). What is known of a task, an agent or a project outlives connections and is ordered by its version.
"""

from __future__ import annotations

import asyncio
import logging
import random
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._core.reconnect import Reconnect
from .._core.watch import CHECK_INTERVAL
from ..exceptions import AuthenticationError, CoordinaitorError, WatchError
from .crowd import Crowd
from .feeds import Feeds
from .inbox import Inbox
from .link import Link
from .looks import Looks
from .registry import Registry
from .socket import Socket, SocketLostError
from .topic import Topic, Watcher, topic_name
from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from .._core.feed import Interest
    from .._core.watch import Position
    from .._core.watch_all import Criteria, Resumed
    from .._core.watch_kinds import Kind, Subject
    from .feeds import FeedSink
    from .topic import Sink, Source

logger = logging.getLogger("coordinaitor_sdk")

_SUBSCRIBED_WITHIN: Final = 1.0
_LINGER: Final = 1.0
_SILENT_HEARTBEATS: Final = 2.5
# Refusals of the upgrade that a moment may cure, how many of them in a row are more than a moment, and how
# many seconds that a server asks to wait.
_PASSING: Final = frozenset({401, 429, 500, 502, 503, 504})
_REFUSALS: Final = 4
_SHORT: Final = 5.0
# Messages that are handled before consumers have a turn. Were it all that a read brings, they would grow so
# many objects that the garbage collector took more time than the delivery.
_TURN: Final = 32
_RECONNECT: Final = Reconnect()


class Hub:
    """All watches of one client in one event loop."""

    def __init__(self, source: Source) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._link = Link()
        self._registry = Registry(self._link, self._retire_later)
        self._turns = Turns(source)
        self._looks = Looks(source, self._registry, self._link, self._turns, self._spawn)
        self._feeds = Feeds(self._loop, self._link, self._retire_later)
        self._inbox = Inbox(self._registry, self._feeds, self._link, self._looks)
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[None] | None = None
        self._linger: asyncio.TimerHandle | None = None

    # --- consumers ---

    def add(
        self,
        sink: Sink,
        kind: Kind,
        ids: Iterable[str],
        interval: float = CHECK_INTERVAL,
        known: Mapping[str, tuple[Subject, Position | None]] | None = None,
        transport: str = "auto",
    ) -> int:
        """Watch for a sink, which is held weakly; returns the key for `remove`.

        Args:
            sink: where updates go.
            kind: of what.
            ids: which.
            interval: seconds after which each is looked at by REST whatever the socket says.
            known: what an earlier watch knew, and the position of that.
            transport: `auto`, `websocket` (ended where there is none), `poll`.
        """
        key = self._registry.new_key()
        held = weakref.ref(sink, self._on_sink_gone(key))
        names = {one: topic_name(kind, one) for one in ids}
        self._registry.watchers[key] = Watcher(held, set(names.values()), transport)
        for one, name in names.items():
            topic = self._registry.topics.get(name)
            if topic is None:
                topic = Topic(kind, one, interval, *(known or {}).get(one, (None, None)))
                self._open(topic, polled=transport == "poll")
            elif topic.polled and transport != "poll":
                topic.polled = False
                self._link.subscribe(topic)
            topic.watchers.add(key)
            topic.interval = min(topic.interval, interval)
            current = topic.machine.current(topic.since)
            if current is not None:
                sink.put(current)
        self._needed()
        self._registry.tell_state(key)
        return key

    def _open(self, topic: Topic, *, polled: bool) -> None:
        self._registry.topics[topic.name] = topic
        topic.polled = polled
        self._looks.look_in(topic, self._first_look(polled=polled))
        self._link.subscribe(topic)

    def _first_look(self, *, polled: bool) -> float:
        """Seconds until the first look, where no `subscribed` asks for it sooner."""
        return 0.0 if polled or self._link.refused or not self._source.websocket_url else _SUBSCRIBED_WITHIN

    def add_all(
        self,
        sink: Sink,
        criteria: Criteria,
        interval: float = CHECK_INTERVAL,
        resumed: Resumed | None = None,
        transport: str = "auto",
    ) -> int:
        """Watch all that meet the criteria, as `add` does.

        Args:
            sink: where updates go.
            criteria: which.
            interval: seconds after which the list is looked through whatever the socket says.
            resumed: what an earlier watch was told.
            transport: as for `add`.
        """
        key = self._registry.new_key()
        held = weakref.ref(sink, self._on_sink_gone(key))
        crowd = self._registry.crowds[key] = Crowd(
            held,
            criteria,
            self._source,
            self._link,
            self._turns,
            interval=interval,
            transport=transport,
            resumed=resumed,
        )
        tell = partial(self._registry.tell_state, key)
        crowd.sweeping = self._spawn(crowd.sweep_on(self._first_look(polled=crowd.polled), tell))
        self._link.subscribe_crowd(key, crowd)
        self._needed()
        tell()
        return key

    def add_feed(self, sink: FeedSink, interest: Interest, since: Position | None) -> int:
        """Tell a sink, which is held weakly, all events of a kind; returns the key for `remove`."""
        key = self._registry.new_key()
        self._feeds.add(key, weakref.ref(sink, self._on_sink_gone(key)), interest, since)
        if self._source.websocket_url is None:
            self._feeds.refused()
        self._needed()
        return key

    def _needed(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        topics, crowds = self._registry.topics.values(), self._registry.crowds.values()
        polled = all(one.polled for one in topics) and all(one.polled for one in crowds)
        wanted = bool(self._feeds) or not polled
        if self._runner is None and wanted:
            self._runner = self._spawn(self._run(self._source.websocket_url))
        elif self._source.websocket_url is None:
            self._loop.call_soon(self._end_without_socket)  # there will never be one

    def confirmed(self, key: int) -> float | None:
        """`Registry.confirmed`."""
        return self._registry.confirmed(key)

    def remove(self, key: int) -> None:
        """End a watch or feed; the last watch of a topic ends its subscription."""
        self._feeds.remove(key)
        self._registry.remove(key)

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

    @property
    def _idle(self) -> bool:
        return self._registry.is_empty and not self._feeds

    def _retire_later(self) -> None:
        if self._idle and self._linger is None:
            self._linger = self._loop.call_later(_LINGER, self._retire)

    def _retire(self) -> None:
        self._linger = None
        if self._idle and self._runner is not None:
            self._runner.cancel()
            self._runner = None

    # --- the connection ---

    async def _run(self, url: str | None) -> None:
        if url is None:
            self._poll(
                "how the given http_client reaches the server is not known here;"
                " pass proxy=, ssl_context= or ws_url= beside it for live updates"
            )
            return
        lost_at = self._loop.time()
        while True:
            self._link.delivered, asked = False, 0.0
            try:
                await self._connect_and_serve(url)
            except SocketLostError as lost:
                asked = lost.retry_after
                logger.info("the live connection is gone: %s", lost)
                self._feeds.failed(str(lost))
                if lost.unreadable:
                    self._forget_positions()
            except CoordinaitorError as error:
                logger.info("the live connection can't be had: %s", type(error).__name__)
                if isinstance(error, AuthenticationError):
                    self._looks.look_at_all()  # REST decides whether the watches can go on
                    self._feeds.fail(error)
            except Exception:
                logger.exception("the live connection failed in an unforeseen way; it is built anew")
            now = self._loop.time()
            lost_at = now if self._link.delivered else lost_at
            wait = _RECONNECT.wait(now - lost_at, random.random)
            await asyncio.sleep(max(asked, wait))

    async def _connect_and_serve(self, url: str) -> None:
        generation = self._link.generation = self._link.generation + 1
        headers: dict[str, str] = {}
        try:
            headers = await self._source.headers()
            socket = await Socket.open(url, headers, self._source.network)
            try:
                await self._serve(socket)
            finally:
                await asyncio.shield(socket.close())
        except SocketLostError as lost:
            if lost.rejects_credentials and not await self._source.renew(headers):
                self._looks.look_at_all()  # there are no others: REST decides whether the watches can go on
                self._feeds.fail(AuthenticationError("the server refuses the credential", status=401))
            if lost.status is not None:
                self._on_refused(lost.status, lost.retry_after)
            raise
        finally:
            if generation == self._link.generation:  # else a later connection is at work already
                self._on_disconnect()

    def _forget_positions(self) -> None:
        """Go on from snapshots: what can't be read would be replayed to each new connection."""
        logger.warning("a message can't be read; what is watched is fetched")
        for topic in self._registry.topics.values():
            topic.since = None
        for crowd in self._registry.crowds.values():
            crowd.since = None

    def _on_refused(self, status: int, retry_after: float) -> None:
        # A server that restarts behind a proxy answers so for a moment.
        self._link.refusals += 1
        if status not in _PASSING or self._link.refusals >= _REFUSALS or retry_after > _SHORT:
            self._poll("until the server takes a WebSocket")

    def _poll(self, why: str) -> None:
        """There is no WebSocket for us: looks carry the watches until there is one."""
        if not self._link.refused:
            self._link.refused = True
            logger.warning("watches poll by REST: %s", why)
            self._looks.look_at_all()
        self._end_without_socket()

    def _end_without_socket(self) -> None:
        self._feeds.refused()
        watches: dict[int, Watcher | Crowd] = {**self._registry.watchers, **self._registry.crowds}
        for key, watch in watches.items():
            sink = watch.sink()
            if watch.transport == "websocket" and sink is not None:
                self._registry.remove(key)
                told = "the server refuses the WebSocket: use transport='auto', which polls meanwhile"
                sink.end(WatchError(told, task_id=_ids_of(watch)))

    async def _serve(self, socket: Socket) -> None:
        outgoing = self._link.opened(self._loop.time())
        if self._link.refused:
            self._link.refused = False
            logger.info("watches are live again")
        for topic in list(self._registry.topics.values()):
            self._link.subscribe(topic)
        for key, crowd in list(self._registry.crowds.items()):
            self._link.subscribe_crowd(key, crowd)
        self._feeds.connected()
        self._loop.call_later(_SUBSCRIBED_WITHIN, self._check_confirmed, self._link.generation)
        works = (partial(_send_all, socket, outgoing), partial(self._watch_silence, socket))
        helpers = [self._spawn(_beside(socket, work)) for work in works]
        handled = 0
        try:
            while True:
                handled += 1
                if not handled % _TURN:
                    await asyncio.sleep(0)
                message = await socket.receive()
                self._link.last_inbound = self._loop.time()
                try:
                    self._inbox.receive(message)
                except Exception:  # one message must not end each new connection
                    logger.exception("a message could not be handled; what is watched is fetched")
                    self._looks.look_at_all()
        finally:
            for helper in helpers:
                helper.cancel()

    def _check_confirmed(self, generation: int) -> None:
        """A server had its time to say `subscribed`; one that never does may have left a gap."""
        if generation != self._link.generation:
            return
        quiet = self._loop.time() - self._link.confirmed
        if quiet < _SUBSCRIBED_WITHIN:  # it is still at it: thousands take their time
            self._loop.call_later(_SUBSCRIBED_WITHIN - quiet + 0.01, self._check_confirmed, generation)
            return
        for topic in self._registry.topics.values():
            if topic.machine.subject is not None and not (topic.live or topic.polled or topic.refused):
                self._looks.look_in(topic, 0.0)
        for crowd in self._registry.crowds.values():
            crowd.check_confirmed()

    async def _watch_silence(self, socket: Socket) -> None:
        while True:
            allowed = _SILENT_HEARTBEATS * (self._link.heartbeat or CHECK_INTERVAL)
            quiet = self._loop.time() - self._link.last_inbound
            if self._link.heartbeat is not None and quiet >= allowed:
                logger.info("the live connection has been silent for %.0f s; it is built anew", quiet)
                await socket.close()
                return
            await asyncio.sleep(max(0.05, min(allowed - quiet, 1.0)))

    def _on_disconnect(self) -> None:
        self._link.outgoing = None
        for topic in self._registry.topics.values():
            if topic.live and topic.since is not None:
                # A heartbeat says that everything up to it was delivered, to quiet watches too.
                topic.since = (topic.since[0], max(topic.since[1], self._link.heard))
            topic.live = topic.refused = False
            if topic.machine.subject is None:
                self._looks.look_in(topic, 0.0)
        for crowd in self._registry.crowds.values():
            crowd.lost(self._link.heard)
        self._feeds.lost(self._link.heard)
        self._registry.tell_states()

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
        told = f"watching ended: {type(error).__name__} in the client"
        self._end_all(WatchError(told, task_id=""))

    def _end_all(self, error: CoordinaitorError | None) -> None:
        self._feeds.fail(error)
        self._registry.end_all(error)


def _ids_of(watch: Watcher | Crowd) -> str:
    names = watch.remaining if isinstance(watch, Watcher) else ()
    return ", ".join(sorted(name.partition("/")[2] for name in names))


async def _beside(socket: Socket, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work beside the reader, which ends with the connection: so that is ended where the work fails."""
    try:
        await work()
    except SocketLostError:
        return
    except Exception:
        logger.exception("the live connection failed in an unforeseen way; it is built anew")
        await socket.close()


async def _send_all(socket: Socket, outgoing: asyncio.Queue[str]) -> None:
    while True:
        await socket.send(await outgoing.get())
