"""What login and refresh answer (API document, "Authentication Endpoints")."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .common import Model


class SignedInUser(Model):
    """The user that logged in."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    role: str | None = None
    organization_id: str | None = None


class LoginResult(Model):
    """The answer to a login or refresh.

    Tokens stand at the top or, from some servers, one level down under `token`; `expires_in` is a number of
    seconds, or a string such as "3600" or "24h". `coordinaitor_sdk._core.tokens` reads all of these.
    """

    access_token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    expires_in: Any = None
    user: SignedInUser | None = None
    token: Any = Field(default=None, repr=False)
