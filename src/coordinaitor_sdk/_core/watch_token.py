"""Where a watch stands, as text: another process takes it up from there (DESIGN 4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from ..exceptions import InvalidArgumentError
from ..models.task import Task
from .repair import validate_leniently
from .watch import TaskMachine

if TYPE_CHECKING:
    from .watch import Position, TaskUpdate

_FORMAT: Final = 1


class Standing:
    """What a consumer has been told: the last update of each task, and which tasks have ended."""

    def __init__(self, token: str | None = None) -> None:
        """Begin anew, or where a token was made.

        Raises:
            InvalidArgumentError: it is no token.
        """
        self.known: dict[str, tuple[Task, Position | None]] = {}
        self.ended: set[str] = set()
        self._resumed: dict[str, TaskMachine] = {}
        if token is not None:
            self._read(token)

    def filtered(self, update: TaskUpdate) -> TaskUpdate | None:
        """The update as it goes on from the token; None where the token's maker was told of it already."""
        machine = self._resumed.get(update.task_id)
        if machine is None or update.task is None or update.is_final:
            return update
        known = self.known.get(update.task_id)
        before, now = known[1] if known else None, update.position
        if before is not None and now is not None and before[0] != now[0]:
            machine.rebase()
        source = "snapshot" if update.source == "push" else update.source
        step = machine.see(update.task, source)
        if step is None:
            return None
        del self._resumed[update.task_id]
        return replace(update, type=step.type, conflated=step.conflated)

    def told(self, update: TaskUpdate) -> None:
        """The consumer has this update."""
        if update.is_final:
            self.known.pop(update.task_id, None)
            self.ended.add(update.task_id)
        elif update.task is not None:
            self.known[update.task_id] = (update.task, update.position)

    def token(self) -> str:
        """A JSON text from which `Standing` can be made again; the whole state of each task is in it."""
        known = {
            task_id: {"task": task.to_dict(), "since": since} for task_id, (task, since) in self.known.items()
        }
        return json.dumps({"format": _FORMAT, "known": known, "ended": sorted(self.ended)})

    def _read(self, token: str) -> None:
        try:
            told: dict[str, Any] = json.loads(token)
            if told["format"] != _FORMAT:
                raise InvalidArgumentError(f"resume is a token of another format: {told['format']!r}")
            self.ended = {str(task_id) for task_id in told["ended"]}
            for task_id, entry in told["known"].items():
                since = entry["since"]
                task = validate_leniently(TypeAdapter(Task), entry["task"])
                self.known[task_id] = (task, None if since is None else (str(since[0]), int(since[1])))
                self._resumed[task_id] = TaskMachine(task_id, task)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, ValidationError) as error:
            if isinstance(error, InvalidArgumentError):
                raise
            raise InvalidArgumentError("resume must be the `token` of a watch") from None
