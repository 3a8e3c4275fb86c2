"""What agents did, as it is sent: queries over tasks and their history."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, bindparam, func, literal, literal_column, select, union

from coordinaitor_sdk.server.clock import moment_of, stamp
from coordinaitor_sdk.server.domain.agent_metrics import Transition, activity_of, hours_of, mean_hours, share
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.agents import average_response
from coordinaitor_sdk.server.store.sql import Sql, Statement
from coordinaitor_sdk.server.wire import plain

_t = tables.tasks
_h = tables.history
_in_world = _h.c.world == bindparam("world")
_of_agent = (_t.c.world == bindparam("world"), _t.c.agent_id == bindparam("agent_id"))

_COUNTS = Statement(select(_t.c.status, func.count()).where(*_of_agent).group_by(_t.c.status))
_WORKED = Statement(
    select(_t.c.started_at, _t.c.completed_at).where(
        *_of_agent,
        _t.c.status == literal("completed"),
        _t.c.started_at.is_not(None),
        _t.c.completed_at.is_not(None),
    )
)
# Written out, as in the index's condition: with a parameter SQLite would not use the index.
_was_assigned = _h.c.action == literal_column("'assigned'")
_TASKS = union(
    select(_t.c.id).where(*_of_agent),
    select(_h.c.task_id).where(_in_world, _was_assigned, _h.c.new == bindparam("assigned")),
)
_TRANSITIONS = Statement(
    select(_h.c.task_id, _t.c.agent_id, _h.c.action, _h.c.old, _h.c.new, _h.c.at)
    .select_from(_h.join(_t, (_t.c.world == _h.c.world) & (_t.c.id == _h.c.task_id)))
    .where(
        _in_world,
        _h.c.task_id.in_(_TASKS),
        _h.c.action.in_([literal_column("'assigned'"), literal_column("'status_changed'")]),
    )
    .order_by(_h.c.task_id, _h.c.at, func.length(_h.c.id), _h.c.id)
)
_DONE = Statement(
    select(_h.c.task_id, _h.c.action, _h.c.field, _h.c.new, _h.c.at)
    .where(_in_world, _h.c.actor == bindparam("agent_id"))
    .order_by(_h.c.at.desc(), func.length(_h.c.id).desc(), _h.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)

_MESSAGES = {
    "active": "Started the task",
    "completed": "Completed the task",
    "failed": "Failed at the task",
    "cancelled": "Cancelled the task",
}


def metrics(sql: Sql, world: str, agent: Row[Any], now: datetime) -> dict[str, Any]:
    """An agent's metrics from its creation to now, as they are sent; of one state of the database if called
    within a snapshot.
    """
    given = {"world": world, "agent_id": agent.id}
    counts = {row[0]: row[1] for row in sql.all(_COUNTS, **given)}
    completed, failed = counts.get("completed", 0), counts.get("failed", 0)
    activity = activity_of(agent.id, _transitions(sql, world, agent.id), now)
    whole = hours_of(now - moment_of(agent.created_at))
    return {
        "agentId": agent.id,
        "period": {"start": agent.created_at, "end": stamp(now)},
        "taskMetrics": {
            "totalTasks": sum(counts.values()),
            "completedTasks": completed,
            "failedTasks": failed,
            "cancelledTasks": counts.get("cancelled", 0),
            "successRate": plain(share(completed, completed + failed)),
            "averageCompletionTime": plain(mean_hours([tuple(row) for row in sql.all(_WORKED, **given)])),
        },
        # Null has no source here.
        "performanceMetrics": {
            "averageResponseTime": average_response(agent),
            "qualityScore": None,
            "customerSatisfaction": None,
            "codeQualityScore": None,
        },
        "utilizationMetrics": {
            "totalHours": plain(whole),
            "activeHours": plain(activity.hours()),
            "utilizationRate": plain(share(activity.hours(), whole)),
            "peakHours": activity.peak_hours(),
        },
    }


def logs(sql: Sql, world: str, agent_id: str, most: int) -> list[dict[str, Any]]:
    """The newest of what an agent did to tasks, as they are sent, newest first."""
    return [
        {
            "timestamp": row.at,
            "level": "error" if row.action == "status_changed" and row.new == '"failed"' else "info",
            "message": _message(row.action, row.field, json.loads(row.new)),
            "taskId": row.task_id,
        }
        for row in sql.all(_DONE, world=world, agent_id=agent_id, most=most)
    ]


def _transitions(sql: Sql, world: str, agent_id: str) -> list[Transition]:
    rows = sql.all(_TRANSITIONS, world=world, agent_id=agent_id, assigned=json.dumps(agent_id))
    return [
        Transition(row.task_id, row.agent_id, row.action, json.loads(row.old), json.loads(row.new), row.at)
        for row in rows
    ]


def _message(action: str, field: str | None, new: Any) -> str:
    if action == "assigned":
        return "Took the task"
    if action == "status_changed":
        return _MESSAGES[new]
    return f"Changed {field}"
