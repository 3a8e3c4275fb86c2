"""The journal of a world."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.faults.kinds import unknown
from coordinaitor_sdk.server.faults.naming import names
from coordinaitor_sdk.server.routes.control.access import answer, control_of
from coordinaitor_sdk.server.schemas.faults import JournalQuery
from coordinaitor_sdk.server.schemas.reading import read_query

router: APIRouter = APIRouter()


@router.get("/worlds/{world}/journal")
async def show_journal(request: Request, world: str) -> Response:
    """The requests of a world with their answers, oldest first."""
    wanted = read_query(request, JournalQuery)
    if wanted.operation is not None and wanted.operation not in names():
        raise ValidationFailedError({"operation": [unknown("operation", wanted.operation, sorted(names()))]})
    control = control_of(request)
    return answer(await control.journal.told(control.require(world), wanted))


@router.delete("/worlds/{world}/journal")
async def clear_journal(request: Request, world: str) -> Response:
    """Drop what is kept of a world; 204."""
    control = control_of(request)
    control.journal.clear(control.require(world))
    return Response(status_code=204)
