"""Agents moved by hand: a call of the control API is one move, and nothing moves between calls."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, bindparam, literal, select

from coordinaitor_sdk.server.changes import tasks as task_changes
from coordinaitor_sdk.server.changes.work import STEP, script_of
from coordinaitor_sdk.server.domain.states import TERMINAL
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.domain.work import DEFAULT_HOURS, goes_on, next_step
from coordinaitor_sdk.server.errors import ConflictError
from coordinaitor_sdk.server.scheduler import unschedule
from coordinaitor_sdk.server.schemas.agent_step import AgentStep
from coordinaitor_sdk.server.simulator import begin, failed, go_further, note_end, plan_of, start
from coordinaitor_sdk.server.store import agents, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Statement

_t = tables.tasks
_d = tables.due
_WAITING: Final = Statement(
    select(_t.c.id, _t.c.agent_id)
    .where(_t.c.world == bindparam("world"), _t.c.workable == literal(1), _t.c.status == literal("pending"))
    .order_by(_t.c.priority.desc(), _t.c.created_at, _t.c.id)
)
_DUE_FIRST: Final = Statement(
    select(_t.c.id)
    .select_from(_d.join(_t, and_(_t.c.world == _d.c.world, _t.c.id == _d.c.subject)))
    .where(_d.c.world == bindparam("world"), _d.c.kind == literal(STEP))
    .order_by(_d.c.due_at, _d.c.id)
    .limit(1)
)


def move(change: Change, order: AgentStep) -> TaskRow | None:
    """Move one task; the task after that, None when none was named and there is nothing to be done.

    Raises:
        NotFoundError: there is no such task.
        ConflictError: it has ended, there is no agent for it, or nothing comes next.
    """
    task = _next(change) if order.task is None else task_changes.require_task(change, order.task)
    if task is None:
        return None
    if task.status in TERMINAL:
        raise ConflictError(f"Task {task.id} is {task.status}, which is final: agents can't move it")
    waits = task.status == "pending" or task.agent_id is None
    if waits:
        task = _started(change, task)
    if order.says_nothing:
        return task if waits else _further(change, task)
    return _as_told(change, task, order)


def _next(change: Change) -> TaskRow | None:
    """The task that moves next: the first that waits for an agent with a free slot, else the active one whose
    step falls due first.
    """
    free = {agent.id for agent in agents.candidates(change.sql, change.world.id) if agent.free_slots > 0}
    for row in change.sql.all(_WAITING, world=change.world.id):
        if row.agent_id in free or (row.agent_id is None and free):
            task = task_changes.require_task(change, row.id)
            script = script_of(change, task)
            if script is None or script.start_after(0) is not None:
                return task
    found = change.sql.value(_DUE_FIRST, world=change.world.id)
    return None if found is None else task_changes.require_task(change, found)


def _started(change: Change, task: TaskRow) -> TaskRow:
    script = script_of(change, task)
    started = start(change, task, None if script is None else script.agent)
    if started is None:
        raise ConflictError(f"Nobody can start task {task.id}: make an agent, or enable one")
    return started


def _further(change: Change, task: TaskRow) -> TaskRow:
    steps = plan_of(change, task)
    if not goes_on(steps, task.progress):
        raise ConflictError(
            f"The scenario leaves task {task.id} as it is: give progress, complete or fail to move it"
        )
    unschedule(change, STEP, task.id)
    return go_further(change, task, next_step(steps, task.progress))


def _as_told(change: Change, task: TaskRow, order: AgentStep) -> TaskRow:
    given: dict[str, Any] = {}
    if order.fail is not None:
        given = failed(order.fail.made())
    else:
        progress = 1.0 if order.progress is None else order.progress
        hours = DEFAULT_HOURS if task.estimated_hours is None else task.estimated_hours
        given = {"progress": progress, "actual_hours": max(task.actual_hours, round(hours * progress, 2))}
        if order.complete:
            given["status"] = "completed"
    moved = task_changes.update_task(change, task.agent_id or "", task.id, given)
    if moved.status == "active":
        unschedule(change, STEP, task.id)
        begin(change, moved)
    return note_end(change, task, moved)
