"""The live feed's state machine: what was pushed, each event once, in order, over every loss (DESIGN 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast

from pydantic.alias_generators import to_camel

from ..exceptions import InvalidArgumentError
from ..models.webhook import Resync

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .watch import Position

Channel: TypeAlias = Literal["tasks", "agents", "projects", "users"] | str

K = TypeVar("K")

_FORMAT: Final = 1


class Interest:
    """Which events: those of a channel whose object is as the filters say.

    A client has one socket, and a push doesn't tell for which of its subscriptions it comes: each feed looks
    itself.
    """

    def __init__(self, channel: str, filters: Mapping[str, str | Sequence[str]] | None) -> None:
        """Take them as the caller gave them.

        Raises:
            InvalidArgumentError: they can't be meant.
        """
        given: Any = channel
        if not isinstance(given, str) or not given:
            raise InvalidArgumentError("channel must be a name, such as tasks")
        self.channel = channel
        self.filters: dict[str, list[str]] = {
            to_camel(name): _values(name, value) for name, value in (filters or {}).items()
        }
        self._about = channel.removesuffix("s")

    def subscription(self, since: Position | None) -> dict[str, Any]:
        """The message that asks the server for it, but for its id."""
        message: dict[str, Any] = {"type": "subscribe", "channel": self.channel}
        if self.filters:
            message["filters"] = self.filters
        if since is not None:
            message["since"] = {"epoch": since[0], "seq": since[1]}
        return message

    def covers(self, push: Mapping[str, Any]) -> bool:
        """Whether a push is one of them. What it doesn't say of its object, the server has looked at."""
        if not str(push.get("type")).startswith(f"{self._about}."):
            return False
        told: Any = push.get("data")
        data = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
        for name, values in self.filters.items():
            found = "id" if name == f"{self._about}Id" and "id" in data else name
            if found in data and data[found] not in values:
                return False
        return True


class FeedMachine(Generic[K]):
    """What is known of the log that the feed reads; gives what is kept of each push, each once.

    Until the server has confirmed the subscription, its replay and pushes for others may come mixed: they are
    held, and put into order. `since` is the position up to which everything was given.
    """

    def __init__(self, interest: Interest, since: Position | None = None) -> None:
        self.interest = interest
        self.since = since
        self.live = False
        self.begun = False
        self._gap: str | None = None
        self._numbers = False
        self._held: dict[int, K] = {}

    def greeted(self) -> None:
        """The server numbers its events, and will confirm."""
        self._numbers = True

    def see(self, push: Mapping[str, Any], kept: K) -> list[K | Resync]:
        """Take a push; what the consumer is to be told now.

        Args:
            push: the message.
            kept: what is told of it.
        """
        if not self.interest.covers(push):
            return []
        seq, epoch = push.get("seq"), push.get("epoch")
        if not isinstance(seq, int) or not isinstance(epoch, str):
            return [kept]
        if self.since is not None and self.since[0] == epoch and seq <= self.since[1]:
            return []
        if self._numbers and not self.live:
            self._held[seq] = kept
            return []
        self.since = (epoch, seq)
        return [kept]

    def resync(self, reason: str | None) -> None:
        """The server can't go on from where it was: its confirmation follows."""
        self.since = None
        self.live = False
        self._held.clear()
        self._gap = reason or "resync"

    def subscribed(self, epoch: str | None, seq: int | None) -> list[K | Resync]:
        """From now on pushes come; what was missed before is told now, or that it can't be."""
        position = (epoch, seq) if isinstance(epoch, str) and isinstance(seq, int) else None
        told: list[K | Resync] = []
        if self.since is None and (self._gap is not None or self.begun):
            told.append(resync_at(self._gap or "reconnected", position))
        beyond = self.since or position
        told += [self._held[one] for one in sorted(self._held) if beyond is None or one > beyond[1]]
        if position is not None:
            position = (position[0], max([position[1], *self._held]))
        self._held.clear()
        self._gap = None
        self.since = position
        self.live = self.begun = True
        return told

    def lost(self, heard: int) -> None:
        """The connection is gone; up to `heard` all was delivered."""
        if self.live and self.since is not None:
            self.since = (self.since[0], max(self.since[1], heard))
        self._held.clear()
        self.live = self._numbers = False


def resync_at(reason: str, position: Position | None) -> Resync:
    """The news that something may be missing before this position."""
    if position is None:
        return Resync(event="resync", reason=reason)
    return Resync(event="resync", reason=reason, epoch=position[0], seq=position[1])


def token_of(position: Position) -> str:
    """A position as text, for `resume=`."""
    return json.dumps({"format": _FORMAT, "epoch": position[0], "seq": position[1]})


def position_in(token: str) -> Position:
    """The position that `token_of` made a text of.

    Raises:
        InvalidArgumentError: it is none.
    """
    try:
        told: dict[str, Any] = json.loads(token)
        if told["format"] == _FORMAT:
            return str(told["epoch"]), int(told["seq"])
    except (ValueError, TypeError, KeyError):
        pass
    raise InvalidArgumentError("resume must be the `token` of a feed")


def _values(name: str, value: Any) -> list[str]:
    values: list[Any] = [value] if isinstance(value, str) else list(value) if _is_many(value) else []
    if not values or not all(isinstance(one, str) and one for one in values):
        raise InvalidArgumentError(f"filters: {name} must be text, or several texts")
    return values


def _is_many(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))
