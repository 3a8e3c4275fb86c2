"""All tasks of a kind, known by pushes and by sweeps over the list: which steps follow (DESIGN 4)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .watch import TERMINAL_STATES, TaskMachine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..models.task import Task
    from .watch import Position, Source, TaskUpdate

# A task that ended is remembered, so that a late sight of it is no new task; the oldest are forgotten.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which tasks; None leaves a field open."""

    project_id: str | None = None
    agent_id: str | None = None
    status: str | None = None
    priority: str | None = None

    def met_by(self, task: Task) -> bool:
        """Whether the task is one of them."""
        return all(wanted is None or wanted == getattr(task, name) for name, wanted in self.given().items())

    def given(self) -> dict[str, str | None]:
        """The fields by name, as the list of tasks takes them."""
        return {
            "project_id": self.project_id,
            "agent_id": self.agent_id,
            "status": self.status,
            "priority": self.priority,
        }


class CrowdMachine:
    """What is known of the tasks that meet the criteria.

    One that no longer meets them is told once more, and then no longer. Those that had ended before the watch
    began are told only where the criteria name a state.
    """

    def __init__(self, criteria: Criteria) -> None:
        self.criteria = criteria
        self._machines: dict[str, TaskMachine] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._horizon: datetime | None = None
        self._swept = False

    def __len__(self) -> int:
        return len(self._machines)

    def see(self, task: Task, source: Source, position: Position | None = None) -> TaskUpdate | None:
        """Take a sight of a task."""
        task_id = str(task.id)
        machine = self._machines.get(task_id)
        if machine is None and (task_id in self._gone or not self._is_new(task, source)):
            return None
        machine = machine or TaskMachine(task_id)
        update = machine.see(task, source, position)
        if update is not None and update.is_final:
            self._forget(task_id)
        elif machine.task is not None and self.criteria.met_by(machine.task):
            self._machines[task_id] = machine
        else:
            self._machines.pop(task_id, None)
        return update

    def see_deleted(
        self, task_id: str, source: Source, position: Position | None = None
    ) -> TaskUpdate | None:
        """Take the news that a task is gone."""
        machine = self._machines.get(task_id)
        if machine is None:
            return None
        self._forget(task_id)
        return machine.see_deleted(source, position)

    def rebase(self) -> None:
        """The server's history is another one now."""
        self._horizon = None
        self._gone.clear()
        for machine in self._machines.values():
            machine.rebase()

    def swept(self, tasks: Sequence[Task]) -> list[str]:
        """A whole sweep has been seen; the ids of known tasks that it didn't bring."""
        self._swept = True
        moments = [task.updated_at for task in tasks if task.updated_at is not None]
        try:
            self._horizon = max([*moments, *([self._horizon] if self._horizon else [])], default=None)
        except TypeError:  # odd dates
            self._horizon = None
        return sorted(self._machines.keys() - {str(task.id) for task in tasks})

    def _is_new(self, task: Task, source: Source) -> bool:
        if not self.criteria.met_by(task):
            return False
        if str(task.status).lower() not in TERMINAL_STATES or source == "push":
            return True
        return self._is_recent(task) if self._swept else self.criteria.status is not None

    def _is_recent(self, task: Task) -> bool:
        try:
            return None not in {self._horizon, task.updated_at} and task.updated_at > self._horizon  # type: ignore[operator]
        except TypeError:
            return False

    def _forget(self, task_id: str) -> None:
        self._machines.pop(task_id, None)
        self._gone[task_id] = None
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)
