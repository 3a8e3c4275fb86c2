# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""Credentials at work: which headers a call carries, and how they are renewed (DESIGN 3.10)."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from .._core import oauth
from .._core.cache import identity_of
from .._core.http import Secret
from .._core.request import Call, check_required, json_body
from .._core.tokens import Freshness, Tokens
from .._runtime.threads import Held, SingleFlight, run_blocking
from ..exceptions import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    CoordinaitorError,
    ResponseDecodeError,
)
from ..profiles import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.oauth import OAuthClient
    from .._core.options import CallOptions, Settings
    from .._core.response import Cast
    from ..models.auth import LoginResult
    from ..profiles import SharedTokens
    from .transport import Authorizer, Transport

T = TypeVar("T")

logger = logging.getLogger("coordinaitor_sdk")


@cache
def _login() -> Cast[LoginResult]:
    from .._core.response import one  # and pydantic with it, which a client needs no sooner
    from ..models.auth import LoginResult

    # No answer to a login is keyed by the resource: `user` and `token` stand beside each other.
    return one(LoginResult, "login")


class Session:
    """One credential: an API key as it is, or tokens that are got and renewed as needed.

    However many calls wait for a token, one request renews it; across processes the token store's lock and
    a second look at what is stored do the same.
    """

    def __init__(self, transport: Transport, credentials: Credentials | None, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings
        self._credentials = credentials
        self._tokens = (credentials.tokens if credentials else None) or Tokens()
        self._oauth: OAuthClient | None = None
        self._flight: SingleFlight[Tokens] = SingleFlight()
        self._identity = _identity(credentials, self._tokens)

    @property
    def cache_identity(self) -> str:
        """Stands for the credential in keys of a cache, and tells nothing about it."""
        return self._identity

    def headers(self, limit: float | None = None) -> dict[str, str]:
        """The headers that authenticate a call; none where there is no credential.

        Args:
            limit: seconds that a renewal may take.

        Raises:
            AuthenticationError: the session has ended and can't be renewed.
            TimeoutError: no renewed token came within the limit; the renewal goes on.
        """
        credentials = self._credentials
        if credentials is None:
            return {}
        if credentials.api_key is not None:
            return {"X-API-Key": Secret(credentials.api_key)}
        self._keep_fresh(limit)
        access = self._tokens.access
        if access is None:
            raise _none_there(credentials)
        return {"Authorization": Secret(f"Bearer {access}")}

    def renew(self, rejected: dict[str, str], limit: float | None = None) -> bool:
        """After a 401: get other credentials than the rejected headers; False where there are none.

        Args:
            rejected: the headers that were refused.
            limit: seconds that it may take.

        Raises:
            AuthenticationError: the session has ended and can't be renewed.
            TimeoutError: no renewed token came within the limit; the renewal goes on.
        """
        if not self._renewable or "Authorization" not in rejected:
            return False
        token = rejected["Authorization"].removeprefix("Bearer ")
        if self._tokens.access == token:
            self._flight.run(lambda: self._renewed(token), limit)
        return self._tokens.access != token

    @property
    def tokens(self) -> Tokens:
        """The session's tokens as they are now; empty before the first login, and with an API key."""
        return self._tokens

    def log_in(
        self, email: str | None, password: str | None, options: CallOptions | None = None
    ) -> LoginResult:
        """Begin a session, with the client's own e-mail and password where none are given.

        Raises:
            ConfigurationError: there is no e-mail and password.
            AuthenticationError: the server refuses them.
        """
        credentials = self._credentials
        if email is not None or password is not None:
            check_required({"email": email, "password": password}, "email", "password")
            credentials = Credentials("argument", email=email, password=password)
        if credentials is None or credentials.password is None:
            raise ConfigurationError("logging in needs email= and password=")
        given = credentials
        return self._begun(given, lambda: self._logged_in(given, options), Tokens(), None)

    def exchange(self, client: OAuthClient, options: CallOptions, **fields: str | None) -> LoginResult:
        """Begin a session with an OAuth code.

        Raises:
            APIError: the server refuses the code, or the client.
        """
        return self._begun(
            Credentials("argument"),
            lambda: self._granted(client, options, grant_type="authorization_code", **fields),
            Tokens(),
            client,
        )

    def refresh(self, refresh_token: str | None, options: CallOptions) -> LoginResult:
        """Renew the session's tokens now, or go on with the session of another refresh token.

        Raises:
            ConfigurationError: there is nothing to renew.
            AuthenticationError: the session has ended.
        """
        if refresh_token is not None:
            check_required({"refresh_token": refresh_token}, "refresh_token")
            given = refresh_token
            present = Tokens(refresh=given)
            return self._begun(
                Credentials("argument"), lambda: self._refreshed(given, options), present, self._oauth
            )
        if self._store is not None and self._tokens.access is None:
            self._keep_fresh(None)
        if self._store is not None and not self._replaceable:
            self._look_up(self._store)
        if not self._replaceable:
            raise ConfigurationError("there is no session to refresh: pass refresh_token=, or log in first")
        tokens = self._flight.run(lambda: self._renewed(self._tokens.access, options))
        return _result_of(tokens, _login().model())

    def log_out(self, refresh_token: str | None, options: CallOptions) -> None:
        """End the session, or that of another refresh token; an API key has none to end.

        Raises:
            CoordinaitorError: the server could not be told; the session goes on there until it expires.
        """
        store = self._store
        if store is None or refresh_token not in {None, self._tokens.refresh}:
            self._end(refresh_token, options)
            return
        with Held(store.lock) as held:
            # Another process may have renewed them: the newest end the session.
            stored = held.run(store.news)
            self._tokens = stored or self._tokens
            self._end(None, options)
            held.run(store.forget)

    def _end(self, refresh_token: str | None, options: CallOptions) -> None:
        from .._core.response import NOTHING

        refresh, access = refresh_token or self._tokens.refresh, self._tokens.access
        if refresh is None and access is None:
            return
        headers: dict[str, str] = {}
        if access is not None:
            headers["Authorization"] = Secret(f"Bearer {access}")
        call = Call(
            "POST",
            "/auth/logout",
            NOTHING,
            body=None if refresh is None else json_body({"refresh_token": refresh}),
            repeatable=True,
        )
        self._call(call, options, _Fixed(headers))
        if refresh_token is None or refresh_token == self._tokens.refresh:
            self._tokens = Tokens()

    @property
    def _store(self) -> SharedTokens | None:
        return self._credentials.store if self._credentials else None

    @property
    def _replaceable(self) -> bool:
        """Whether there is something to get new tokens with."""
        credentials = self._credentials
        return credentials is not None and (
            credentials.password is not None or self._tokens.refresh is not None
        )

    @property
    def _renewable(self) -> bool:
        """Whether new tokens may be had: with something of one's own, or from what others have stored."""
        return self._replaceable or self._store is not None

    def _keep_fresh(self, limit: float | None) -> None:
        freshness = self._tokens.freshness(time.time())
        if freshness is Freshness.FRESH or not self._renewable:
            return
        if freshness is Freshness.MANDATORY:
            self._flight.run(lambda: self._renewed(self._tokens.access), limit)
        elif self._replaceable and not self._flight.is_running:
            self._renew_early(limit)

    def _renew_early(self, limit: float | None) -> None:
        try:
            self._flight.run(lambda: self._renewed(self._tokens.access), limit)
        except (CoordinaitorError, TimeoutError) as error:
            logger.debug("the token could not be renewed early, it is still in use: %s", type(error).__name__)

    def _renewed(self, stale: str | None, options: CallOptions | None = None) -> Tokens:
        credentials, store = self._credentials, self._store
        if credentials is None or store is None:
            if self._tokens.access == stale:
                self._replace(options)
            return self._tokens
        # Reading needs no lock, and what can't be written may still be read.
        if self._taken(run_blocking(store.news), credentials, stale):
            return self._tokens
        with Held(store.lock) as held:
            # Another process may have renewed them while this one waited for the lock.
            taken = self._taken(held.run(store.news), credentials, stale)
            if not taken and self._replaceable and self._replace(options):
                tokens, begun = self._tokens, credentials.password is not None
                held.run(lambda: store.keep(tokens, begun=begun))
        return self._tokens

    def _look_up(self, store: SharedTokens) -> None:
        """Load all that is stored: a store may keep the refresh token back until its lock is held."""
        with Held(store.lock) as held:
            stored = held.run(store.news)
            self._tokens = stored or self._tokens

    def _taken(self, stored: Tokens | None, credentials: Credentials, stale: str | None) -> bool:
        """Go on with what another process has stored; whether there is a usable token then."""
        if stored is not None and self._credentials is credentials:
            self._tokens = stored
            self._identity = identity_of(stored.refresh or stored.access)  # it may be another user's by now
        usable = self._tokens.freshness(time.time()) is not Freshness.MANDATORY
        return usable and self._tokens.access != stale

    def _replace(self, options: CallOptions | None) -> bool:
        """Get new tokens for the present ones; False where another session took their place meanwhile."""
        present = self._tokens
        renewed = self._requested(present, options)
        if self._tokens is not present:
            return False
        self._tokens = renewed
        return True

    def _requested(self, present: Tokens, options: CallOptions | None) -> Tokens:
        credentials = self._credentials
        if present.refresh is not None:
            try:
                return _accepted(self._refreshed(present.refresh, options), present)
            except APIError as error:
                if error.status not in {400, 401, 403, 404, 422}:
                    raise
                if credentials is None or credentials.password is None:
                    raise _ended(error) from error
        if credentials is None or credentials.password is None:
            raise AuthenticationError("there is no credential to log in with", status=401)
        return _accepted(self._logged_in(credentials, options), Tokens())

    def _logged_in(self, credentials: Credentials, options: CallOptions | None) -> LoginResult:
        fields = {"email": credentials.email, "password": credentials.password}
        call = Call("POST", "/auth/login", _login(), body=json_body(fields), repeatable=True)
        return self._call(call, options)

    def _refreshed(self, refresh_token: str, options: CallOptions | None) -> LoginResult:
        if self._oauth is not None:
            return self._granted(
                self._oauth, options, grant_type="refresh_token", refresh_token=refresh_token
            )
        call = Call(
            "POST",
            "/auth/refresh",
            _login(),
            body=json_body({"refresh_token": refresh_token}),
            repeatable=True,
        )
        return self._call(call, options)

    def _granted(self, client: OAuthClient, options: CallOptions | None, **fields: str | None) -> LoginResult:
        # A code is good for one use: sending it twice could end what the first one began.
        call = Call(
            "POST",
            oauth.TOKEN,
            _login(),
            body=client.form(**fields),
            content_type=oauth.FORM,
            at_root=True,
            repeatable=fields["grant_type"] == "refresh_token",
        )
        return self._call(call, options)

    def _call(self, call: Call[T], options: CallOptions | None, authorizer: Authorizer | None = None) -> T:
        return self._transport.call(call, authorizer, self._settings.for_call(call, options or {}))

    def _begun(
        self,
        credentials: Credentials,
        request: Callable[[], LoginResult],
        present: Tokens,
        oauth_client: OAuthClient | None,
    ) -> LoginResult:
        """Begin a session, and keep it where the client's `token_store` is."""
        store = self._store
        if store is None or not store.keeps_logins:
            return self._begin(credentials, request(), present, oauth_client)
        credentials = replace(credentials, store=store)
        with Held(store.lock) as held:
            result = self._begin(credentials, request(), present, oauth_client)
            tokens = self._tokens
            held.run(lambda: store.keep(tokens, begun=True))
        return result

    def _begin(
        self, credentials: Credentials, result: LoginResult, present: Tokens, oauth_client: OAuthClient | None
    ) -> LoginResult:
        """Go on with the session that the server has given; `oauth_client` renews it, where it is OAuth's."""
        tokens = _accepted(result, present)
        self._credentials, self._tokens, self._oauth = credentials, tokens, oauth_client
        self._identity = _identity(credentials, tokens)
        return _result_of(tokens, result)


class _Fixed:
    """Headers that are not renewed: a session that has ended need not be ended."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    cache_identity = ""

    def headers(self, limit: float | None = None) -> dict[str, str]:  # noqa: ARG002 - as an Authorizer
        return self._headers

    def renew(self, rejected: dict[str, str], limit: float | None = None) -> bool:  # noqa: ARG002
        return rejected != self._headers


def _identity(credentials: Credentials | None, tokens: Tokens) -> str:
    """Of the user or key, rather than of a token, as far as that is known."""
    if credentials is None:
        return ""
    return identity_of(credentials.api_key or credentials.email or tokens.refresh or tokens.access)


def _accepted(result: LoginResult, present: Tokens) -> Tokens:
    try:
        return present.renewed(result, time.time())
    except ValueError as error:
        raise ResponseDecodeError(
            f"the server answered a login: {error}; check base_url and api_prefix"
        ) from None


def _none_there(credentials: Credentials) -> AuthenticationError:
    if credentials.store is not None:
        return AuthenticationError(
            "there are no stored tokens for this server; log in once with `auth.login(email, password)`,"
            " or give the client email and password too",
            status=401,
        )
    return AuthenticationError(
        "the session was ended; log in again with `auth.login()`, or pass new credentials", status=401
    )


def _ended(error: APIError) -> AuthenticationError:
    return AuthenticationError(
        f"the session has ended ({error.message});"
        " log in again with `coordinaitor auth login`, or pass new credentials",
        status=401,
        code=error.code,
        request_id=error.request_id,
        method=error.method,
        url=error.url,
        attempts=error.attempts,
    )


def _result_of(tokens: Tokens, result: LoginResult) -> LoginResult:
    """What the caller gets: the tokens at the top, wherever the server put them."""
    return result.model_copy(
        update={
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_in": tokens.lifetime,
        }
    )
