"""Simulated agents: they take tasks that were created or assigned through the API and work them to the end.

Everything that they do is a change like a user's, made by due work: a killed server's agents go on where
they were. The rules (who takes what, how long it takes) are in `domain`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Integer, and_, bindparam, exists, func, literal, select

from coordinaitor_sdk.server.changes import tasks as task_changes
from coordinaitor_sdk.server.changes.work import HOURS, LOOK, STEP, look_when_hours_begin
from coordinaitor_sdk.server.domain.agent_choice import Candidate, choose_agent
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.domain.work import (
    DEFAULT_HOURS,
    FAILURE_CODE,
    FAILURE_MESSAGE,
    Step,
    fails_at,
    next_step,
    plan,
)
from coordinaitor_sdk.server.scheduler import Due, Handler, schedule
from coordinaitor_sdk.server.store import agents, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.logs import Level, log
from coordinaitor_sdk.server.store.sql import Statement

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
    for row in change.sql.all(_FREE, world=world, most=slots):
        chosen = choose_agent(json.loads(row.tags), known)
        if chosen is not None:
            _start(change, chosen, row.id, {"agent_id": chosen.id, "status": "active"})


def take_step(change: Change, due: Due) -> None:
    """Bring a task one step further, to its end or to its failure; let it rest while its agent does."""
    task = task_changes.require_task(change, due.subject)
    agent = agents.candidate(change.sql, change.world.id, task.agent_id or "")
    if agent is None or not _is_on_duty(change, agent):
        return  # the look that follows when it may work again finds the task without a step
    steps = _plan(change, task)
    index: int = due.payload["step"]
    step = steps[index]
    hours = round(task.actual_hours + _share(task, steps, index), 2)
    progress = max(task.progress, step.progress)
    given: dict[str, Any] = {"progress": progress, "actual_hours": hours}
    if fails_at(json.loads(task.tags), step):
        given |= {
            "status": "failed",
            "progress": task.progress,
            "error_code": FAILURE_CODE,
            "error_message": FAILURE_MESSAGE,
        }
    elif index == len(steps) - 1:
        given["status"] = "completed"
    else:
        _schedule_step(change, task.id, steps, index + 1)
    ended = task_changes.update_task(change, agent.id, task.id, given)
    if ended.status != task.status:
        level: Level = "error" if ended.status == "failed" else "info"
        log(change, level, "agents", f"{agent.id} {ended.status} {task.id}")


HANDLERS: Final[dict[str, Handler]] = {LOOK: look_for_work, HOURS: look_for_work, STEP: take_step}


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
    rows = change.sql.all(_LEFT, world=change.world.id, agent_id=agent.id, most=max(0, slots))
    for row in rows:
        _begin(change, task_changes.require_task(change, row.id))


def _start_own(change: Change, agent: Candidate) -> None:
    rows = change.sql.all(_ASSIGNED, world=change.world.id, agent_id=agent.id, most=agent.free_slots)
    for row in rows:
        _start(change, agent, row.id, {"status": "active"})


def _start(change: Change, agent: Candidate, task_id: str, given: dict[str, Any]) -> None:
    agent.active += 1
    log(change, "info", "agents", f"{agent.id} started {task_id}")
    _begin(change, task_changes.update_task(change, agent.id, task_id, given))


def _begin(change: Change, task: TaskRow) -> None:
    steps = _plan(change, task)
    _schedule_step(change, task.id, steps, next_step(steps, task.progress))


def _schedule_step(change: Change, task_id: str, steps: list[Step], index: int) -> None:
    after = steps[index].after / change.world.pace
    schedule(change, STEP, after=after, subject=task_id, payload={"step": index})


def _plan(change: Change, task: TaskRow) -> list[Step]:
    # Drawn anew each time from the world's seed and the task's id: nothing to store, the same after a
    # restart.
    return plan(task.estimated_hours, change.world.random("work", task.id))


def _share(task: TaskRow, steps: list[Step], index: int) -> float:
    """The hours of one step, so rounded that all steps together make the estimate."""
    hours = DEFAULT_HOURS if task.estimated_hours is None else task.estimated_hours
    whole = sum(step.after for step in steps)
    until, before = (sum(step.after for step in steps[:count]) / whole for count in (index + 1, index))
    return round(hours * until, 2) - round(hours * before, 2)
