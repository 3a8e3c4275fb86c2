"""Deliveries are rows, written with the event that they tell of."""

from __future__ import annotations

import json
from typing import Any

from coordinaitor_sdk.server.store import webhooks
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.webhooks.javascript_json import javascript_json


def enqueue(change: Change, event: str, data: str) -> None:
    """Store a delivery for each active webhook that wants this event.

    Args:
        data: the JSON text of the object concerned.
    """
    wanted_by = webhooks.subscribed(change.sql, change.world.id, event)
    if not wanted_by:
        return
    body = body_of(event, json.loads(data), change)
    for webhook_id in wanted_by:
        webhooks.add_delivery(change, webhook_id, event, body)


def body_of(event: str, data: dict[str, Any], change: Change) -> str:
    """The text of a delivery (API document, "Webhook Payload")."""
    if event.startswith("task.") and data.get("assignedAgent"):
        # The document's payload has the assigned agent under another name.
        data = data | {"agent": {name: data["assignedAgent"][name] for name in ("id", "name")}}
    payload = {
        "event": event,
        "timestamp": change.stamp,
        "data": data,
        "organization": {"id": change.world.id, "name": change.world.name},
    }
    return javascript_json(payload)
