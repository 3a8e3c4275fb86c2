"""Snapshots of worlds, forks, exports and imports."""

from __future__ import annotations

from typing import Final, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from coordinaitor_sdk.server.errors import BadRequestError, TooLargeError
from coordinaitor_sdk.server.routes.control.access import answer, control_of
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.schemas.snapshots import Fork, Import, Restore, SnapshotCreate
from coordinaitor_sdk.server.snapshots import Snapshots

LARGEST_IMPORT: Final = 512 * 1024 * 1024
"""Bytes; an export has files in it."""

M = TypeVar("M", bound=BaseModel)

router: APIRouter = APIRouter()


@router.get("/worlds/{world}/snapshots")
async def list_snapshots(request: Request, world: str) -> Response:
    """The snapshots of a world, oldest first."""
    return answer({"snapshots": _snapshots(request).of_world(world)})


@router.post("/worlds/{world}/snapshots")
async def take_snapshot(request: Request, world: str) -> Response:
    """Keep a world as it is; 201. The body may be left out."""
    wanted = await _read_optional(request, SnapshotCreate)
    return answer(await _snapshots(request).take(world, wanted.name), 201)


@router.delete("/worlds/{world}/snapshots/{name}")
async def delete_snapshot(request: Request, world: str, name: str) -> Response:
    """Remove a snapshot; 204."""
    await _snapshots(request).drop(world, name)
    return Response(status_code=204)


@router.post("/worlds/{world}/restore")
async def restore_snapshot(request: Request, world: str) -> Response:
    """Put a world back to a snapshot."""
    wanted = await read_body(request, Restore)
    return answer(await _snapshots(request).restore(world, wanted.snapshot))


@router.post("/worlds/{world}/fork")
async def fork_world(request: Request, world: str) -> Response:
    """Make a world that holds what another holds or held; 201, as for a new one. The body may be left out."""
    wanted = await _read_optional(request, Fork)
    return answer(await _snapshots(request).fork(world, wanted), 201)


@router.get("/worlds/{world}/export")
async def export_world(request: Request, world: str) -> Response:
    """A world as JSON Lines."""
    text = await _snapshots(request).export(world)
    return Response(text.encode(), media_type="application/jsonl")


@router.post("/worlds/import")
async def import_world(request: Request) -> Response:
    """Make a world of an export; 201, as for a new one."""
    announced = request.headers.get("content-length", "")
    if not announced.isdigit():
        raise BadRequestError("The request must say its Content-Length")
    if int(announced) > LARGEST_IMPORT:
        raise TooLargeError(f"The body is larger than {LARGEST_IMPORT} bytes")
    return answer(await _snapshots(request).read(await read_body(request, Import)), 201)


def is_import(scope: Scope) -> bool:
    """Whether that is a request whose body may be larger than others."""
    return (scope["method"], scope["path"]) == ("POST", "/_control/worlds/import")


def _snapshots(request: Request) -> Snapshots:
    return Snapshots(control_of(request))


async def _read_optional(request: Request, schema: type[M]) -> M:
    return await read_body(request, schema) if await request.body() else schema()
