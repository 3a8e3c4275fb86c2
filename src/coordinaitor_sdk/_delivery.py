"""What a webhook's delivery is, byte for byte: for the server, and for whoever sends one in its place.

Server and client share nothing else. What receives deliveries doesn't read this: a mistake must show there.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final, cast

from ._javascript_json import javascript_json
from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTEMPT_TIMEOUT: Final = 10.0
"""Seconds for a whole attempt."""


def body_of(event: str, timestamp: str, data: Any, organization: Mapping[str, Any] | None) -> str:
    """The text of a delivery (API document, "Webhook Payload").

    Args:
        event: its name.
        timestamp: when it happened, as the server writes times.
        data: the object concerned, as a GET answers it.
        organization: whose it is; left out where that is not known.
    """
    payload = {"event": event, "timestamp": timestamp, "data": _with_agent(event, data)}
    return javascript_json(payload | ({} if organization is None else {"organization": dict(organization)}))


def headers_of(
    event: str, delivery_id: str, body: bytes, secret: str, given: Mapping[str, str]
) -> dict[str, str]:
    """What is sent with a delivery.

    Args:
        event: its name.
        delivery_id: names it, the same in every attempt.
        body: its bytes.
        secret: they are signed with.
        given: headers of the webhook's own.
    """
    return (
        {"User-Agent": f"CoordinAItor-Webhook/{__version__}"}
        | dict(given)
        | {
            "Content-Type": "application/json",
            "X-Orchestrator-Event": event,
            "X-Orchestrator-Delivery": delivery_id,
            "X-Orchestrator-Signature": signature(body, secret),
        }
    )


def signature(body: bytes, secret: str) -> str:
    """What the header `X-Orchestrator-Signature` says of these bytes (API document, "Webhook Security")."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _with_agent(event: str, data: Any) -> Any:
    # The document's payload has the assigned agent under another name.
    fields = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    agent = fields.get("assignedAgent")
    if not agent or not event.startswith("task."):
        return cast("Any", data)
    return fields | {"agent": {name: agent.get(name) for name in ("id", "name")}}
