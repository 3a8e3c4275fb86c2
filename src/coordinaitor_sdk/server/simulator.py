"""Simulated agents: they take tasks that were created or assigned through the API and work them to the end.

Everything that they do is a change like a user's, made by due work: a killed server's agents go on where
they were. The rules (who takes what, how long it takes) are in `domain`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Integer, and_, bindparam, exists, func, literal, select

from coordinaitor_sdk.server.changes import tasks as task_changes
from coordinaitor_sdk.server.changes.work import (
    HOURS,
    LOOK,
    START,
    STEP,
    look_soon,
    look_when_hours_begin,
    script_of,
)
from coordinaitor_sdk.server.domain.agent_choice import Candidate, choose_agent
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.domain.work import (
    DEFAULT_HOURS,
    Failure,
    Step,
    failing,
    goes_on,
    next_step,
    plan,
)
from coordinaitor_sdk.server.scheduler import Due, Handler, is_scheduled, schedule
from coordinaitor_sdk.server.store import agents, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.logs import Level, log
from coordinaitor_sdk.server.store.sql import Statement
from coordinaitor_sdk.server.worlds import World

MOST_TOLD: Final = 10_000
"""Waiting tasks of a scenario among which work for free agents is looked for."""

_t = tables.tasks
_d = tables.due
_workable = and_(_t.c.world == bindparam("world"), _t.c.workable == literal(1))
_first_first = (_t.c.priority.desc(), _t.c.created_at, _t.c.id)
_most = bindparam("most", type_=Integer)
_has_step = exists().where(_d.c.world == _t.c.world, _d.c.kind == literal(STEP), _d.c.subject == _t.c.id)
_of_agent = _t.c.agent_id == bindparam("agent_id")

_WORKING = Statement(
    select(_t.c.agent_id, func.count())
    .select_from(_d.join(_t, and_(_t.c.world == _d.c.world, _t.c.id == _d.c.subject)))
    .where(_d.c.world == bindparam("world"), _d.c.kind == literal(STEP))
    .group_by(_t.c.agent_id)
)
_LEFT = Statement(
    select(_t.c.id)
    .where(_workable, _t.c.status == literal("active"), _of_agent, ~_has_step)
    .order_by(*_first_first)
    .limit(_most)
)
_ASSIGNED = Statement(
    select(_t.c.id)
    .where(_workable, _t.c.status == literal("pending"), _of_agent)
    .order_by(*_first_first)
    .limit(_most)
)
_FREE = Statement(
    select(_t.c.id, _t.c.tags)
    .where(_workable, _t.c.status == literal("pending"), _t.c.agent_id.is_(None))
    .order_by(*_first_first)
    .limit(_most)
)


def look_for_work(change: Change, _due: Due) -> None:
    """Each agent on duty with a free slot goes on with, starts or takes work: its own first, high priority
    before low.
    """
    world = change.world.id
    known = [agent for agent in agents.candidates(change.sql, world) if _is_on_duty(change, agent)]
    working = {row[0]: row[1] for row in change.sql.all(_WORKING, world=world)}
    for agent in known:
        _go_on(change, agent, agent.limit - working.get(agent.id, 0))
        _start_own(change, agent)
    slots = sum(agent.free_slots for agent in known)
    for row in change.sql.all(_FREE, world=world, most=_most_of(change, slots)):
        if _is_told(change, row.id):
            continue
        chosen = choose_agent(json.loads(row.tags), known)
        if chosen is not None:
            _start(change, chosen, row.id, {"agent_id": chosen.id, "status": "active"})


def start_as_told(change: Change, due: Due) -> None:
    """Start a task at the moment that the scenario says, whatever its agent's hours and limits."""
    task = task_changes.require_task(change, due.subject)
    script = script_of(change, task)
    if script is None:
        look_soon(change)  # it was renamed since
    elif start(change, task, script.agent) is None:
        log(change, "warn", "agents", f"nobody can start {task.id}: there is no agent that is enabled")


def start(change: Change, task: TaskRow, wanted: str | None = None) -> TaskRow | None:
    """Let a task be worked now: by its agent, else by the `wanted` one, else by who fits best, free or not;
    None where there is nobody.
    """
    world = change.world.id
    agent_id = task.agent_id
    if agent_id is None and wanted is not None and agents.load(change.sql, world, wanted) is not None:
        agent_id = wanted
    if agent_id is None:
        known = [
            replace(each, limit=each.active + each.limit) for each in agents.candidates(change.sql, world)
        ]
        chosen = choose_agent(json.loads(task.tags), known)
        if chosen is None:
            return None
        agent_id = chosen.id
    given = {"agent_id": agent_id, "status": "active"}
    log(change, "info", "agents", f"{agent_id} started {task.id}")
    started = task_changes.update_task(change, agent_id, task.id, given)
    begin(change, started)
    return started


def take_step(change: Change, due: Due) -> None:
    """Bring a task one step further, to its end or to its failure; let it rest while its agent does."""
    task = task_changes.require_task(change, due.subject)
    if script_of(change, task) is None:
        agent = agents.candidate(change.sql, change.world.id, task.agent_id or "")
        if agent is None or not _is_on_duty(change, agent):
            return  # the look that follows when it may work again finds the task without a step
    go_further(change, task, due.payload["step"])


def go_further(change: Change, task: TaskRow, index: int) -> TaskRow:
    """Do one of the steps of an active task, and plan the next; the task after it."""
    steps = plan_of(change, task)
    if index >= len(steps):
        return task  # it was renamed since, to a title of which the scenario tells less
    step = steps[index]
    hours = round(task.actual_hours + _share(task, steps, index), 2)
    given: dict[str, Any] = {"progress": max(task.progress, step.progress), "actual_hours": hours}
    if step.failure is not None:
        given |= failed(step.failure) | {"progress": task.progress}
    elif step.progress >= 1:
        given["status"] = "completed"
    elif index + 1 < len(steps):
        _schedule_step(change, task.id, steps, index + 1)
    return note_end(change, task, task_changes.update_task(change, task.agent_id or "", task.id, given))


def failed(failure: Failure) -> dict[str, Any]:
    """What a failure changes of a task."""
    return {"status": "failed", "error_code": failure.code, "error_message": failure.message}


def note_end(change: Change, before: TaskRow, after: TaskRow) -> TaskRow:
    """Log it if a task came to its end; the task."""
    if after.status != before.status:
        level: Level = "error" if after.status == "failed" else "info"
        log(change, level, "agents", f"{after.agent_id} {after.status} {after.id}")
    return after


HANDLERS: Final[dict[str, Handler]] = {
    LOOK: look_for_work,
    HOURS: look_for_work,
    STEP: take_step,
    START: start_as_told,
}


def rests(world: World) -> frozenset[str]:
    """Which of this work stays undone in a world whose agents don't work by themselves."""
    return frozenset() if world.work.agents == "simulate" else frozenset(HANDLERS)


def _is_on_duty(change: Change, agent: Candidate) -> bool:
    """Whether the agent works now; if not, there will be a look when its hours begin."""
    if agent.hours is None or not change.world.keep_hours or agent.is_on_duty(change.now):
        return True
    look_when_hours_begin(change, agent.id, agent.hours)
    return False


def _go_on(change: Change, agent: Candidate, slots: int) -> None:
    """Take up active tasks of the agent that nobody works: reassigned ones, or such that a user made
    active.
    """
    most = _most_of(change, max(0, slots))
    for row in change.sql.all(_LEFT, world=change.world.id, agent_id=agent.id, most=most):
        if slots > 0 and begin(change, task_changes.require_task(change, row.id)):
            slots -= 1


def _start_own(change: Change, agent: Candidate) -> None:
    most = _most_of(change, agent.free_slots)
    for row in change.sql.all(_ASSIGNED, world=change.world.id, agent_id=agent.id, most=most):
        if not _is_told(change, row.id) and agent.free_slots > 0:
            _start(change, agent, row.id, {"status": "active"})


def _most_of(change: Change, slots: int) -> int:
    """How many tasks are looked at for so many free slots: those of a scenario take none."""
    return slots if change.world.work.scenario is None else slots + MOST_TOLD


def _is_told(change: Change, task_id: str) -> bool:
    """Whether a scenario says when a waiting task is started; if that moment found nobody, it is now."""
    if change.world.work.scenario is None:
        return False
    task = task_changes.require_task(change, task_id)
    script = script_of(change, task)
    if script is None:
        return False
    if script.start_after(0) is not None and not is_scheduled(change, START, task_id):
        start(change, task, script.agent)
    return True


def _start(change: Change, agent: Candidate, task_id: str, given: dict[str, Any]) -> None:
    agent.active += 1
    log(change, "info", "agents", f"{agent.id} started {task_id}")
    begin(change, task_changes.update_task(change, agent.id, task_id, given))


def begin(change: Change, task: TaskRow) -> bool:
    """Plan the next step of an active task; False when there is none: a scenario leaves it as it is."""
    steps = plan_of(change, task)
    if not goes_on(steps, task.progress):
        return False
    _schedule_step(change, task.id, steps, next_step(steps, task.progress))
    return True


def _schedule_step(change: Change, task_id: str, steps: list[Step], index: int) -> None:
    after = steps[index].after / change.world.pace
    schedule(change, STEP, after=after, subject=task_id, payload={"step": index})


def plan_of(change: Change, task: TaskRow) -> list[Step]:
    """The steps of a task, from the first to its end: the scenario's, else drawn."""
    if (script := script_of(change, task)) is not None:
        return script.plan()
    # Drawn anew each time from the world's seed and the task's id: nothing to store, the same after a
    # restart.
    world = change.world
    steps = plan(task.estimated_hours, world.random("work", task.id))
    return failing(steps, json.loads(task.tags), world.work.failure_rate, world.random("failure", task.id))


def _share(task: TaskRow, steps: list[Step], index: int) -> float:
    """The hours of one step, so rounded that all steps together make the estimate."""
    hours = DEFAULT_HOURS if task.estimated_hours is None else task.estimated_hours
    whole = sum(step.after for step in steps)
    until, before = (sum(step.after for step in steps[:count]) / whole for count in (index + 1, index))
    return round(hours * until, 2) - round(hours * before, 2)
