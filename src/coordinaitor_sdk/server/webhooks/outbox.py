"""Deliveries are rows, written with the event that they tell of."""

from __future__ import annotations

import json

from coordinaitor_sdk._delivery import body_of
from coordinaitor_sdk.server.store import webhooks
from coordinaitor_sdk.server.store.change import Change


def enqueue(change: Change, event: str, data: str) -> None:
    """Store a delivery for each active webhook that wants this event.

    Args:
        data: the JSON text of the object concerned.
    """
    wanted_by = webhooks.subscribed(change.sql, change.world.id, event)
    if not wanted_by:
        return
    organization = {"id": change.world.id, "name": change.world.name}
    body = body_of(event, change.stamp, json.loads(data), organization)
    for webhook_id in wanted_by:
        webhooks.add_delivery(change, webhook_id, event, body)
