"""All of a kind that match, known by pushes and by sweeps over the list: which steps follow (DESIGN 4)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .sweep import later, stamp_of
from .watch import Machine, is_stale
from .watch_kinds import TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from .watch import Position, Source
    from .watch_kinds import Kind, Subject, Update

# One that ended is remembered, so that a late sight of it is no new one; the oldest are forgotten.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which of a kind.

    Attributes:
        kind: of what.
        fields: what is wanted, by the names of fields as their list is filtered by; None leaves one open.
    """

    kind: Kind = TASK
    fields: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])

    def met_by(self, subject: Subject) -> bool:
        """Whether this is one of them."""
        return all(wanted is None or wanted == getattr(subject, name) for name, wanted in self.fields.items())


@dataclass(frozen=True, slots=True)
class Resumed:
    """What an earlier watch was told, as `Standing` keeps it.

    Attributes:
        known: those that go on.
        over: those that have ended.
        newest: when the latest change was made.
        position: up to which event.
    """

    known: Sequence[Subject] = ()
    over: Mapping[str, Subject | None] = field(default_factory=dict[str, "Subject | None"])
    newest: datetime | None = None
    position: Position | None = None


class CrowdMachine:
    """What is known of those that meet the criteria.

    One that no longer meets them is told once more, and then no longer. Those that had ended before the watch
    began are told only where the criteria name a state.

    Args:
        criteria: which.
        resumed: what an earlier watch was told.
    """

    def __init__(self, criteria: Criteria, resumed: Resumed | None = None) -> None:
        self.criteria = criteria
        self._kind = criteria.kind
        self._machines: dict[str, Machine] = {}
        resumed = resumed or Resumed()
        self._gone: OrderedDict[str, Subject | None] = OrderedDict(resumed.over)
        self._horizon = resumed.newest
        self._swept = resumed.newest is not None
        for subject in resumed.known:
            if criteria.met_by(subject):
                self._machines[str(subject.id)] = Machine(self._kind, str(subject.id), subject)

    def __len__(self) -> int:
        return len(self._machines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._machines)

    def see(
        self, subject: Subject, source: Source, position: Position | None = None, *, partial: bool = False
    ) -> Update | None:
        """Take a sight of one, as `Machine.see` does."""
        subject_id = str(subject.id)
        machine = self._machines.get(subject_id)
        if machine is None and (self._is_over(subject_id, subject) or not self._is_new(subject, source)):
            return None
        machine = machine or Machine(self._kind, subject_id)
        update = machine.see(subject, source, position, partial=partial)
        if update is not None and update.is_final:
            self._forget(subject_id, subject)
        elif machine.subject is not None and self.criteria.met_by(machine.subject):
            self._machines[subject_id] = machine
        else:
            self._machines.pop(subject_id, None)
        return update

    def see_deleted(self, subject_id: str, source: Source, position: Position | None = None) -> Update | None:
        """Take the news that one is gone."""
        machine = self._machines.get(subject_id)
        if machine is None:
            return None
        self._forget(subject_id, None)
        return machine.see_deleted(source, position)

    def rebase(self) -> None:
        """The server's history is another one now."""
        self._horizon = None
        self._gone.clear()
        for machine in self._machines.values():
            machine.rebase()

    def swept(self, subjects: Iterable[Subject]) -> None:
        """A sweep has come to its end with these."""
        self._swept = True
        for subject in subjects:
            self._horizon = later(self._horizon, stamp_of(subject))

    def _is_new(self, subject: Subject, source: Source) -> bool:
        if not self.criteria.met_by(subject):
            return False
        if not self._kind.is_over(subject) or source == "push":
            return True
        return self._is_recent(subject) if self._swept else self.criteria.fields.get("status") is not None

    def _is_recent(self, subject: Subject) -> bool:
        stamp = stamp_of(subject)
        return stamp is not None and self._horizon is not None and stamp > self._horizon

    def _is_over(self, subject_id: str, subject: Subject) -> bool:
        """Whether it had ended, and this is no news."""
        if subject_id not in self._gone:
            return False
        last = self._gone[subject_id]
        step = self._kind.step
        if not self._kind.reopens or last is None or is_stale(last, subject):
            return True
        if step(None, last) == step(None, subject):
            return True
        del self._gone[subject_id]
        return False

    def _forget(self, subject_id: str, last: Subject | None) -> None:
        self._machines.pop(subject_id, None)
        self._gone[subject_id] = last if self._kind.reopens else None
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)
