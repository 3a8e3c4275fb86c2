"""The rules of webhooks: which events there are, and when a delivery is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

EventName = Literal[
    "task.created",
    "task.updated",
    "task.completed",
    "task.failed",
    "task.assigned",
    "agent.created",
    "agent.status_changed",
    "project.created",
    "project.completed",
    "user.registered",
    "task.cancelled",
    "task.deleted",
    "task.comment_added",
    "task.file_added",
    "agent.updated",
    "project.updated",
    "project.deleted",
]
"""The documented events, then ours."""

EVENT_NAMES: Final[frozenset[str]] = frozenset(get_args(EventName))

DELAYS: Final = (10.0, 60.0, 300.0, 1_800.0, 7_200.0, 21_600.0, 43_200.0)
"""Seconds after each failed attempt until the next: 8 attempts within about a day."""

_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a webhook's deliveries go, and what they are signed with."""

    url: str
    secret: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to be told to one webhook. `attempts` that failed so far; `body` as it is sent."""

    id: str
    webhook_id: str
    event: str
    body: str
    attempts: int


def delay_after(failures: int, delays: tuple[float, ...], random: Random) -> float | None:
    """Seconds until the next attempt after so many failed ones; None when there is none.

    They are spread by a fifth, so that a receiver that comes back does not get everything at once.
    """
    if failures > len(delays):
        return None
    return delays[failures - 1] * random.uniform(1 - _SPREAD, 1 + _SPREAD)
