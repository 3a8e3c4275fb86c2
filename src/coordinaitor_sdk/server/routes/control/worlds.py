"""Worlds, and their time."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.routes.control.access import answer, control_of
from coordinaitor_sdk.server.schemas.control import TimeMove, WorldCreate
from coordinaitor_sdk.server.schemas.reading import read_body

router: APIRouter = APIRouter()


@router.get("/worlds")
async def list_worlds(request: Request) -> Response:
    """Every world."""
    return answer({"worlds": control_of(request).worlds()})


@router.post("/worlds")
async def create_world(request: Request) -> Response:
    """Make a world; 201, with the credentials of its admin. The body may be left out."""
    wanted = await read_body(request, WorldCreate) if await request.body() else WorldCreate()
    return answer(await control_of(request).create(wanted), 201)


@router.delete("/worlds/{world}")
async def delete_world(request: Request, world: str) -> Response:
    """Remove a world; 204."""
    await control_of(request).delete(world)
    return Response(status_code=204)


@router.post("/worlds/{world}/reset")
async def reset_world(request: Request, world: str) -> Response:
    """Put a world back to its seed."""
    return answer(await control_of(request).reset(world))


@router.post("/worlds/{world}/time")
async def move_time(request: Request, world: str) -> Response:
    """Stop, let go or advance the clock of a world; answered once all is done that fell due."""
    move = await read_body(request, TimeMove)
    return answer(await control_of(request).move_time(world, move))
