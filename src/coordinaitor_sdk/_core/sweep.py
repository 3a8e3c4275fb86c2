"""A list read newest change first, as far as something may have changed: which page comes next (DESIGN 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..models.common import Page

LIMIT: Final = 100
# Changes that were made at once may be seen out of order, and several servers' clocks differ by as much.
_SLACK: Final = timedelta(seconds=5)
_MOST_PASSES: Final = 5


def stamp_of(subject: object) -> datetime | None:
    """When it was last changed, as far as that is told in a way that can be compared."""
    moment = getattr(subject, "updated_at", None)
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments, as far as they are known."""
    if one is None or other is None:
        return one or other
    return max(one, other)


class Sweep:
    """One reading of a list, in passes: what changes meanwhile comes up again on page 1.

    It goes on until rows are older than `floor`, and reading on would cost more than asking for what is
    missing one by one. A list that isn't in that order is read to its end.

    Args:
        floor: before this nothing has changed; None where that isn't known.
        missing: ids that must be seen.
        whole: the list is to be read to its end in any case.

    Attributes:
        page: the number of the next page; None at the end.
        seen: the ids that came.
        missing: the ids that did not come yet.
        whole: whether the list was read to its end.
        newest: when the newest row of the first page was changed: all later changes are later than that.
        total: how long the list is, where it says so.
        requests: how many pages were read.
    """

    def __init__(self, floor: datetime | None, missing: Iterable[str] = (), *, whole: bool = False) -> None:
        self.page: int | None = 1
        self.seen: set[str] = set()
        self.missing = set(missing)
        self.whole = False
        self.newest: datetime | None = None
        self.total: int | None = None
        self.requests = 0
        self._floor = None if floor is None else floor - _SLACK
        self._rows: set[tuple[str, Any, Any]] = set()
        self._in_order = True
        self._oldest: datetime | None = None
        self._to_end = whole
        self._passes = 1
        self._stale = 0

    @property
    def reached(self) -> bool:
        """Whether all that changed since `floor` has come."""
        if self._floor is None:
            return True
        return self._in_order and self._oldest is not None and self._oldest < self._floor

    def take(self, page: Page[Any]) -> list[Any]:
        """The rows of the page asked for that were not seen in this state; moves on."""
        number = self.page or 1
        self.requests += 1
        fresh = [row for row in page.data if (str(row.id), row.version, stamp_of(row)) not in self._rows]
        self._rows.update((str(row.id), row.version, stamp_of(row)) for row in fresh)
        ids = {str(row.id) for row in page.data}
        self.seen |= ids
        self.missing -= ids
        self._check_order(page, first=number == 1)
        shrunk = self._has_shrunk(page)
        self.page = self._next(page, number, news=bool(fresh), shrunk=shrunk)
        return fresh

    def _check_order(self, page: Page[Any], *, first: bool) -> None:
        stamps = [stamp_of(row) for row in page.data]
        if first and self.newest is None:
            self.newest = next(iter(stamps), None)
        # Each page by itself: rows that move while the list is read make the next one begin anywhere.
        above: datetime | None = None
        for stamp in stamps:
            if stamp is None or (above is not None and stamp > above + _SLACK):
                self._in_order = False
                return
            above = stamp
            self._oldest = stamp if self._oldest is None else min(self._oldest, stamp)

    def _has_shrunk(self, page: Page[Any]) -> bool:
        before, stated = self.total, page.pagination
        self.total = stated.total if stated is not None and isinstance(stated.total, int) else None
        return before is not None and self.total is not None and self.total < before

    def _next(self, page: Page[Any], number: int, *, news: bool, shrunk: bool) -> int | None:
        last = not page.data or self._is_last(page, number)
        if self._passes > 1:
            return self._again(number) if last or not news else number + 1
        self.whole = last
        self._stale = 0 if news else self._stale + 1
        # Rows that moved down come twice; a server that ignores `page` brings nothing else.
        if last or self._stale > 1 or self._is_done(number):
            return self._again(number)
        # Rows that moved up went over the edge between two pages.
        return number - 1 if shrunk and number > 1 else number + 1

    def _is_last(self, page: Page[Any], number: int) -> bool:
        stated = page.pagination
        if stated is not None:
            if isinstance(stated.has_next, bool):
                return not stated.has_next
            if isinstance(stated.pages, int):
                return number >= stated.pages
        return len(page.data) < LIMIT

    def _is_done(self, number: int) -> bool:
        if self._to_end or not self.reached:
            return False
        left = 1 if self.total is None else -(-self.total // LIMIT) - number
        return left > len(self.missing)

    def _again(self, number: int) -> int | None:
        """Page 1 once more, where what was on it may have changed while others were read."""
        if number == 1 or not self._in_order or self._passes >= _MOST_PASSES:
            return None
        self._passes += 1
        return 1
