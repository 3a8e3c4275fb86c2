"""What a fault does to a push: to each socket of the world that would have got it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from coordinaitor_sdk.server.errors import AuthorizationError
from coordinaitor_sdk.server.events import Event
from coordinaitor_sdk.server.faults.fault import Fault
from coordinaitor_sdk.server.faults.registry import Faults
from coordinaitor_sdk.server.worlds import World
from coordinaitor_sdk.server.ws.hub import Listener

CLOSED: Final = 1011
"""The code with which a fault closes where it names none."""


class Pushes:
    """Between the hub and its sockets. A push counts once, however many sockets it goes to."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._held: WeakKeyDictionary[Listener, list[str]] = WeakKeyDictionary()

    def give(self, event: Event, listeners: list[Listener]) -> None:
        """Give an event to the sockets that asked for it."""
        if not listeners:
            return
        fault = self._faults.for_push(event.world, event.name, event.channel)
        for listener in listeners:
            if fault is None:
                self._push(listener, [event.frame])
            else:
                self._meddle(fault, listener, event.frame)

    def flush(self, listeners: Iterable[Listener]) -> None:
        """Send what is held back and has nothing to come after."""
        for listener in listeners:
            self._push(listener, [])

    def admit(self, world: World, channel: str) -> None:
        """Pass a subscription.

        Raises:
            AuthorizationError: a fault refuses it.
        """
        fault = self._faults.for_subscription(world, channel)
        if fault is not None:
            raise AuthorizationError(f"{fault.id} of this world's faults refuses the subscription")

    def _meddle(self, fault: Fault, listener: Listener, frame: str) -> None:
        match fault.kind:
            case "duplicate":
                self._push(listener, [frame, frame])
            case "reorder":
                self._held.setdefault(listener, []).append(frame)
            case "half-open":
                listener.fall_silent()
            case "close":
                listener.end(fault.wanted.code or CLOSED)
            case _:
                return  # drop: it never comes

    def _push(self, listener: Listener, frames: list[str]) -> None:
        for frame in frames + self._held.pop(listener, []):
            listener.push(frame)
