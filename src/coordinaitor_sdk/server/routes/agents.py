"""`/agents` (API document, "Agent Endpoints")."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import ReadAgents
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.agents import AgentListQuery, NoQuery
from coordinaitor_sdk.server.schemas.reading import read_query
from coordinaitor_sdk.server.store import agents
from coordinaitor_sdk.server.wire import dumps

router = APIRouter(prefix="/agents")


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
    return call.page([dumps(agents.wire(row)) for row in rows], total, query)


@router.get("/{agent_id}")
@operation("Agent", query=NoQuery, failures=(404,))
async def get_agent(call: ReadAgents, request: Request, agent_id: str) -> Response:
    """An agent."""
    read_query(request, NoQuery)
    row = agents.load(call.sql, call.world.id, agent_id)
    if row is None:
        raise NotFoundError(f"Agent {agent_id} does not exist")
    return call.answer(dumps(agents.wire(row)))
