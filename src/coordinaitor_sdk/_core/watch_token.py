"""Where a watch stands, as text: another process takes it up from there (DESIGN 4)."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic

from pydantic import TypeAdapter, ValidationError

from ..exceptions import InvalidArgumentError
from ..models.task import Task
from .repair import validate_leniently
from .sweep import later, stamp_of
from .watch import Machine, U, revised
from .watch_all import Resumed

if TYPE_CHECKING:
    from .watch import Position
    from .watch_kinds import Kind, Subject

_FORMAT: Final = 1
# Ends that a watch of all remembers, so that they are not told again.
_REMEMBERED: Final = 1000


class Standing(Generic[U]):
    """What a consumer has been told: the last update of each subject, and which have ended.

    Attributes:
        known: what was told last of each that goes on, and up to which event that holds.
        ended: those that have ended, where the watch is of some by id.
        over: the last of those that have ended, where it is of all that match; with what is known of each
            that may go on after its end.
        newest: when the latest change was made that was told.
    """

    def __init__(self, kind: Kind, token: str | None = None, *, of_all: bool = False) -> None:
        """Begin anew, or where a token was made.

        Raises:
            InvalidArgumentError: it is no token, or one of another kind of watch.
        """
        self.known: dict[str, tuple[Subject, Position | None]] = {}
        self.ended: set[str] = set()
        self.over: OrderedDict[str, Subject | None] = OrderedDict()
        self.newest: datetime | None = None
        self._kind = kind
        self._of_all = of_all
        self._at: Position | None = None
        self._resumed: dict[str, Machine] = {}
        if token is not None:
            self._read(token)

    def resumed(self) -> Resumed:
        """What a watch of all that match goes on from."""
        known = [subject for subject, _ in self.known.values()]
        return Resumed(known, dict(self.over), self.newest, self._at)

    def filtered(self, update: U) -> U | None:
        """The update as it goes on from the token; None where the token's maker was told of it already."""
        machine = self._resumed.get(update.subject_id)
        if machine is None or update.subject is None or update.is_final:
            return update
        known = self.known.get(update.subject_id)
        before, now = known[1] if known else None, update.position
        if before is not None and now is not None and before[0] != now[0]:
            machine.rebase()
        source = "snapshot" if update.source == "push" else update.source
        step = machine.see(update.subject, source)
        if step is None:
            return None
        del self._resumed[update.subject_id]
        return revised(update, type=step.type, conflated=step.conflated)

    def told(self, update: U) -> None:
        """The consumer has this update."""
        if update.position is not None:
            self._at = update.position
        self.newest = later(self.newest, stamp_of(update.subject))
        if update.is_final:
            self._note_end(update)
        elif update.subject is not None:
            self.over.pop(update.subject_id, None)
            self.known[update.subject_id] = (update.subject, update.position)

    def _note_end(self, update: U) -> None:
        self.known.pop(update.subject_id, None)
        if not self._of_all:
            self.ended.add(update.subject_id)
            return
        goes_on = self._kind.reopens and update.type != "deleted"
        self.over[update.subject_id] = update.subject if goes_on else None
        if len(self.over) > _REMEMBERED:
            self.over.popitem(last=False)

    def token(self) -> str:
        """A JSON text from which `Standing` can be made again; the whole state of each subject is in it."""
        name = self._kind.name
        known = {
            one: {name: subject.to_dict(), "since": since} for one, (subject, since) in self.known.items()
        }
        told: dict[str, Any] = {
            "format": _FORMAT,
            "kind": name,
            "known": known,
            "ended": sorted(self.ended),
            "at": self._at,
        }
        if self._of_all:
            told["over"] = {one: None if last is None else last.to_dict() for one, last in self.over.items()}
            told["newest"] = self.newest.isoformat() if self.newest else None
        return json.dumps(told)

    def _read(self, token: str) -> None:
        name = self._kind.name
        try:
            told: dict[str, Any] = json.loads(token)
            if told["format"] != _FORMAT:
                raise InvalidArgumentError(f"resume is a token of another format: {told['format']!r}")
            if told.get("kind", "task") != name:
                raise InvalidArgumentError(
                    f"resume is the token of a watch of {told['kind']}s, not of {name}s"
                )
            self.ended = {str(one) for one in told["ended"]}
            self._at = _position(told.get("at"))
            newest = told.get("newest")
            self.newest = None if newest is None else datetime.fromisoformat(newest)
            read = partial(validate_leniently, _model_of(name))
            self.over.update(
                (one, None if last is None else read(last)) for one, last in told.get("over", {}).items()
            )
            for one, entry in told["known"].items():
                subject = read(entry[name])
                self.known[one] = (subject, _position(entry["since"]))
                self._resumed[one] = Machine(self._kind, one, subject)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, ValidationError) as error:
            if isinstance(error, InvalidArgumentError):
                raise
            raise InvalidArgumentError("resume must be the `token` of a watch") from None


def _position(given: Any) -> Position | None:
    return None if given is None else (str(given[0]), int(given[1]))


def _model_of(kind: str) -> TypeAdapter[Any]:
    if kind == "task":
        return TypeAdapter(Task)
    # Most watches are of tasks: the others' models are read when they are needed.
    from ..models.agent import Agent
    from ..models.project import Project

    return TypeAdapter(Agent if kind == "agent" else Project)
