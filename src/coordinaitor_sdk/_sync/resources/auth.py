# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`client.auth` (API document, "Authentication Endpoints")."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.oauth import AuthorizationRequest, OAuthClient, authorization_request
from ..._core.request import NOT_GIVEN, Call, NotGiven, check_count, check_required, json_body
from ..._core.response import one
from ...exceptions import InvalidArgumentError
from ...models.auth import ApiKey, LoginResult
from ..raw import RawAuth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._core.options import CallOptions, PostOptions
    from ..._core.tokens import Tokens
    from ...models.auth import Permission
    from ..caller import Caller

_API_KEY: Final = one(ApiKey, "apiKey")


class Auth:
    """Sessions, API keys and OAuth: login, refresh, logout, create_api_key, authorization_url, exchange_code.

    A client with credentials logs in and refreshes by itself. What `login`, `refresh` and `exchange_code`
    return, the client uses from then on.
    """

    def __init__(self, caller: Caller, origin: str) -> None:
        self._caller = caller
        self._origin = origin

    @property
    def with_raw_response(self) -> RawAuth:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return RawAuth(self)

    @property
    def tokens(self) -> Tokens:
        """The session's tokens as they are now; empty before the first login, and with an API key."""
        return self._caller.session.tokens

    def login(
        self, email: str | None = None, password: str | None = None, **options: Unpack[CallOptions]
    ) -> LoginResult:
        """Begin a session (`POST /auth/login`), with the client's own e-mail and password if none are given.

        Raises:
            ConfigurationError: there is no e-mail and password.
            AuthenticationError: the server refuses them.
        """
        return self._caller.session.log_in(email, password, options)

    def refresh(self, refresh_token: str | None = None, **options: Unpack[CallOptions]) -> LoginResult:
        """Renew the tokens now (`POST /auth/refresh`), or go on with another session's refresh token.

        Raises:
            ConfigurationError: there is nothing to renew.
            AuthenticationError: the session has ended.
        """
        return self._caller.session.refresh(refresh_token, options)

    def logout(self, refresh_token: str | None = None, **options: Unpack[CallOptions]) -> None:
        """End this client's session, or that of another refresh token (`POST /auth/logout`).

        An API key has no session: nothing happens.

        Raises:
            CoordinaitorError: the server could not be told; the session goes on there until it expires.
        """
        self._caller.session.log_out(refresh_token, options)

    def create_api_key(
        self,
        name: str,
        permissions: Sequence[Permission],
        *,
        rate_limit: int | NotGiven = NOT_GIVEN,
        burst: int | NotGiven = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> ApiKey:
        """Create an API key (`POST /auth/api-keys`); its `key` is shown this once.

        Args:
            name: what it is for; not empty.
            permissions: what it may do, such as `tasks:read`; never more than you may.
            rate_limit: requests an hour, if the server lets you choose.
            burst: requests at once, likewise.

        Raises:
            InvalidArgumentError: the name is empty, or `permissions` is a text.
            AuthorizationError: a permission is not yours to give.
            ValidationFailedError: there is no such permission.
        """
        if isinstance(permissions, str):
            raise InvalidArgumentError(f"permissions must be a list, got the text {permissions!r}")
        given: dict[str, Any] = {
            "name": name,
            "permissions": list(permissions),
            "rate_limit": rate_limit,
            "burst": burst,
        }
        check_required(given, "name")
        for field in ("rate_limit", "burst"):
            if not isinstance(given[field], NotGiven):
                check_count(field, given[field])
        return self._caller.call(Call("POST", "/auth/api-keys", _API_KEY, body=json_body(given)), options)

    def authorization_url(
        self,
        client_id: str,
        *,
        redirect_uri: str | None = None,
        scope: Sequence[str] | str | None = None,
        state: str | None = None,
        pkce: bool = True,
    ) -> AuthorizationRequest:
        """Where to send the user for an OAuth code (`/oauth/authorize`; RFC 6749, 4.1; RFC 7636).

        Args:
            client_id: of the registered client.
            redirect_uri: where the code shall come to; left out, the registered one.
            scope: permissions that the tokens shall have; left out, all of the user's.
            state: comes back with the code; left out, a random one.
            pkce: with a proof of possession (S256), which public clients need.

        Returns:
            `url`, and the `state` and `code_verifier` to keep for `exchange_code`.

        Raises:
            InvalidArgumentError: the client's id is empty.
        """
        return authorization_request(
            self._origin,
            client_id,
            redirect_uri=redirect_uri,
            scope=scope,
            state=state or secrets.token_urlsafe(24),
            code_verifier=secrets.token_urlsafe(48) if pkce else None,
        )

    def exchange_code(
        self,
        code: str,
        *,
        client_id: str,
        client_secret: str | None = None,
        redirect_uri: str | None = None,
        code_verifier: str | None = None,
        **options: Unpack[CallOptions],
    ) -> LoginResult:
        """Begin a session with an OAuth code (`POST /oauth/token`); later renewals go there too.

        Args:
            code: what came back from `authorization_url`, once its `state` was compared.
            client_id: of the registered client.
            client_secret: of a confidential client.
            redirect_uri: as in the request of the code.
            code_verifier: from the request of the code.

        Raises:
            InvalidArgumentError: code or client id are empty.
            BadRequestError: the code was used, is too old, or is another client's (`invalid_grant`).
            AuthenticationError: the client's secret is wrong (`invalid_client`).
        """
        check_required({"code": code, "client_id": client_id}, "code", "client_id")
        return self._caller.session.exchange(
            OAuthClient(client_id, client_secret),
            options,
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
        )
