"""When an agent works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from coordinaitor_sdk.server.domain.working_hours import WEEKDAYS, WorkingHours

WORKDAYS = WEEKDAYS[:5]


def hours(zone: str = "UTC", start: str = "09:00", end: str = "17:00", days: Any = WORKDAYS) -> WorkingHours:
    """Working hours."""
    return WorkingHours.of({"timezone": zone, "start": start, "end": end, "days": days})


def at(text):
    """A moment in UTC; 15 January 2024 is a Monday."""
    return datetime.fromisoformat(f"{text}:00+00:00")


NIGHT = hours(start="22:00", end="06:00", days=["friday"])


@pytest.mark.parametrize(
    ("given", "moment", "expected"),
    [
        (hours(), "2024-01-15T08:59", False),
        (hours(), "2024-01-15T09:00", True),
        (hours(), "2024-01-15T16:59", True),
        (hours(), "2024-01-15T17:00", False),
        (hours(), "2024-01-13T12:00", False),
        (hours(days=["saturday"]), "2024-01-13T12:00", True),
        (hours("America/New_York"), "2024-01-15T13:59", False),
        (hours("America/New_York"), "2024-01-15T14:00", True),
        (hours("America/New_York"), "2024-07-15T13:00", True),  # summer time
        (hours("Pacific/Auckland"), "2024-01-14T20:30", True),  # Monday there
        (NIGHT, "2024-01-19T21:59", False),
        (NIGHT, "2024-01-19T22:00", True),
        (NIGHT, "2024-01-20T05:59", True),
        (NIGHT, "2024-01-20T06:00", False),
        (NIGHT, "2024-01-20T22:30", False),
        (hours(start="09:00", end="09:00", days=["monday"]), "2024-01-16T08:59", True),
        (hours(start="09:00", end="09:00", days=["monday"]), "2024-01-16T09:00", False),
    ],
)
def test_moment_is_within_the_hours_of_its_day(given, moment, expected):
    """In the agent's zone, on its days; an end that is not after the start is on the next day."""
    assert given.contain(at(moment)) is expected


@pytest.mark.parametrize(
    ("given", "moment", "expected"),
    [
        (hours(), "2024-01-15T08:00", "2024-01-15T09:00"),
        (hours(), "2024-01-15T09:00", "2024-01-16T09:00"),
        (hours(), "2024-01-19T18:00", "2024-01-22T09:00"),
        (hours(days=["monday"]), "2024-01-15T12:00", "2024-01-22T09:00"),
        (hours("America/New_York"), "2024-01-15T12:00", "2024-01-15T14:00"),
        (hours("America/New_York", days=WEEKDAYS), "2024-03-09T15:00", "2024-03-10T13:00"),  # clocks go on
        (hours("Pacific/Auckland"), "2024-01-14T12:00", "2024-01-14T20:00"),
        (NIGHT, "2024-01-20T03:00", "2024-01-26T22:00"),
    ],
)
def test_next_start_is_the_next_moment_at_which_hours_begin(given, moment, expected):
    """After the moment, at most a week later."""
    assert given.next_start(at(moment)) == at(expected)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_hours_that_begin_contain_their_beginning(zone):
    """Also on days on which the clocks are changed, when a time of day may not exist."""
    for start in ("00:00", "02:30", "03:00"):
        given = hours(zone, start, "08:00", WEEKDAYS)
        moment = at("2024-01-01T00:00")
        for _ in range(370):
            begin = given.next_start(moment)
            assert given.contain(begin)
            assert begin > moment
            moment = begin
