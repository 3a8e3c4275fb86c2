"""What a delivery says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError
from pydantic_core import from_json

from .._core.events import event_of
from ..exceptions import WebhookPayloadError

if TYPE_CHECKING:
    from ..models.webhook import WebhookEvent


def parse(payload: bytes) -> WebhookEvent:
    """What a delivery says; verify it first.

    Returns:
        A `TaskEvent`, `AgentEvent`, `ProjectEvent` or `UserEvent`, whose `data` is that object; for any other
        event a `WebhookEvent`, whose `data` is what came.

    Raises:
        WebhookPayloadError: the payload is no JSON object with an event.
    """
    try:
        raw: Any = from_json(payload)
    except (ValueError, TypeError):
        raise WebhookPayloadError("the payload is not JSON") from None
    fields = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    event = fields.get("event")
    if not isinstance(event, str) or not event:
        raise WebhookPayloadError("the payload is no webhook delivery: it has no event")
    try:
        return event_of(fields)
    except (ValidationError, RecursionError):
        raise WebhookPayloadError("the payload can't be read as a webhook delivery") from None
