"""OAuth 2: codes for users who consent, sessions for codes (API document, "OAuth 2.0"; RFC 6749, 4.1)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from coordinaitor_sdk.server.auth.sessions import Sessions
from coordinaitor_sdk.server.clock import moment_of, stamp
from coordinaitor_sdk.server.domain.oauth import Client, CodeRequest, OAuthError, proves, scope_of
from coordinaitor_sdk.server.domain.permissions import granted
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.store import oauth, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.worlds import Worlds

CODE_TTL: Final = 60.0
"""Seconds for which a code can be exchanged."""

_REMEMBERED: Final = timedelta(days=1)
"""For so long after its end a code that comes again ends the session that it opened."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How the exchange of a code ended: with tokens, or with the end of the session that it had opened."""

    tokens: dict[str, Any] | None
    world: str
    session_id: str


class OAuth:
    """Gives codes, and sessions for them.

    Parameters:
        clients: the registered ones, by id.
    """

    def __init__(
        self, store: Store, worlds: Worlds, sessions: Sessions, clients: Mapping[str, Client]
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._sessions = sessions
        self.clients = clients
        self._key = secrets.token_bytes(32)

    def check_of(self, nonce: str, request: str) -> str:
        """What ties a form for `request` to the browser that holds the nonce; of this start of the server."""
        return hmac.new(self._key, f"{nonce}\n{request}".encode(), hashlib.sha256).hexdigest()

    async def consent(self, request: CodeRequest, email: str, password: str) -> str:
        """A new code for a user who logs in and consents.

        Raises:
            AuthenticationError: e-mail or password are wrong.
            OAuthError: the user has none of the permissions asked for.
        """
        user, world = await self._sessions.check_password(email, password)
        permissions = request.granted(granted(user.role))
        if not permissions:
            raise OAuthError("access_denied", "the user has none of the permissions asked for")
        code = secrets.token_urlsafe(32)

        def add(change: Change) -> None:
            oauth.forget(change, stamp(change.now - _REMEMBERED))
            oauth.add(
                change,
                {
                    "hash": _digest(code),
                    "client_id": request.client.id,
                    "user_id": user.id,
                    "redirect_uri": request.redirect_uri,
                    "scope": " ".join(sorted(permissions)),
                    "challenge": request.challenge,
                    "expires_at": stamp(change.now + timedelta(seconds=CODE_TTL)),
                },
            )

        await self._store.write(world, add)
        return code

    async def exchange(self, client: Client, given: Mapping[str, str]) -> Exchange:
        """Tokens for a code; one that comes again ends the session that it opened (RFC 6749, 4.1.2).

        Raises:
            OAuthError: the code doesn't hold.
        """
        digest = _digest(given.get("code", ""))
        found = oauth.find(self._store.read, digest)
        world = None if found is None else self._worlds.get(found.world)
        if world is None:
            raise _no_code()

        def work(change: Change) -> Exchange:
            row = oauth.find(change.sql, digest)
            if row is None:
                raise _no_code()
            if row.session_id is not None:
                users.revoke_session(change, row.session_id)
                return Exchange(None, world.id, row.session_id)
            _check_code(row, client, given, change)
            session_id, tokens = self._sessions.begin(
                change, row.user_id, client_id=client.id, scope=row.scope
            )
            oauth.use(change, digest, session_id)
            return Exchange(tokens | {"scope": row.scope}, world.id, session_id)

        done = await self._store.write(world, work)
        if done.tokens is None:
            self._sessions.ended(done.world, done.session_id)
        return done

    async def refresh(self, client: Client, given: Mapping[str, str]) -> dict[str, Any]:
        """New tokens for a refresh token that this client was given.

        Raises:
            OAuthError: it doesn't hold, or is another's.
        """
        token = given.get("refresh_token", "")
        try:
            session = self._sessions.session_of(token)
            if session.client_id != client.id:
                raise OAuthError("invalid_grant", "the refresh token was given to another client")
            asked = scope_of(given.get("scope")) or frozenset[str]()
            if not asked <= frozenset(session.scope.split()):
                raise OAuthError("invalid_scope", "the session has less permissions than that")
            return await self._sessions.refresh(token) | {"scope": session.scope}
        except AuthenticationError as error:
            raise OAuthError("invalid_grant", error.message) from error


def _check_code(row: Any, client: Client, given: Mapping[str, str], change: Change) -> None:
    if row.client_id != client.id:
        raise _no_code()
    if moment_of(row.expires_at) <= change.now:
        raise OAuthError("invalid_grant", "the code has expired")
    asked = given.get("redirect_uri", "")
    if asked != row.redirect_uri and not (row.redirect_uri == "" and client.redirect_for(asked) == asked):
        raise OAuthError("invalid_grant", "redirect_uri is not that of the code's request")
    if not proves(given.get("code_verifier"), row.challenge):
        raise OAuthError("invalid_grant", "code_verifier does not fit the code's challenge")


def _no_code() -> OAuthError:
    return OAuthError("invalid_grant", "there is no such code for this client")


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
