"""Receiving webhooks: is it from the server, and what does it say (API document, "Webhooks").

    from coordinaitor_sdk import webhooks

    webhooks.verify(body, request.headers.get(webhooks.SIGNATURE_HEADER), secret)
    event = webhooks.parse(body)
    if event.event == "task.completed":
        print(event.data.title)

`body` is what came over the network, byte for byte: JSON that was parsed and written again is another text.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from ._core.repair import validate_leniently
from .exceptions import InvalidArgumentError, WebhookSignatureError
from .models.webhook import AgentEvent, ProjectEvent, TaskEvent, UserEvent, WebhookEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURE_HEADER: Final = "X-Orchestrator-Signature"
EVENT_HEADER: Final = "X-Orchestrator-Event"
DELIVERY_HEADER: Final = "X-Orchestrator-Delivery"
"""Its value names the delivery: the same in every attempt."""

_TYPED: Final[dict[str, type[WebhookEvent]]] = {
    "task": TaskEvent,
    "agent": AgentEvent,
    "project": ProjectEvent,
    "user": UserEvent,
}


def sign(payload: bytes, secret: str) -> str:
    """The signature of a delivery: `sha256=` and the HMAC-SHA256 of its bytes, in hex.

    Args:
        payload: the body, byte for byte.
        secret: the webhook's.

    Raises:
        InvalidArgumentError: the payload is no bytes, or the secret is empty.
    """
    if not isinstance(payload, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(
            "payload must be the raw bytes of the request, before anything has read them as JSON;"
            f" got {type(payload).__name__}"
        )
    if not secret:
        raise InvalidArgumentError("secret must not be empty")
    return "sha256=" + hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def verify(payload: bytes, signature: str | None, secret: str | Sequence[str]) -> None:
    """Pass when a delivery was signed with the secret, compared in constant time.

    Args:
        payload: the body, byte for byte.
        signature: the value of `X-Orchestrator-Signature`; None where the header is missing.
        secret: the webhook's, or several while they are rotated: any of them will do.

    Raises:
        WebhookSignatureError: it was not, or has no signature. Answer 401 and do nothing.
        InvalidArgumentError: the payload is no bytes, or there is no secret.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets:
        raise InvalidArgumentError("at least one secret is needed")
    expected = [sign(payload, one) for one in secrets]
    if not signature:
        raise WebhookSignatureError(
            f"the delivery has no signature: pass the value of the header {SIGNATURE_HEADER}"
        )
    given = signature.strip().encode("utf-8", "replace")
    # Every secret is compared, so that the time does not tell which one it was.
    matches = [hmac.compare_digest(one.encode(), given) for one in expected]
    if not any(matches):
        raise WebhookSignatureError(
            "the signature does not match: the secret is another, or the body was changed on the way"
            " (pass its raw bytes)"
        )


def parse(payload: bytes) -> WebhookEvent:
    """What a delivery says; verify it first.

    Returns:
        A `TaskEvent`, `AgentEvent`, `ProjectEvent` or `UserEvent`, whose `data` is that object; for any other
        event a `WebhookEvent`, whose `data` is what came.

    Raises:
        InvalidArgumentError: the payload is no JSON object with an event.
    """
    try:
        raw: Any = from_json(payload)
    except (ValueError, TypeError):
        raise InvalidArgumentError("the payload is not JSON") from None
    fields = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    event = fields.get("event")
    if not isinstance(event, str) or not event:
        raise InvalidArgumentError("the payload is no webhook delivery: it has no event")
    adapter = _adapter(_class_for(event, fields.get("data")))
    try:
        return validate_leniently(adapter, fields)
    except (ValidationError, RecursionError):
        raise InvalidArgumentError("the payload can't be read as a webhook delivery") from None


def _class_for(event: str, data: Any) -> type[WebhookEvent]:
    # Some events about a task carry something else (a comment): they have no `id` of a task.
    about_it = isinstance(data, dict) and "id" in data
    return _TYPED.get(event.partition(".")[0], WebhookEvent) if about_it else WebhookEvent


@cache
def _adapter(model: type[WebhookEvent]) -> TypeAdapter[WebhookEvent]:
    return TypeAdapter(model)
