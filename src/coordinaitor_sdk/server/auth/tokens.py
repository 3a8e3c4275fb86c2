"""Tokens: signed JWTs that name a session, checked against the world's clock (API document, "JWT Bearer
Token").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from coordinaitor_sdk.server.errors import AuthenticationError

if TYPE_CHECKING:
    from jwt.types import Options

Kind = Literal["access", "refresh"]
REFRESH_TTL = 30 * 24 * 3600.0
"""Seconds for which a session can be refreshed."""

KEY_PREFIX = "ak_"
_ALGORITHM = "HS256"
_UNCHECKED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `expires_at` in seconds since 1970; no other token has its `token_id`."""

    kind: Kind
    world: str
    user_id: str
    session_id: str
    expires_at: float
    token_id: str

    def check_expiry(self, now: datetime) -> None:
        """Pass while the token holds at `now`.

        Raises:
            AuthenticationError: it has expired.
        """
        if now.timestamp() >= self.expires_at:
            raise AuthenticationError(f"The {self.kind} token has expired")


class Tokens:
    """Signs and reads tokens with the key of one database."""

    def __init__(self, secret: str, access_ttl: float) -> None:
        self._secret = secret
        self.access_ttl = access_ttl

    def issue(
        self,
        kind: Kind,
        *,
        world: str,
        user_id: str,
        session_id: str,
        token_id: str,
        now: datetime,
        expires_at: datetime,
    ) -> str:
        """A token; the same of the same values."""
        claims = {
            "sub": user_id,
            "org": world,
            "sid": session_id,
            "typ": kind,
            "iat": int(now.timestamp()),
            "exp": expires_at.timestamp(),
            "jti": token_id,
        }
        import jwt  # with all of cryptography where that is installed: the first login pays, not each start

        # PyJWT's types name an optional dependency that isn't there.
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)  # pyright: ignore[reportUnknownMemberType]

    def read(self, token: str, kind: Kind) -> Claims:
        """The claims of a token whose signature holds; its expiry is the caller's to check.

        Raises:
            AuthenticationError: it is forged, malformed or of the other kind.
        """
        try:
            claims = self._decode(token)
            found = Claims(
                claims["typ"],
                claims["org"],
                claims["sub"],
                claims["sid"],
                float(claims["exp"]),
                claims["jti"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AuthenticationError(f"The {kind} token is invalid") from error
        if found.kind != kind:
            raise AuthenticationError(f"This is not {'an' if kind == 'access' else 'a'} {kind} token")
        return found

    def _decode(self, token: str) -> dict[str, Any]:
        import jwt

        try:
            return jwt.decode(  # pyright: ignore[reportUnknownMemberType] - as in `issue`
                token, self._secret, algorithms=[_ALGORITHM], options=_UNCHECKED
            )
        except jwt.InvalidTokenError as error:
            raise ValueError(str(error)) from error

    def key_of(self, world: str, key_id: str) -> str:
        """The API key of an id: made anew for each replayed answer, so that it need not be stored."""
        digest = hmac.digest(self._secret.encode(), f"api-key\n{world}\n{key_id}".encode(), "sha256")
        return KEY_PREFIX + base64.urlsafe_b64encode(digest[:24]).decode()


def new_token_id() -> str:
    """An id for a token."""
    return secrets.token_hex(8)


def new_key() -> str:
    """A new API key."""
    return KEY_PREFIX + secrets.token_urlsafe(24)


def key_digest(key: str) -> str:
    """The hash under which a key is stored. A key is random and long: a plain hash can't be guessed back."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_secret() -> str:
    """A new key for signing tokens."""
    return secrets.token_hex(32)
