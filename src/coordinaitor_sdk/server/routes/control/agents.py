"""The agents of a world, moved by hand."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import JsonAnswer
from coordinaitor_sdk.server.routes.control.access import control_of
from coordinaitor_sdk.server.schemas.agent_step import AgentStep
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.wire import task_json

router: APIRouter = APIRouter()


@router.post("/worlds/{world}/agents/step")
async def step_agents(request: Request, world: str) -> Response:
    """Move one task; answered with it, or with null where there is nothing to be done. The body may be left
    out.
    """
    order = await read_body(request, AgentStep) if await request.body() else AgentStep()
    task = await control_of(request).step_agents(world, order)
    told = "null" if task is None else task_json(task)
    return JsonAnswer(f'{{"task":{told}}}'.encode())
