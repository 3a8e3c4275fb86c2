"""`/auth` (API document, "Authentication Endpoints"): bare under `/api`, in the envelope under `/api/v1`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import Call, JsonAnswer, OpenCall
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.auth import Login, Logout, Refresh
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/auth")


@router.post("/login")
@operation("LoggedIn", body=Login, failures=(401,))
async def login(call: OpenCall, request: Request) -> Response:
    """Tokens for e-mail and password."""
    body = await read_body(request, Login)
    return _answer(call, await call.parts.sessions.login(body.email, body.password))


@router.post("/refresh")
@operation("Refreshed", body=Refresh, failures=(401,))
async def refresh(call: OpenCall, request: Request) -> Response:
    """A new access token for a refresh token."""
    body = await read_body(request, Refresh)
    return _answer(call, call.parts.sessions.refresh(body.refresh_token))


@router.post("/logout")
@operation(None, status=204, body=Logout, body_optional=True, failures=(401,))
async def logout(call: OpenCall, request: Request) -> Response:
    """End a session: its refresh token, its access tokens and its sockets; 204."""
    body = await read_body(request, Logout) if await request.body() else Logout()
    principal = None
    if body.refresh_token is None:
        principal = call.parts.gate.by_headers(request.headers)
    world_id, session_id = await call.parts.sessions.logout(body.refresh_token, principal)
    call.parts.hub.end_session(world_id, session_id)
    return Response(status_code=204)


def _answer(call: Call, data: dict[str, Any]) -> Response:
    if call.request.url.path.startswith("/api/v1/"):
        return call.answer(dumps(data))
    return JsonAnswer(dumps(data).encode())
