"""Login, refresh and logout on the wire (API document, "Authentication Endpoints")."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from coordinaitor_sdk.server.domain.permissions import Permission
from coordinaitor_sdk.server.schemas.common import Line, Strict, Whole

_Token = Annotated[str, Field(min_length=1, max_length=8_192)]


class Login(Strict):
    """The body of `POST /auth/login`."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=1_024)]


class ApiKeyCreate(Strict):
    """The body of `POST /auth/api-keys`. Requests an hour, and at once; without them those of the owner."""

    name: Line
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=50)]
    rate_limit: Annotated[int, Field(ge=1, le=10_000_000), Whole] | None = None
    burst: Annotated[int, Field(ge=1, le=1_000_000), Whole] | None = None

    def given(self) -> dict[str, Any]:
        """The body by its wire names, defaults filled in."""
        return self.model_dump(by_alias=True)


class Refresh(Strict):
    """The body of `POST /auth/refresh`."""

    refresh_token: _Token


class Logout(Strict):
    """The body of `POST /auth/logout`; without a token the session of the access token ends."""

    refresh_token: _Token | None = None
