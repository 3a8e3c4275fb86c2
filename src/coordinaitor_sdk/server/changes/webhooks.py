"""Changes of webhooks."""

from __future__ import annotations

import secrets
from typing import Any

from coordinaitor_sdk.server.store import webhooks
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


def create_webhook(change: Change, actor: str, given: dict[str, Any]) -> dict[str, Any]:
    """Store a new webhook, given by its wire names; the webhook as it is sent, with its secret."""
    secret = given["secret"] or f"whsec_{secrets.token_urlsafe(24)}"
    events = list(dict.fromkeys(given["events"]))
    row: dict[str, Any] = {
        "id": change.new_id("webhook"),
        "url": given["url"],
        "events": dumps(events),
        "secret": secret,
        "active": int(given["active"]),
        "headers": dumps(given["headers"]),
        "created_by": actor,
        "created_at": change.stamp,
    }
    webhooks.add(change, row)
    return {
        "id": row["id"],
        "url": row["url"],
        "events": events,
        "active": given["active"],
        "headers": given["headers"],
        "secret": secret,
        "createdAt": row["created_at"],
    }
