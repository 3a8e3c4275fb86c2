"""One change: what a piece of work may do within its part of a transaction."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.sql import Sql, Statement

if TYPE_CHECKING:
    from coordinaitor_sdk.server.events import Event
    from coordinaitor_sdk.server.worlds import World

_ADVANCE = Statement(
    update(tables.sequences)
    .where(
        tables.sequences.c.world == bindparam("in_world"), tables.sequences.c.name == bindparam("sequence")
    )
    .values(value=tables.sequences.c.value + bindparam("by"))
    .returning(tables.sequences.c.value)
)

_one = (tables.sequences.c.world == bindparam("in_world"), tables.sequences.c.name == bindparam("sequence"))
_READ = Statement(select(tables.sequences.c.value).where(*_one))
_WRITE = Statement(update(tables.sequences).where(*_one).values(value=bindparam("value")))


class Numbers:
    """The stored sequences within one transaction: each is read once, and written before the commit."""

    __slots__ = ("_now", "_read", "_sql")

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._read: dict[tuple[str, str], int] = {}
        self._now: dict[tuple[str, str], int] = {}

    def advance(self, world: str, sequence: str, by: int) -> int | None:
        """The number that a sequence has come to; None where there is no such sequence."""
        key = (world, sequence)
        value = self._now.get(key)
        if value is None:
            value = self._sql.value(_READ, in_world=world, sequence=sequence)
            if value is None:
                return None
            self._read[key] = value
        self._now[key] = value + by
        return value + by

    def mark(self) -> dict[tuple[str, str], int]:
        """What `back_to` takes."""
        return self._now.copy()

    def back_to(self, mark: dict[tuple[str, str], int]) -> None:
        """Take back what was numbered since."""
        self._now = mark

    def forget(self, world: str) -> None:
        """The rows of a world were replaced: what was read of them holds no longer, nor is it written."""
        for key in [key for key in self._now if key[0] == world]:
            del self._now[key]

    def write(self) -> None:
        """Store them."""
        for (world, sequence), value in self._now.items():
            if value != self._read[world, sequence]:
                self._sql.run(_WRITE, in_world=world, sequence=sequence, value=value)


class Change:
    """A change of one world: its connection, its moment, and what it leaves for after the commit.

    All that one change writes carries the same moment. `events` are pushed, and scheduler and deliverer are
    woken, only once the transaction that holds the change is committed.

    Parameters:
        numbers: those of the transaction, if it holds more changes than this.
    """

    __slots__ = ("_numbers", "events", "now", "sql", "stamp", "wakes_deliverer", "wakes_scheduler", "world")

    def __init__(self, sql: Sql, world: World, numbers: Numbers | None = None) -> None:
        self._numbers = numbers
        self.sql: Sql = sql
        self.world: World = world
        self.now: datetime = world.clock.now()
        self.stamp: str = stamp(self.now)
        self.events: list[Event] = []
        self.wakes_scheduler: bool = False
        self.wakes_deliverer: bool = False

    def of_world(self, world: World) -> Change:
        """A change of another world within the same transaction, whose events are not pushed: what all worlds
        number together goes on.
        """
        return Change(self.sql, world, self._numbers)

    def next_number(self, sequence: str, world: str | None = None, *, by: int = 1) -> int:
        """The next number of a stored sequence, of this world unless another is named; of `by` the last."""
        owner = self.world.id if world is None else world
        if self._numbers is not None:
            value = self._numbers.advance(owner, sequence, by)
        else:
            value = self.sql.value(_ADVANCE, in_world=owner, sequence=sequence, by=by)
        if value is None:
            raise LookupError(f"world {owner!r} has no sequence {sequence!r}")
        return int(value)

    def store_numbers(self) -> None:
        """The stored sequences are what was numbered so far: for who reads them as rows."""
        if self._numbers is not None:
            self._numbers.write()

    def forget_numbers(self) -> None:
        """The world's sequences were replaced by this change: its numbers begin anew."""
        if self._numbers is not None:
            self._numbers.forget(self.world.id)

    @contextmanager
    def attempt(self) -> Generator[None, None, None]:
        """What fails within the block takes back what it did, its events and its numbers."""
        pushed = len(self.events)
        mark = {} if self._numbers is None else self._numbers.mark()
        self.sql.text("SAVEPOINT attempt")
        try:
            yield
        except Exception:
            self.sql.text("ROLLBACK TO attempt")
            del self.events[pushed:]
            if self._numbers is not None:
                self._numbers.back_to(mark)
            raise
        finally:
            self.sql.text("RELEASE attempt")

    def new_id(self, kind: str) -> str:
        """A new id of that kind: `task-1001`."""
        return f"{kind}-{self.next_number(kind)}"
