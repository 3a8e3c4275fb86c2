"""What is known of the present connection, and what goes out over it.

A connection is a generation: the number is part of each subscription's id, so replies to an older one are
ignored.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._core.watch import Position
    from .._core.watch_kinds import Kind
    from .crowd import Crowd
    from .topic import Topic


class Link:
    """One connection after the other.

    Attributes:
        generation: how many there have been.
        outgoing: what waits to be sent; None while there is no connection.
        epoch: of the server's events, as it told.
        heartbeat: seconds between two signs of life, where the server gives them.
        heard: the number of the event up to which the present connection has delivered all.
        confirmed: when the present connection confirmed a subscription last, on the loop's clock.
        last_inbound: when something came in last, on the loop's clock.
        delivered: whether the present connection has brought anything of use.
        refused: whether there is no WebSocket to be had, so that looks carry the watches.
        refusals: how many upgrades in a row were refused.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.outgoing: asyncio.Queue[str] | None = None
        self.epoch: str | None = None
        self.heartbeat: float | None = None
        self.heard = 0
        self.confirmed = 0.0
        self.last_inbound = 0.0
        self.delivered = False
        self.refused = False
        self.refusals = 0

    def opened(self, now: float) -> asyncio.Queue[str]:
        """There is a connection; what is to be sent over it."""
        self.epoch, self.heartbeat, self.heard = None, None, 0
        self.last_inbound = now
        self.confirmed = 0.0
        self.refusals = 0
        self.outgoing = asyncio.Queue[str]()
        return self.outgoing

    def subscribe(self, topic: Topic) -> None:
        """Ask for the pushes of a topic, from where it stands."""
        if not topic.polled:
            filters = {topic.kind.filter: topic.machine.subject_id}
            self._subscribe(topic.name, topic.kind, topic.since, filters=filters)

    def subscribe_crowd(self, key: int, crowd: Crowd) -> None:
        """Ask for the pushes of the whole channel."""
        # Without filters: what no longer meets them would leave without a word.
        if not crowd.polled:
            self._subscribe(f"*{key}", crowd.kind, crowd.since)

    def _subscribe(self, name: str, kind: Kind, since: Position | None, **more: Any) -> None:
        message = {"type": "subscribe", "id": self.subscription(name), "channel": kind.channel, **more}
        if since is not None:
            message["since"] = {"epoch": since[0], "seq": since[1]}
        self.send(message)

    def unsubscribe(self, name: str) -> None:
        """Ask for no more of a topic, or of a crowd (`*` and its key)."""
        self.send({"type": "unsubscribe", "id": self.subscription(name)})

    def named_in(self, subscription: str | None) -> str | None:
        """What a subscription of this connection is about; None for one of another connection."""
        generation, _, name = (subscription or "").partition(":")
        return name if generation == str(self.generation) else None

    def subscription(self, name: str) -> str:
        """The id of a subscription, for the present connection."""
        return f"{self.generation}:{name}"

    def send(self, message: dict[str, Any]) -> None:
        """Have a message sent, where there is a connection."""
        if self.outgoing is not None:
            self.outgoing.put_nowait(json.dumps(message))
