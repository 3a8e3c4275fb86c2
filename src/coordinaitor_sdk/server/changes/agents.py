"""What the changes of tasks make of agents: counts, and a status that follows from the work."""

from __future__ import annotations

from datetime import datetime

from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.domain.agent_choice import status_of
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.store import agents
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


def task_changed(change: Change, old: TaskRow, new: TaskRow | None) -> None:
    """Bring the agents concerned up to date; `new` is None for a deletion."""
    if new is not None and new.agent_id is not None:
        _count(change, old, new, new.agent_id)
    before = old.agent_id if old.status == "active" else None
    after = new.agent_id if new is not None and new.status == "active" else None
    if before != after:
        for agent_id in sorted({agent_id for agent_id in (before, after) if agent_id is not None}):
            _follow_work(change, agent_id)


def _count(change: Change, old: TaskRow, new: TaskRow, agent_id: str) -> None:
    # A task that an agent took by itself has waited for nobody.
    started = new.status == "active" and old.status == "pending" and old.agent_id == agent_id
    waited = _seconds(new.assigned_at, change.now) if started else 0.0
    entered = new.status if new.status != old.status else None
    agents.note_activity(
        change,
        agent_id,
        completed=int(entered == "completed"),
        failed=int(entered == "failed"),
        responses=int(started),
        seconds=waited,
    )


def _seconds(since: str | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - moment_of(since)).total_seconds())


def _follow_work(change: Change, agent_id: str) -> None:
    row = agents.load(change.sql, change.world.id, agent_id)
    if row is None:
        return
    status = status_of(row.status, row.active, row.max_concurrent_tasks)
    if status == row.status:
        return
    agents.set_status(change, agent_id, status)
    data = agents.wire(row) | {"status": status}
    keys = {"agentId": agent_id, "type": row.type, "status": status}
    emit(change, "agent.status_changed", channel="agents", subject=agent_id, keys=keys, data=dumps(data))
