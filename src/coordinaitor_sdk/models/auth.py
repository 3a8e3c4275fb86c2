"""What login, refresh and API keys answer (API document, "Authentication Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field

from .common import ABSENT, Model, Moment

if TYPE_CHECKING:
    Permission: TypeAlias = (
        Literal[
            "tasks:read",
            "tasks:write",
            "agents:read",
            "agents:write",
            "projects:read",
            "projects:write",
            "users:read",
            "users:write",
            "system:read",
            "webhooks:write",
            "keys:write",
        ]
        | str
    )
else:
    Permission = str


class SignedInUser(Model):
    """The user that logged in."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    role: str | None = None
    organization_id: str | None = None


class LoginResult(Model):
    """The answer to a login, a refresh or an OAuth exchange.

    Tokens stand at the top, in this API's spelling or in that of RFC 6749, or, from some servers, one level
    down under `token`; `expires_in` is a number of seconds, or a string such as "3600" or "24h".
    `client.auth.tokens` gives them in one form.
    """

    access_token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    expires_in: Any = None
    token_type: str | None = None
    scope: str | None = None
    user: SignedInUser | None = None
    token: Any = Field(default=None, repr=False)


class ApiKey(Model):
    """An API key. `key` itself is shown once, at its creation; limits are requests an hour and at once."""

    id: str = ABSENT
    key: str | None = Field(default=None, repr=False)
    name: str | None = None
    permissions: list[str] | None = None
    rate_limit: int | None = None
    burst: int | None = None
    created_at: Moment | None = None
