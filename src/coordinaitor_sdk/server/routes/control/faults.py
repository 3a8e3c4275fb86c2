"""The faults of a world."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.routes.control.access import answer, control_of
from coordinaitor_sdk.server.schemas.faults import NewFault
from coordinaitor_sdk.server.schemas.reading import read_body

router: APIRouter = APIRouter()


@router.post("/worlds/{world}/faults")
async def add_fault(request: Request, world: str) -> Response:
    """Make a fault; 201."""
    wanted = await read_body(request, NewFault)
    control = control_of(request)
    return answer(control.faults.add(control.require(world), wanted), 201)


@router.get("/worlds/{world}/faults")
async def list_faults(request: Request, world: str) -> Response:
    """Every fault of a world with how often it matched and happened, and which never did."""
    control = control_of(request)
    return answer(control.faults.told(control.require(world)))


@router.delete("/worlds/{world}/faults")
async def clear_faults(request: Request, world: str) -> Response:
    """Delete all faults of a world; 204."""
    control = control_of(request)
    control.faults.clear(control.require(world))
    return Response(status_code=204)


@router.delete("/worlds/{world}/faults/{fault}")
async def remove_fault(request: Request, world: str, fault: str) -> Response:
    """Delete a fault; 204."""
    control = control_of(request)
    control.faults.remove(control.require(world), fault)
    return Response(status_code=204)
