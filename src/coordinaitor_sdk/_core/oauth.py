"""OAuth 2 authorization code with PKCE: what is asked for, and with which proof (RFC 6749, 4.1; RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"  # noqa: S105 - a path
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the user, and what to keep until he comes back.

    Attributes:
        url: the page at which the user logs in and consents.
        state: must come back with the code; anything else is not the answer to this request.
        code_verifier: goes to `exchange_code`; None without PKCE.
    """

    url: str
    state: str = field(repr=False)
    code_verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered client; one without a secret is public."""

    client_id: str
    secret: str | None = field(default=None, repr=False)

    def form(self, **fields: str | None) -> bytes:
        """A body for the token endpoint: these fields and the client's own; None is left out."""
        given = fields | {"client_id": self.client_id, "client_secret": self.secret}
        return urlencode({name: value for name, value in given.items() if value is not None}).encode()


def authorization_request(
    origin: str,
    client_id: str,
    *,
    redirect_uri: str | None,
    scope: Sequence[str] | str | None,
    state: str,
    code_verifier: str | None,
) -> AuthorizationRequest:
    """The request of a code for `client_id`.

    Raises:
        InvalidArgumentError: the client's id is empty, or the verifier is none (RFC 7636, 4.1).
    """
    if not client_id:
        raise InvalidArgumentError("client_id must not be empty")
    query = {"response_type": "code", "client_id": client_id, "state": state}
    if redirect_uri is not None:
        query["redirect_uri"] = redirect_uri
    if scope:
        query["scope"] = scope if isinstance(scope, str) else " ".join(scope)
    if code_verifier is not None:
        query |= {"code_challenge": challenge_of(code_verifier), "code_challenge_method": "S256"}
    return AuthorizationRequest(f"{origin}{AUTHORIZE}?{urlencode(query)}", state, code_verifier)


def challenge_of(code_verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2).

    Raises:
        InvalidArgumentError: the verifier has less than 43 or more than 128 characters.
    """
    if not 43 <= len(code_verifier) <= 128 or not code_verifier.isascii():
        raise InvalidArgumentError("code_verifier must have 43 to 128 ASCII characters")
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
