"""`/auth` (API document, "Authentication Endpoints"): bare under `/api`, in the envelope under `/api/v1`."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes.keys import create_key as create
from coordinaitor_sdk.server.context import OpenCall, WriteKeys
from coordinaitor_sdk.server.domain.permissions import require
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.auth import ApiKeyCreate, Login, Logout, Refresh
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/auth")


@router.post("/login")
@operation("LoggedIn", body=Login, failures=(401,))
async def login(call: OpenCall, request: Request) -> Response:
    """Tokens for e-mail and password."""
    body = await read_body(request, Login)
    return call.answer(dumps(await call.parts.sessions.login(body.email, body.password)))


@router.post("/refresh")
@operation("Refreshed", body=Refresh, failures=(401,))
async def refresh(call: OpenCall, request: Request) -> Response:
    """A new access token for a refresh token."""
    body = await read_body(request, Refresh)
    return call.answer(dumps(await call.parts.sessions.refresh(body.refresh_token)))


@router.post("/logout")
@operation(None, status=204, body=Logout, body_optional=True, failures=(401,))
async def logout(call: OpenCall, request: Request) -> Response:
    """End a session: its refresh token, its access tokens and its sockets; 204."""
    body = await read_body(request, Logout) if await request.body() else Logout()
    principal = None
    if body.refresh_token is None:
        principal = call.parts.gate.by_headers(request.headers)
    await call.parts.sessions.logout(body.refresh_token, principal)
    return Response(status_code=204)


@router.post("/api-keys")
@operation("ApiKey", status=201, body=ApiKeyCreate)
async def create_api_key(call: WriteKeys, request: Request) -> Response:
    """Create an API key for oneself; 201, with the key, which is shown this once."""
    body = await read_body(request, ApiKeyCreate)
    for permission in body.permissions:
        require(call.principal, permission)

    def with_key(data: str) -> str:
        # What is stored for a repeated request is the answer without the key.
        stored: dict[str, Any] = json.loads(data)
        return dumps(
            {"id": stored["id"], "key": call.parts.tokens.key_of(call.world.id, stored["id"]), **stored}
        )

    return await call.respond(
        lambda change: dumps(create(change, call.parts.tokens, call.actor, body.given())), 201, shown=with_key
    )
