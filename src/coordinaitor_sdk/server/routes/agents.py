"""`/agents` (API document, "Agent Endpoints")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes import agents as changes
from coordinaitor_sdk.server.context import Call, ReadAgents, ReadTasks, WriteAgents
from coordinaitor_sdk.server.domain.permissions import require
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import (
    AgentCreate,
    AgentGetQuery,
    AgentListQuery,
    AgentSwitch,
    AgentTasksQuery,
    AgentUpdate,
    NoQuery,
)
from coordinaitor_sdk.server.schemas.reading import read_body, read_query
from coordinaitor_sdk.server.store import agent_work, agents
from coordinaitor_sdk.server.store.task_list import TaskFilter, first_of, page_of
from coordinaitor_sdk.server.wire import dumps, members, task_json

router: APIRouter = APIRouter(prefix="/agents")

MOST_INCLUDED = 100
"""Tasks and log entries that `include` adds, at most."""


@router.get("")
@operation("Agent", form="page", query=AgentListQuery)
async def list_agents(call: ReadAgents, request: Request) -> Response:
    """A page of the agents that pass every filter given."""
    query = read_query(request, AgentListQuery)
    rows, total = agents.page_of(
        call.sql,
        call.world.id,
        equals=query.equals(),
        capabilities=tuple(query.capabilities),
        available=query.available,
        limit=query.limit,
        offset=query.offset,
    )
    return call.page([_json(row) for row in rows], total, query)


@router.post("")
@operation("Agent", status=201, body=AgentCreate)
async def create_agent(call: WriteAgents, request: Request) -> Response:
    """Create an agent; 201."""
    body = await read_body(request, AgentCreate)
    return await call.respond(lambda change: _json(changes.create_agent(change, body.columns())), 201)


@router.get("/{agent_id}")
@operation("AgentDetail", query=AgentGetQuery, failures=(404,))
async def get_agent(call: ReadAgents, request: Request, agent_id: str) -> Response:
    """An agent, with the related data asked for."""
    query = read_query(request, AgentGetQuery)
    if "tasks" in query.include or "logs" in query.include:
        require(call.principal, "tasks:read")
    with call.sql.snapshot():
        row = _require(call, agent_id)
        extra = "".join(_related(call, row, name) for name in query.include)
    return call.answer(_json(row, extra))


@router.put("/{agent_id}")
@operation("Agent", body=AgentUpdate, failures=(404,))
async def update_agent(call: WriteAgents, request: Request, agent_id: str) -> Response:
    """Change the fields given; those left out stay."""
    body = await read_body(request, AgentUpdate)
    row = await call.write(lambda change: changes.update_agent(change, agent_id, body.columns()))
    return call.answer(_json(row))


@router.post("/{agent_id}/enable")
@operation("Agent", body=AgentSwitch, body_optional=True, failures=(404,))
async def enable_agent(call: WriteAgents, request: Request, agent_id: str) -> Response:
    """Let an agent work; the reason is not kept."""
    await _switch(request)
    return await call.respond(lambda change: _json(changes.enable_agent(change, agent_id)))


@router.post("/{agent_id}/disable")
@operation("Agent", body=AgentSwitch, body_optional=True, failures=(404,))
async def disable_agent(call: WriteAgents, request: Request, agent_id: str) -> Response:
    """Let an agent rest, for the reason given."""
    body = await _switch(request)
    return await call.respond(lambda change: _json(changes.disable_agent(change, agent_id, body.reason)))


@router.get("/{agent_id}/tasks")
@operation("Task", form="page", query=AgentTasksQuery, failures=(404,))
async def list_agent_tasks(call: ReadTasks, request: Request, agent_id: str) -> Response:
    """A page of the tasks assigned to an agent, newest first."""
    query = read_query(request, AgentTasksQuery)
    _require(call, agent_id)
    wanted = TaskFilter(agent_id=agent_id, status=query.status)
    found, total = page_of(call.sql, call.world.id, wanted, limit=query.limit, offset=query.offset)
    return call.page([task_json(task) for task in found], total, query)


@router.get("/{agent_id}/metrics")
@operation("AgentMetrics", query=NoQuery, failures=(404,))
async def get_agent_metrics(call: ReadAgents, request: Request, agent_id: str) -> Response:
    """What an agent did since its creation."""
    read_query(request, NoQuery)
    with call.sql.snapshot():
        row = _require(call, agent_id)
        metrics = agent_work.metrics(call.sql, call.world.id, row, call.world.clock.now())
    return call.answer(dumps(metrics))


def _require(call: Call, agent_id: str) -> Row[Any]:
    row = agents.load(call.sql, call.world.id, agent_id)
    if row is None:
        raise NotFoundError(f"Agent {agent_id} does not exist")
    return row


def _json(row: Row[Any], extra: str = "") -> str:
    """An agent's JSON text, with further members, each with its leading comma."""
    return f"{dumps(agents.wire(row))[:-1]}{extra}}}"


async def _switch(request: Request) -> AgentSwitch:
    return await read_body(request, AgentSwitch) if await request.body() else AgentSwitch()


def _related(call: Call, row: Row[Any], name: str) -> str:
    world = call.world
    match name:
        case "tasks":
            found = first_of(call.sql, world.id, TaskFilter(agent_id=row.id), MOST_INCLUDED)
            return f',"tasks":[{",".join(task_json(task) for task in found)}]'
        case "metrics":
            metrics = agent_work.metrics(call.sql, world.id, row, world.clock.now())
            return members({"metrics": metrics})
        case _:
            return members({"logs": agent_work.logs(call.sql, world.id, row.id, MOST_INCLUDED)})
