"""One fault: when it happens, how often it did, and when it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from coordinaitor_sdk.server.schemas.faults import KindName, NewFault


@dataclass(slots=True)
class Fault:
    """A fault of a world.

    Attributes:
        random: draws for its share: of the world's seed and its own number.
        matched: calls or pushes that it could have happened to, until it was spent.
        fired: how often it did happen.
        released: set when it is deleted: what it holds goes on.
    """

    id: str
    wanted: NewFault
    random: Random = field(repr=False)
    matched: int = 0
    fired: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def kind(self) -> KindName:
        """What happens."""
        return self.wanted.kind

    @property
    def count(self) -> int:
        """How often it happens at most."""
        return self.wanted.count or self.wanted.for_calls or 1

    @property
    def spent(self) -> bool:
        """Whether it is over: nothing more will happen."""
        wanted = self.wanted
        last = None if wanted.for_calls is None else (wanted.nth or 1) - 1 + wanted.for_calls
        return self.fired >= self.count or (last is not None and self.matched >= last)

    def meets(self, *, operation: str | None = None, event: str | None = None, channel: str | None) -> bool:
        """Whether it is about such a call or push."""
        asked = (self.wanted.operation, operation), (self.wanted.event, event), (self.wanted.channel, channel)
        return all(wanted is None or wanted == found for wanted, found in asked)

    def counts(self) -> bool:
        """Count one that it matches; whether it is to happen there."""
        self.matched += 1
        if self.matched < (self.wanted.nth or 1):
            return False
        # Drawn for each, so that what happens at one depends on its place alone.
        return self.wanted.share is None or self.random.random() < self.wanted.share

    def told(self) -> dict[str, Any]:
        """The fault as the control API answers it."""
        given = self.wanted.model_dump(by_alias=True, exclude_none=True)
        state = {"matched": self.matched, "fired": self.fired, "spent": self.spent}
        return {"id": self.id} | given | {"count": self.count} | state
