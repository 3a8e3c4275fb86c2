"""One change: what a piece of work may do within its part of a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

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


class Change:
    """A change of one world: its connection, its moment, and what it leaves for after the commit.

    All that one change writes carries the same moment. `events` are pushed, and scheduler and deliverer are
    woken, only once the transaction that holds the change is committed.
    """

    __slots__ = ("events", "now", "sql", "stamp", "wakes_deliverer", "wakes_scheduler", "world")

    def __init__(self, sql: Sql, world: World) -> None:
        self.sql: Sql = sql
        self.world: World = world
        self.now: datetime = world.clock.now()
        self.stamp: str = stamp(self.now)
        self.events: list[Event] = []
        self.wakes_scheduler: bool = False
        self.wakes_deliverer: bool = False

    def next_number(self, sequence: str, world: str | None = None, *, by: int = 1) -> int:
        """The next number of a stored sequence, of this world unless another is named; of `by` the last."""
        owner = self.world.id if world is None else world
        value = self.sql.value(_ADVANCE, in_world=owner, sequence=sequence, by=by)
        if value is None:
            raise LookupError(f"world {owner!r} has no sequence {sequence!r}")
        return int(value)

    def new_id(self, kind: str) -> str:
        """A new id of that kind: `task-1001`."""
        return f"{kind}-{self.next_number(kind)}"
