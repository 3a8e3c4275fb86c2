"""Deliveries of webhooks as the server sends them: bytes and headers."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from coordinaitor_sdk import webhooks

SECRET = "your-webhook-secret"
NOW = datetime(2024, 1, 16, 15, 30, tzinfo=UTC).timestamp()
"""When what the deliveries tell of happened; Unix seconds."""

_numbers = itertools.count(1001)


def body_of(title: str = "Gr\\u00fc\\u00dfe", timestamp: str = "2024-01-16T15:30:00.000Z") -> bytes:
    """A completed task, in bytes that no JSON library would write again: keys, spaces, 1.0, `\\u00fc`.

    Args:
        title: as it stands between the quotes of the JSON.
    """
    return (
        f'{{"timestamp": "{timestamp}",  "event":"task.completed","data":{{"title":"{title}","id":"task-1",'
        '"status":"completed","progress":1.0,"estimatedHours":8.50,"b":1,"a":2}}'
    ).encode()


def headers_of(body: bytes, secret: str = SECRET, *, delivery: str | None = None) -> dict[str, str]:
    """The headers of a delivery; with a new id where none is given."""
    return {
        "Content-Type": "application/json",
        "X-Orchestrator-Event": "task.completed",
        "X-Orchestrator-Delivery": delivery or f"delivery-{next(_numbers)}",
        "X-Orchestrator-Signature": webhooks.sign(body, secret),
    }
