"""What a delivery says."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from .._core.repair import validate_leniently
from ..exceptions import WebhookPayloadError
from ..models.webhook import AgentEvent, ProjectEvent, TaskEvent, UserEvent, WebhookEvent

_TYPED: Final[dict[str, type[WebhookEvent]]] = {
    "task": TaskEvent,
    "agent": AgentEvent,
    "project": ProjectEvent,
    "user": UserEvent,
}


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
    adapter = _adapter(_class_for(event, fields.get("data")))
    try:
        return validate_leniently(adapter, fields)
    except (ValidationError, RecursionError):
        raise WebhookPayloadError("the payload can't be read as a webhook delivery") from None


def _class_for(event: str, data: Any) -> type[WebhookEvent]:
    # Some events about a task carry something else (a comment): they have no `id` of a task.
    about_it = isinstance(data, dict) and "id" in data
    return _TYPED.get(event.partition(".")[0], WebhookEvent) if about_it else WebhookEvent


@cache
def _adapter(model: type[WebhookEvent]) -> TypeAdapter[WebhookEvent]:
    return TypeAdapter(model)
