"""Changes of API keys."""

from __future__ import annotations

from typing import Any

from coordinaitor_sdk.server.auth.tokens import Tokens, key_digest
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.wire import dumps


def create_key(change: Change, tokens: Tokens, actor: str, given: dict[str, Any]) -> dict[str, Any]:
    """Store a new API key of a user, given by its wire names; the key as it is sent, but for itself."""
    key_id = change.new_id("key")
    permissions = list(dict.fromkeys(given["permissions"]))
    users.add_key(
        change,
        {
            "id": key_id,
            "user_id": actor,
            "name": given["name"],
            "hash": key_digest(tokens.key_of(change.world.id, key_id)),
            "permissions": dumps(permissions),
            "rate_limit": given["rateLimit"],
            "burst": given["burst"],
            "created_at": change.stamp,
        },
    )
    return {"id": key_id, **given, "permissions": permissions, "createdAt": change.stamp}
