"""Changes of agents, and what the changes of tasks make of them: counts, and a status that follows from the
work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from coordinaitor_sdk.server.changes import work
from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.domain.agent_choice import status_of
from coordinaitor_sdk.server.domain.task import TaskRow
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.events import emit
from coordinaitor_sdk.server.store import agents
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


def create_agent(change: Change, given: Mapping[str, Any]) -> Row[Any]:
    """Store a new agent of the `given` columns, which lack nothing that the API takes; the agent."""
    agent: dict[str, Any] = {
        "id": change.new_id("agent"),
        "status": "available",
        "enabled": 1,
        "completed_count": 0,
        "failed_count": 0,
        "response_seconds": 0.0,
        "response_count": 0,
        "created_at": change.stamp,
        "last_active_at": None,
        **given,
    }
    agents.add(change, agent)
    new = _require_agent(change, agent["id"])
    _emit(change, "agent.created", new)
    work.agent_changed(change, new.id)
    return new


def update_agent(change: Change, agent_id: str, given: Mapping[str, Any]) -> Row[Any]:
    """Change the `given` columns of an agent; when nothing differs, nothing happens. The agent after it.

    Raises:
        NotFoundError: there is no such agent.
    """
    row = _require_agent(change, agent_id)
    new = _apply(change, row, agents.columns(given))
    if new is not row:
        work.agent_changed(change, agent_id)
    return new


def enable_agent(change: Change, agent_id: str) -> Row[Any]:
    """Let an agent work; one that may already stays as it is. The agent after it.

    Raises:
        NotFoundError: there is no such agent.
    """
    return update_agent(change, agent_id, {"enabled": 1, "disabled_reason": None})


def disable_agent(change: Change, agent_id: str, reason: str | None) -> Row[Any]:
    """Let an agent do nothing; one that may not already can get another reason. The agent after it.

    Raises:
        NotFoundError: there is no such agent.
    """
    given: dict[str, Any] = {"enabled": 0}
    if reason is not None:
        given["disabled_reason"] = reason
    return update_agent(change, agent_id, given)


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
    if row is not None:
        _apply(change, row, {})


def _apply(change: Change, row: Row[Any], values: Mapping[str, Any]) -> Row[Any]:
    """Give an agent the values that differ and the status that follows; the agent after it."""
    differing = {name: value for name, value in values.items() if value != getattr(row, name)}
    status = status_of(
        row.status,
        row.active,
        differing.get("max_concurrent_tasks", row.max_concurrent_tasks),
        enabled=bool(differing.get("enabled", row.enabled)),
    )
    if status != row.status:
        differing["status"] = status
    if not differing:
        return row
    agents.save(change, row.id, differing | {"version": row.version + 1})
    new = _require_agent(change, row.id)
    _emit(change, "agent.updated", new)
    if new.status != row.status:
        _emit(change, "agent.status_changed", new)
    return new


def _require_agent(change: Change, agent_id: str) -> Row[Any]:
    row = agents.load(change.sql, change.world.id, agent_id)
    if row is None:
        raise NotFoundError(f"Agent {agent_id} does not exist")
    return row


def _emit(change: Change, name: str, row: Row[Any]) -> None:
    keys = {"agentId": row.id, "type": row.type, "status": row.status}
    emit(change, name, channel="agents", subject=row.id, keys=keys, data=dumps(agents.wire(row)))
