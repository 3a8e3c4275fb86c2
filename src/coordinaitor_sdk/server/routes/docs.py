"""`/api/docs` and `/api/openapi.json`: what the routes say of themselves, with no credential or network."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import JsonAnswer, parts_of
from coordinaitor_sdk.server.docs_page import docs_body
from coordinaitor_sdk.server.openapi import document
from coordinaitor_sdk.server.pages import page
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/api")


@router.get("/openapi.json")
async def openapi_json(request: Request) -> Response:
    """The OpenAPI document."""
    return JsonAnswer(dumps(_document(request)).encode())


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The same, to read."""
    return page("CoordinAItor API", docs_body(_document(request)))


def _document(request: Request) -> dict[str, object]:
    """Built by the first who asks."""
    parts = parts_of(request)
    if parts.published is None:
        parts.published = document()
    return parts.published
