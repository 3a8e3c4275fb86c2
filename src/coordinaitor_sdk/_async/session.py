"""Credentials at work: which headers a call carries, and how they are renewed (DESIGN 3.10)."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from .._core.request import Call, json_body
from .._core.response import NOTHING, one
from .._core.tokens import Freshness, Tokens
from .._runtime.aio import SingleFlight, run_blocking
from ..exceptions import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    CoordinaitorError,
    ResponseDecodeError,
)
from ..models.auth import LoginResult

if TYPE_CHECKING:
    from ..profiles import Credentials
    from .transport import AsyncTransport

T = TypeVar("T")

logger = logging.getLogger("coordinaitor_sdk")

# No answer to a login is keyed by the resource: `user` and `token` stand beside each other.
_LOGIN = one(LoginResult, "login")


class AsyncSession:
    """One credential: an API key as it is, or tokens that are got and renewed as needed.

    However many calls wait for a token, one request renews it; across processes the token store's lock and
    a second look at what is stored do the same.
    """

    def __init__(self, transport: AsyncTransport, credentials: Credentials | None) -> None:
        self._transport = transport
        self._credentials = credentials
        self._tokens = (credentials.tokens if credentials else None) or Tokens()
        self._flight: SingleFlight[Tokens] = SingleFlight()

    async def call(self, call: Call[T]) -> T:
        """Make a call with these credentials; see `AsyncTransport.call`."""
        return await self._transport.call(call, self)

    async def call_openly(self, call: Call[T]) -> T:
        """Make a call without credentials."""
        return await self._transport.call(call)

    async def headers(self) -> dict[str, str]:
        """The headers that authenticate a call; none where there is no credential.

        Raises:
            AuthenticationError: the session has ended and can't be renewed.
        """
        credentials = self._credentials
        if credentials is None:
            return {}
        if credentials.api_key is not None:
            return {"X-API-Key": credentials.api_key}
        await self._keep_fresh()
        return {"Authorization": f"Bearer {self._tokens.access}"}

    async def renew(self, rejected: dict[str, str]) -> bool:
        """After a 401: get other credentials than the rejected headers; False where there are none.

        Raises:
            AuthenticationError: the session has ended and can't be renewed.
        """
        if not self._renewable or "Authorization" not in rejected:
            return False
        token = rejected["Authorization"].removeprefix("Bearer ")
        if self._tokens.access == token:
            await self._flight.run(lambda: self._renewed(token))
        return self._tokens.access != token

    async def sign_in(self) -> Tokens:
        """Log in now with e-mail and password, whatever tokens there are.

        Raises:
            ConfigurationError: the credential is of another kind.
            AuthenticationError: the server refuses it.
        """
        if self._credentials is None or self._credentials.password is None:
            raise ConfigurationError("signing in needs email= and password=")
        self._tokens = await self._logged_in(self._credentials)
        return self._tokens

    async def sign_out(self) -> None:
        """End the session on the server (`POST /auth/logout`); an API key has none to end.

        Raises:
            CoordinaitorError: the server could not be told; the session goes on there until it expires.
        """
        refresh, access = self._tokens.refresh, self._tokens.access
        if refresh is None:
            return
        headers = {} if access is None else {"Authorization": f"Bearer {access}"}
        call = Call(
            "POST", "/auth/logout", NOTHING, body=json_body({"refresh_token": refresh}), repeatable=True
        )
        await self._transport.call(call, _Fixed(headers))
        self._tokens = Tokens()

    @property
    def _renewable(self) -> bool:
        credentials = self._credentials
        return credentials is not None and (
            credentials.password is not None or self._tokens.refresh is not None
        )

    async def _keep_fresh(self) -> None:
        freshness = self._tokens.freshness(time.time())
        if freshness is Freshness.FRESH or not self._renewable:
            return
        if freshness is Freshness.MANDATORY:
            await self._flight.run(lambda: self._renewed(self._tokens.access))
        elif not self._flight.is_running:
            await self._renew_early()

    async def _renew_early(self) -> None:
        try:
            await self._flight.run(lambda: self._renewed(self._tokens.access))
        except CoordinaitorError as error:
            logger.debug("the token could not be renewed early, it is still in use: %s", type(error).__name__)

    async def _renewed(self, stale: str | None) -> Tokens:
        store = self._credentials.store if self._credentials else None
        if store is None:
            if self._tokens.access == stale:
                self._tokens = await self._requested()
            return self._tokens
        lock = store.lock()
        await run_blocking(lock.acquire)
        try:
            stored = await run_blocking(store.load)
            if stored is not None:
                self._tokens = stored
            # Another process may have renewed them while this one waited for the lock.
            if self._tokens.access == stale or self._tokens.freshness(time.time()) is Freshness.MANDATORY:
                self._tokens = await self._requested()
                await run_blocking(lambda: store.save(self._tokens))
        finally:
            lock.release()
        return self._tokens

    async def _requested(self) -> Tokens:
        credentials = self._credentials
        if self._tokens.refresh is not None:
            try:
                return await self._post("/auth/refresh", {"refresh_token": self._tokens.refresh})
            except APIError as error:
                if error.status not in {400, 401, 403, 404, 422}:
                    raise
                if credentials is None or credentials.password is None:
                    raise _ended(error) from error
        if credentials is None or credentials.password is None:
            raise AuthenticationError("there is no credential to log in with", status=401)
        return await self._logged_in(credentials)

    async def _logged_in(self, credentials: Credentials) -> Tokens:
        return await self._post("/auth/login", {"email": credentials.email, "password": credentials.password})

    async def _post(self, path: str, fields: dict[str, str | None]) -> Tokens:
        call = Call("POST", path, _LOGIN, body=json_body(fields), repeatable=True)
        result = await self._transport.call(call)
        try:
            return self._tokens.renewed(result, time.time())
        except ValueError as error:
            raise ResponseDecodeError(f"POST {path}: {error}; check base_url and api_prefix") from None


class _Fixed:
    """Headers that are not renewed: a session that has ended need not be ended."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> dict[str, str]:
        return self._headers

    async def renew(self, rejected: dict[str, str]) -> bool:
        return rejected != self._headers


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
