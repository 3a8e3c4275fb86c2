"""When an agent works: hours of the day in its own time zone, on some days of the week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours from `start` to `end` that begin on each of the `days`.

    An `end` that is not after `start` is on the next day.

    Attributes:
        days: numbers of weekdays, Monday is 0; at least one.
    """

    zone: ZoneInfo
    start: time
    end: time
    days: frozenset[int]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> WorkingHours:
        """The hours that an agent's `workingHours` describe."""
        return cls(
            ZoneInfo(given["timezone"]),
            time.fromisoformat(given["start"]),
            time.fromisoformat(given["end"]),
            frozenset(WEEKDAYS.index(day) for day in given["days"]),
        )

    def contain(self, moment: datetime) -> bool:
        """Whether the moment is within the hours of its day, or within those that began the day before."""
        today = moment.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() in self.days and self._begin(day) <= moment < self._end(day):
                return True
        return False

    def next_start(self, moment: datetime) -> datetime:
        """When hours begin next after the moment."""
        today = moment.astimezone(self.zone).date()
        days = (today + timedelta(days=ahead) for ahead in range(9))
        begins = (self._begin(day) for day in days if day.weekday() in self.days)
        return next(begin for begin in begins if begin > moment)

    def _begin(self, day: date) -> datetime:
        return self._moment(day, self.start)

    def _end(self, day: date) -> datetime:
        return self._moment(day if self.end > self.start else day + timedelta(days=1), self.end)

    def _moment(self, day: date, at: time) -> datetime:
        # In UTC: two moments of the same zone would be compared by what its clocks show.
        return datetime.combine(day, at, self.zone).astimezone(UTC)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of time zones (IANA database)."""
    return frozenset(available_timezones())
