"""From committed events to sockets: each event finds those that asked for it by a look into a table."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.events import Event, latest_seq, read_log
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.worlds import World, Worlds
from coordinaitor_sdk.server.ws.subscriptions import Subscription, Subscriptions

logger: logging.Logger = logging.getLogger(__name__)

READ_AT_ONCE = 500
"""Events read from the log in one piece."""

RESTART = 1012
CREDENTIALS = 4401
EXPIRED = 4408


class Listener(Protocol):
    """A socket, as the hub sees it."""

    subscriptions: Subscriptions

    @property
    def principal(self) -> Principal:
        """Whose credential it holds now."""
        ...

    def push(self, frame: str) -> None:
        """Queue a frame; a socket whose queue is full ends itself."""
        ...

    def end(self, code: int, error: tuple[str, str] | None = None) -> None:
        """Close with that code, after an error of that code and message."""
        ...

    def fall_silent(self) -> None:
        """Stay open, and say and hear nothing more."""
        ...


class Meddling(Protocol):
    """What stands between the hub and its sockets in tests (`faults.pushes`)."""

    def give(self, event: Event, listeners: list[Listener]) -> None:
        """Give an event to the sockets that asked for it, or not."""
        ...

    def flush(self, listeners: Iterable[Listener]) -> None:
        """Send what was held back."""
        ...

    def admit(self, world: World, channel: str) -> None:
        """Pass a subscription, or raise what refuses it."""
        ...


@dataclass(slots=True)
class Room:
    """The sockets of one world.

    Attributes:
        seq: the newest event that was given to the sockets.
        task: ends the sockets whose token expires.
    """

    world: World
    seq: int
    task: asyncio.Task[None] | None = None
    listeners: set[Listener] = field(default_factory=set[Listener])
    by_subject: dict[tuple[str, str], set[Listener]] = field(
        default_factory=dict[tuple[str, str], set[Listener]]
    )
    wide: dict[str, set[Listener]] = field(default_factory=dict[str, set[Listener]])
    expiries: list[tuple[float, int, Listener]] = field(default_factory=list[tuple[float, int, Listener]])
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """All sockets of a server. Used on the event loop only.

    Parameters:
        heartbeat: seconds between two heartbeats.
    """

    def __init__(self, sql: Sql, worlds: Worlds, heartbeat: float) -> None:
        self._sql = sql
        self._heartbeat = heartbeat
        self._rooms = {world.id: Room(world, latest_seq(sql, world)) for world in worlds.all()}
        self._order = itertools.count()
        self._beating: asyncio.Task[None] | None = None
        self.meddling: Meddling | None = None

    def start(self) -> None:
        """Begin to send heartbeats and to end sockets whose token expires."""
        self._beating = asyncio.create_task(self._beat())
        for room in self._rooms.values():
            room.task = asyncio.create_task(_expire(room))

    async def stop(self) -> None:
        """End both."""
        running = [self._beating, *(room.task for room in self._rooms.values())]
        tasks = [task for task in running if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def add(self, world: World) -> None:
        """A room for a world that came while the server runs."""
        room = self._rooms[world.id] = Room(world, latest_seq(self._sql, world))
        room.task = asyncio.create_task(_expire(room))

    def remove(self, world: World) -> None:
        """A world goes: its sockets are closed, and its room with them."""
        room = self._rooms.pop(world.id)
        if room.task is not None:
            room.task.cancel()
        for listener in list(room.listeners):
            listener.end(CREDENTIALS, ("AUTHENTICATION_ERROR", "The credential's organization is gone"))

    def restart(self, world: World) -> None:
        """A world's log began anew: who has a socket comes again and is told the new epoch."""
        room = self._rooms[world.id]
        room.seq = latest_seq(self._sql, world)
        room.expiries.clear()
        room.wake.set()
        for listener in list(room.listeners):
            listener.end(RESTART)

    def time_moved(self, world: World) -> None:
        """A world's clock was moved, stopped or let go: sockets whose token has expired end now."""
        room = self._rooms[world.id]
        _end_expired(room)
        room.wake.set()

    def seq(self, world: World) -> int:
        """The newest event that was given to the sockets of that world."""
        return self.seq_of(world.id)

    def seq_of(self, world_id: str) -> int:
        """The same, by the world's id."""
        return self._rooms[world_id].seq

    def lags(self, world_id: str, seq: int) -> bool:
        """Whether the sockets of a world lack that event; a world without a room has none."""
        room = self._rooms.get(world_id)
        return room is not None and room.seq < seq

    def counts(self) -> tuple[int, int]:
        """Sockets of all worlds, and their subscriptions."""
        listeners = [listener for room in self._rooms.values() for listener in room.listeners]
        return len(listeners), sum(len(listener.subscriptions) for listener in listeners)

    def join(self, world: World, listener: Listener) -> None:
        """A socket was authenticated, or renewed its credential."""
        room = self._rooms[world.id]
        room.listeners.add(listener)
        expires_at = listener.principal.expires_at
        if expires_at is not None:
            heapq.heappush(room.expiries, (expires_at, next(self._order), listener))
            room.wake.set()

    def leave(self, world: World, listener: Listener) -> None:
        """A socket is gone, and its subscriptions with it."""
        room = self._rooms.get(world.id)
        if room is None:
            return
        room.listeners.discard(listener)
        for subscription in list(listener.subscriptions):
            self.unsubscribe(world, listener, subscription)

    def subscribe(self, world: World, listener: Listener, subscription: Subscription) -> None:
        """From now on the socket is told what the subscription asks for."""
        room = self._rooms[world.id]
        listener.subscriptions.add(subscription)
        if subscription.subjects is None:
            room.wide.setdefault(subscription.channel, set()).add(listener)
        for subject in subscription.subjects or ():
            room.by_subject.setdefault((subscription.channel, subject), set()).add(listener)

    def unsubscribe(self, world: World, listener: Listener, subscription: Subscription) -> None:
        """No longer."""
        room = self._rooms[world.id]
        listener.subscriptions.remove(subscription)
        channel = subscription.channel
        if subscription.subjects is None and not listener.subscriptions.covers(channel, None):
            room.wide[channel].discard(listener)
        for subject in subscription.subjects or ():
            if not listener.subscriptions.covers(channel, subject):
                listeners = room.by_subject[channel, subject]
                listeners.discard(listener)
                if not listeners:
                    del room.by_subject[channel, subject]

    def end_session(self, world_id: str, session_id: str) -> None:
        """Close the sockets of a session that was ended."""
        room = self._rooms.get(world_id)
        for listener in list(room.listeners if room is not None else ()):
            if listener.principal.session_id == session_id:
                listener.end(CREDENTIALS, ("AUTHENTICATION_ERROR", "The session has ended: log in again"))

    def publish(self, events: Iterable[Event]) -> None:
        """Give committed events to the sockets that asked for them, in order."""
        for event in events:
            room = self._rooms.get(event.world)
            if room is None:  # deleted meanwhile
                continue
            if event.seq > room.seq + 1:
                self._catch_up(room, event.seq - 1)
            if event.seq > room.seq:
                self._give(room, event)

    def catch_up(self, world_id: str, seq: int) -> None:
        """Give what another process wrote into a world's log, up to that event."""
        room = self._rooms.get(world_id)
        if room is not None:
            self._catch_up(room, seq)

    def _catch_up(self, room: Room, upto: int) -> None:
        # What was written by other means than this server's writer is in the log all the same.
        while room.seq < upto:
            missed = read_log(self._sql, room.world, after=room.seq, upto=upto, most=READ_AT_ONCE)
            if not missed:
                return
            for event in missed:
                self._give(room, event)

    def _give(self, room: Room, event: Event) -> None:
        room.seq = event.seq
        named = room.by_subject.get((event.channel, event.subject))
        wide = room.wide.get(event.channel)
        listeners = [*(named or ()), *(wide - (named or set()) if wide else ())]
        if self.meddling is not None:
            self.meddling.give(event, [one for one in listeners if one.subscriptions.want(event)])
            return
        for listener in listeners:
            if listener.subscriptions.want(event):
                listener.push(event.frame)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            for room in self._rooms.values():
                if self.meddling is not None:
                    self.meddling.flush(list(room.listeners))
                now = stamp(room.world.clock.now())
                frame = f'{{"type":"heartbeat","seq":{room.seq},"timestamp":"{now}"}}'
                for listener in list(room.listeners):
                    listener.push(frame)


async def _expire(room: Room) -> None:
    while True:
        room.wake.clear()
        _end_expired(room)
        until = datetime.fromtimestamp(room.expiries[0][0], UTC) if room.expiries else None
        await room.world.clock.wait(until, room.wake)


def _end_expired(room: Room) -> None:
    now = room.world.clock.now().timestamp()
    while room.expiries and room.expiries[0][0] <= now:
        _, _, listener = heapq.heappop(room.expiries)
        expires_at = listener.principal.expires_at
        # A renewed credential has an entry of its own.
        if listener in room.listeners and expires_at is not None and expires_at <= now:
            listener.end(EXPIRED, ("AUTHENTICATION_ERROR", "The access token has expired"))
