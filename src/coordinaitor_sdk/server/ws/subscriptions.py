"""Subscriptions: what a socket asked to be told, and whether an event is that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from coordinaitor_sdk.server.domain.permissions import Permission, Principal, require, require_admin
from coordinaitor_sdk.server.events import Event


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: what may be filtered, which filter names the object itself, and who may listen."""

    subject: str
    filters: frozenset[str]
    permission: Permission
    admin: bool = False

    def check(self, principal: Principal) -> None:
        """Pass when the caller may listen.

        Raises:
            AuthorizationError: it may not.
        """
        require(principal, self.permission)
        if self.admin:
            require_admin(principal)


CHANNELS: Final[dict[str, Channel]] = {
    "tasks": Channel(
        "taskId", frozenset({"taskId", "projectId", "agentId", "status", "priority"}), "tasks:read"
    ),
    "agents": Channel("agentId", frozenset({"agentId", "type", "status"}), "agents:read"),
    "projects": Channel("projectId", frozenset({"projectId", "status"}), "projects:read"),
    "users": Channel("userId", frozenset({"userId", "role"}), "users:read", admin=True),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription: every filter must match, each by any of its values."""

    id: str
    channel: str
    filters: Mapping[str, frozenset[str]]

    @property
    def subjects(self) -> frozenset[str] | None:
        """The ids of the objects that it is about; None when it doesn't name any."""
        return self.filters.get(CHANNELS[self.channel].subject)

    def matches(self, event: Event) -> bool:
        """Whether the event, of the same channel, is one to be told."""
        return all(event.keys.get(name) in values for name, values in self.filters.items())


class Subscriptions:
    """The subscriptions of one socket, found by the object that they name: thousands cost no more than
    one.
    """

    __slots__ = ("_by_id", "_by_subject", "_wide")

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._by_subject: dict[tuple[str, str], list[Subscription]] = {}
        self._wide: dict[str, list[Subscription]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_id.values())

    def get(self, subscription_id: str) -> Subscription | None:
        """The subscription of that id."""
        return self._by_id.get(subscription_id)

    def add(self, subscription: Subscription) -> None:
        """Add one whose id is not in use."""
        self._by_id[subscription.id] = subscription
        for found in self._places(subscription):
            found.append(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Take one out."""
        del self._by_id[subscription.id]
        for found in self._places(subscription):
            found.remove(subscription)
        for subject in subscription.subjects or ():
            if not self._by_subject[subscription.channel, subject]:
                del self._by_subject[subscription.channel, subject]

    def covers(self, channel: str, subject: str | None) -> bool:
        """Whether any subscription names this subject (None: any that names no subject)."""
        if subject is None:
            return bool(self._wide.get(channel))
        return (channel, subject) in self._by_subject

    def want(self, event: Event) -> bool:
        """Whether any subscription is to be told of the event."""
        named = self._by_subject.get((event.channel, event.subject), ())
        return any(one.matches(event) for one in named) or any(
            one.matches(event) for one in self._wide.get(event.channel, ())
        )

    def _places(self, subscription: Subscription) -> Iterable[list[Subscription]]:
        if subscription.subjects is None:
            return [self._wide.setdefault(subscription.channel, [])]
        return [
            self._by_subject.setdefault((subscription.channel, subject), [])
            for subject in subscription.subjects
        ]
