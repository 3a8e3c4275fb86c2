"""What an agent did, counted from its tasks and their history (API document, "GET .../metrics").

What has no source here, or can't be computed yet, is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from coordinaitor_sdk.server.clock import moment_of

MOST_PEAKS = 2
"""How many hours of the day are named as busiest, at most."""


class Transition(NamedTuple):
    """A task that got another status or another agent (`action`: `status_changed` or `assigned`).

    `agent_id` is the agent that the task has now.
    """

    task_id: str
    agent_id: str | None
    action: str
    old: str | None
    new: str | None
    at: str


@dataclass(slots=True)
class Activity:
    """When an agent worked: spans of single tasks, and the moments at which it started one."""

    spans: list[tuple[datetime, datetime]] = field(default_factory=list[tuple[datetime, datetime]])
    starts: list[datetime] = field(default_factory=list[datetime])

    def hours(self) -> float:
        """Hours in which there was at least one active task."""
        return hours_of(_covered(self.spans))

    def peak_hours(self) -> list[str]:
        """The hours of the day (UTC) in which most tasks were started, the busiest first."""
        counts = Counter(moment.hour for moment in self.starts)
        busiest = sorted(counts, key=lambda hour: (-counts[hour], hour))[:MOST_PEAKS]
        return [f"{hour:02}:00-{(hour + 1) % 24:02}:00" for hour in busiest]


def activity_of(agent_id: str, transitions: Iterable[Transition], now: datetime) -> Activity:
    """What the transitions, task by task and in order, say of an agent."""
    found = Activity()
    for _, of_task in groupby(transitions, key=lambda one: one.task_id):
        _add_task(found, agent_id, list(of_task), now)
    return found


def mean_hours(spans: Sequence[tuple[str, str]]) -> float | None:
    """The mean length of spans of time, in hours."""
    lengths = [hours_of(moment_of(end) - moment_of(begin)) for begin, end in spans]
    return round(sum(lengths) / len(lengths), 4) if lengths else None


def share(part: float, whole: float) -> float | None:
    """A share of 1; None of nothing."""
    return round(min(1.0, part / whole), 4) if whole else None


def hours_of(span: timedelta) -> float:
    """A span of time in hours."""
    return round(span.total_seconds() / 3600, 4)


def _add_task(found: Activity, agent_id: str, transitions: list[Transition], now: datetime) -> None:
    holder, status = _first_holder(transitions), "pending"
    since: datetime | None = None
    for one in transitions:
        moment = moment_of(one.at)
        if one.action == "assigned":
            holder = one.new
        else:
            status = one.new or status
        works = holder == agent_id and status == "active"
        if works and since is None:
            since = moment
            if one.action == "status_changed":
                found.starts.append(moment)
        elif not works and since is not None:
            found.spans.append((since, moment))
            since = None
    if since is not None:
        found.spans.append((since, max(since, now)))


def _first_holder(transitions: list[Transition]) -> str | None:
    return next((one.old for one in transitions if one.action == "assigned"), transitions[0].agent_id)


def _covered(spans: list[tuple[datetime, datetime]]) -> timedelta:
    """The length of all spans together, what overlaps counted once."""
    whole = timedelta()
    until: datetime | None = None
    for begin, end in sorted(spans):
        begin = begin if until is None else max(begin, until)
        if end > begin:
            whole += end - begin
            until = end
    return whole
