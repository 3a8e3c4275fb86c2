"""The faults of each world, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coordinaitor_sdk.server.errors import ConflictError, NotFoundError
from coordinaitor_sdk.server.faults.fault import Fault
from coordinaitor_sdk.server.faults.kinds import KINDS, Target, check
from coordinaitor_sdk.server.schemas.faults import NewFault
from coordinaitor_sdk.server.worlds import World

MOST: Final = 1_000
"""Faults that a world may have at once."""


class Faults:
    """Which fault happens to a call, a push or a subscription of a world. Used on the event loop only."""

    def __init__(self) -> None:
        self._by_world: dict[str, dict[str, Fault]] = {}
        self._made: dict[str, int] = {}

    def add(self, world: World, wanted: NewFault) -> dict[str, Any]:
        """Make a fault, and tell it.

        Raises:
            ValidationFailedError: it can't happen, or has no end.
            ConflictError: the world has too many.
        """
        check(wanted)
        faults = self._by_world.setdefault(world.id, {})
        if len(faults) >= MOST:
            raise ConflictError(f"{world.id} has {MOST} faults already: delete those that are spent")
        number = self._made[world.id] = self._made.get(world.id, 0) + 1
        fault = Fault(f"fault-{number}", wanted, world.random("fault", number))
        faults[fault.id] = fault
        return fault.told()

    def told(self, world: World) -> dict[str, Any]:
        """Every fault of a world, and the ids of those that never happened."""
        faults = list(self._by_world.get(world.id, {}).values())
        unfired = [fault.id for fault in faults if not fault.fired]
        return {"faults": [fault.told() for fault in faults], "unfired": unfired}

    def remove(self, world: World, fault_id: str) -> None:
        """Delete a fault; what it holds goes on.

        Raises:
            NotFoundError: the world has none of that id.
        """
        fault = self._by_world.get(world.id, {}).pop(fault_id, None)
        if fault is None:
            raise NotFoundError(f"{world.id} has no fault {fault_id}: GET lists those there are")
        fault.released.set()

    def clear(self, world: World) -> None:
        """Delete all faults of a world."""
        for fault in self._by_world.pop(world.id, {}).values():
            fault.released.set()

    def forget(self, world: World) -> None:
        """Delete all faults of a world that begins anew or goes: its next one is the first."""
        self.clear(world)
        self._made.pop(world.id, None)

    def for_call(self, world: World, operation: str | None) -> Fault | None:
        """The fault that happens to a call, counted."""
        return self._take(world.id, "call", lambda fault: fault.meets(operation=operation, channel=None))

    def for_push(self, world_id: str, event: str, channel: str) -> Fault | None:
        """The fault that happens to a push, counted."""
        return self._take(world_id, "push", lambda fault: fault.meets(event=event, channel=channel))

    def for_subscription(self, world: World, channel: str) -> Fault | None:
        """The fault that happens to a subscription, counted."""
        return self._take(world.id, "subscription", lambda fault: fault.meets(channel=channel))

    def _take(self, world_id: str, target: Target, meets: Callable[[Fault], bool]) -> Fault | None:
        """Of those that are due, the oldest alone happens; each that matches counts."""
        due: Fault | None = None
        for fault in self._by_world.get(world_id, {}).values():
            if KINDS[fault.kind].target != target or fault.spent or not meets(fault):
                continue
            if fault.counts() and due is None:
                due = fault
        if due is not None:
            due.fired += 1
        return due
