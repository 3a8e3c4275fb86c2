"""What an event says, whether it was delivered by a webhook or pushed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from ..models.webhook import AgentEvent, ProjectEvent, TaskEvent, UserEvent, WebhookEvent, keeping
from .repair import validate_leniently

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPED: Final[dict[str, type[WebhookEvent]]] = {
    "task": TaskEvent,
    "agent": AgentEvent,
    "project": ProjectEvent,
    "user": UserEvent,
}


def event_of(fields: Mapping[str, Any]) -> WebhookEvent:
    """The event in the fields of a delivery, typed by its name.

    Raises:
        ValidationError: they are none.
        RecursionError: they are nested too deeply.
    """
    return validate_leniently(_adapter(_class_for(str(fields.get("event")), fields.get("data"))), fields)


def pushed_event(push: Mapping[str, Any], organization: Any) -> WebhookEvent:
    """The event in a message of the WebSocket.

    Args:
        push: the message.
        organization: whose events the socket brings.

    Raises:
        ValidationError: it is none.
        RecursionError: it is nested too deeply.
    """
    fields = {"event": push.get("type"), "timestamp": push.get("timestamp"), "data": push.get("data")}
    if organization is not None:
        fields["organization"] = organization
    fields |= {name: push[name] for name in ("seq", "epoch") if name in push}
    return keeping(event_of(fields), fields)


def _class_for(event: str, data: Any) -> type[WebhookEvent]:
    # Some events about a task carry something else (a comment): they have no `id` of a task.
    about_it = isinstance(data, dict) and "id" in data
    return _TYPED.get(event.partition(".")[0], WebhookEvent) if about_it else WebhookEvent


@cache
def _adapter(model: type[WebhookEvent]) -> TypeAdapter[WebhookEvent]:
    return TypeAdapter(model)
