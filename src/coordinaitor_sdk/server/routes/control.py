"""`/_control`: worlds and their time, for tests; this machine only (docs/server.md, "Worlds and time for
tests").
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import JsonAnswer
from coordinaitor_sdk.server.control import Control
from coordinaitor_sdk.server.domain.addresses import is_loopback
from coordinaitor_sdk.server.errors import AuthorizationError
from coordinaitor_sdk.server.schemas.control import TimeMove, WorldCreate
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.wire import dumps

PREFIX: Final = "/_control"


def require_local(request: Request) -> None:
    """Pass requests from this machine, made under a name that is this machine's alone: a page in a browser
    here, from elsewhere, comes with its own origin, or under a name that was made to lead here.

    Raises:
        AuthorizationError: it is another.
    """
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", f"http://{host}")
    address = "" if request.client is None else request.client.host
    if not (is_loopback(address) and _is_local_name(host) and origin == f"http://{host}"):
        raise AuthorizationError("The control API is for programs on this machine: call it as 127.0.0.1")


router: APIRouter = APIRouter(prefix=PREFIX, dependencies=[Depends(require_local)])


@router.get("/worlds")
async def list_worlds(request: Request) -> Response:
    """Every world."""
    return _answer({"worlds": _control_of(request).worlds()})


@router.post("/worlds")
async def create_world(request: Request) -> Response:
    """Make a world; 201, with the credentials of its admin. The body may be left out."""
    wanted = await read_body(request, WorldCreate) if await request.body() else WorldCreate()
    return _answer(await _control_of(request).create(wanted), 201)


@router.delete("/worlds/{world}")
async def delete_world(request: Request, world: str) -> Response:
    """Remove a world; 204."""
    await _control_of(request).delete(world)
    return Response(status_code=204)


@router.post("/worlds/{world}/reset")
async def reset_world(request: Request, world: str) -> Response:
    """Put a world back to its seed."""
    return _answer(await _control_of(request).reset(world))


@router.post("/worlds/{world}/time")
async def move_time(request: Request, world: str) -> Response:
    """Stop, let go or advance the clock of a world; answered once all is done that fell due."""
    move = await read_body(request, TimeMove)
    return _answer(await _control_of(request).move_time(world, move))


def _control_of(request: Request) -> Control:
    control: Control = request.app.state.control
    return control


def _answer(data: dict[str, Any], status: int = 200) -> Response:
    return JsonAnswer(dumps(data).encode(), status)


def _is_local_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)
