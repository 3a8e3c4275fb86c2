"""Which due work of simulated agents a change of a task makes or takes back."""

from __future__ import annotations

from typing import Final

from coordinaitor_sdk.server.domain.states import TERMINAL
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.domain.working_hours import WorkingHours
from coordinaitor_sdk.server.scheduler import is_scheduled, schedule, unschedule
from coordinaitor_sdk.server.schemas.scenario import Script
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.worlds import FIRST_NUMBER

LOOK: Final = "work.look"
"""The agents of the world look for work. At most one such row waits in a world."""

HOURS: Final = "work.hours"
"""The working hours of an agent begin: a look for work. Its subject is the agent."""

STEP: Final = "work.step"
"""The next step of a task being worked; its subject is the task."""

START: Final = "work.start"
"""A task is started whose start a scenario tells; its subject is the task."""

LOOK_AFTER: Final = 0.3
"""Seconds, at pace 1, until agents notice that there is work."""


def task_changed(change: Change, old: TaskRow | None, new: TaskRow | None) -> None:
    """Keep the due work true to a task that was created, changed or (`new` is None) deleted."""
    before, after = _worked_by(old), _worked_by(new)
    if old is not None and before is not None and before != after:
        unschedule(change, STEP, old.id)
    waits = new is not None and new.workable == 1 and _is_new_work(old, new)
    if old is not None and (waits or new is None or new.status != "pending"):
        unschedule(change, START, old.id)
    if new is not None and waits and (script := script_of(change, new)) is not None:
        _start_as_told(change, new, script)
    elif waits or (before is not None and before != after):
        look_soon(change)


def script_of(change: Change, task: TaskRow) -> Script | None:
    """What the world's scenario says of a task."""
    scenario = change.world.work.scenario
    if scenario is None or task.workable != 1:
        return None
    number = task.id.rpartition("-")[2]
    return scenario.script_of(task.id, task.title, int(number) - FIRST_NUMBER + 1 if number.isdigit() else 0)


def _start_as_told(change: Change, task: TaskRow, script: Script) -> None:
    if task.status == "active":
        look_soon(change)  # an agent goes on with it
        return
    after = script.start_after(LOOK_AFTER)
    if after is not None:
        schedule(change, START, after=after / change.world.pace, subject=task.id)


def agent_changed(change: Change, agent_id: str) -> None:
    """Keep the due work true to an agent that was created or changed."""
    unschedule(change, HOURS, agent_id)
    look_soon(change)


def look_when_hours_begin(change: Change, agent_id: str, hours: WorkingHours) -> None:
    """Let the agents look for work when the next hours of one that rests begin."""
    if not is_scheduled(change, HOURS, agent_id):
        wait = hours.next_start(change.now) - change.now
        schedule(change, HOURS, after=wait.total_seconds(), subject=agent_id)


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
