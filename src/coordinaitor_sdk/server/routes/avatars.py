"""`/avatars`: the pictures at the addresses that users carry. Whoever has the address may see the picture."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from coordinaitor_sdk.server.context import parts_of
from coordinaitor_sdk.server.domain.pictures import MEDIA_TYPES
from coordinaitor_sdk.server.errors import NotFoundError
from coordinaitor_sdk.server.store import users

router: APIRouter = APIRouter(prefix="/avatars")

# Another picture has another address; nosniff: what a browser makes of it is what it was checked to be.
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/{world_id}/{name}")
async def avatar(request: Request, world_id: str, name: str) -> Response:
    """The picture."""
    parts = parts_of(request)
    if not users.has_avatar(parts.store.read, world_id, name):
        raise NotFoundError("There is no such picture")
    kind = name.rpartition(".")[2]
    path = parts.files.path_of("avatars", world_id, name)
    return FileResponse(path, media_type=MEDIA_TYPES[kind], headers=_HEADERS)
