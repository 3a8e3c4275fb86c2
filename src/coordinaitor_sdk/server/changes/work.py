"""Which due work of simulated agents a change of a task makes or takes back."""

from __future__ import annotations

from typing import Final

from coordinaitor_sdk.server.domain.states import TERMINAL
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.scheduler import is_scheduled, schedule, unschedule
from coordinaitor_sdk.server.store.change import Change

LOOK: Final = "work.look"
"""The agents of the world look for work. At most one such row waits in a world."""

STEP: Final = "work.step"
"""The next step of a task being worked; its subject is the task."""

LOOK_AFTER: Final = 0.3
"""Seconds, at pace 1, until agents notice that there is work."""


def task_changed(change: Change, old: TaskRow | None, new: TaskRow | None) -> None:
    """Keep the due work true to a task that was created, changed or (`new` is None) deleted."""
    before, after = _worked_by(old), _worked_by(new)
    if old is not None and before is not None and before != after:
        unschedule(change, STEP, old.id)
    waits = new is not None and new.workable == 1 and _is_new_work(old, new)
    if waits or (before is not None and before != after):
        look_soon(change)


def look_soon(change: Change) -> None:
    """Let the agents look for work shortly."""
    if not is_scheduled(change, LOOK):
        schedule(change, LOOK, after=LOOK_AFTER / change.world.pace)


def _worked_by(task: TaskRow | None) -> str | None:
    return task.agent_id if task is not None and task.status == "active" else None


def _is_new_work(old: TaskRow | None, new: TaskRow) -> bool:
    if new.status in TERMINAL:
        return False
    return old is None or (old.status, old.agent_id) != (new.status, new.agent_id)
