"""`/webhooks` (API document, "Webhook Configuration")."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.changes.webhooks import create_webhook as create
from coordinaitor_sdk.server.context import WriteWebhooks
from coordinaitor_sdk.server.domain.addresses import may_be_called
from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.operations import operation
from coordinaitor_sdk.server.schemas.reading import read_body
from coordinaitor_sdk.server.schemas.webhooks import WebhookCreate
from coordinaitor_sdk.server.wire import dumps

router: APIRouter = APIRouter(prefix="/webhooks")


@router.post("")
@operation("Webhook", status=201, body=WebhookCreate)
async def create_webhook(call: WriteWebhooks, request: Request) -> Response:
    """Create a webhook; 201, with its secret."""
    body = await read_body(request, WebhookCreate)
    private_too = call.parts.settings.private_webhooks
    if body.address is not None and not may_be_called(body.address, private_too=private_too):
        raise ValidationFailedError(
            {"url": ["Url must not be an address of a private network, unless the server allows it"]}
        )
    return await call.respond(lambda change: dumps(create(change, call.actor, body.given())), 201)
