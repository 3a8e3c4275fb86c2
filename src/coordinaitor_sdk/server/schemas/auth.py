"""Login, refresh and logout on the wire (API document, "Authentication Endpoints")."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coordinaitor_sdk.server.schemas.common import Strict

_Token = Annotated[str, Field(min_length=1, max_length=8_192)]


class Login(Strict):
    """The body of `POST /auth/login`."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=1_024)]


class Refresh(Strict):
    """The body of `POST /auth/refresh`."""

    refresh_token: _Token


class Logout(Strict):
    """The body of `POST /auth/logout`; without a token the session of the access token ends."""

    refresh_token: _Token | None = None
