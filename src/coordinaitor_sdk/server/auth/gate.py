"""Who is calling: from the headers of a request, or the first message of a socket, to a principal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from coordinaitor_sdk.server.auth.tokens import KEY_PREFIX, Claims, Tokens, key_digest
from coordinaitor_sdk.server.domain.permissions import Principal, granted
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.worlds import World, Worlds

REMEMBERED = 4_096
"""Credentials whose check is remembered; only their expiry is checked again."""


class Gate:
    """Turns credentials into principals.

    What was found is remembered until a session ends: `forget` must follow every change of sessions.
    """

    def __init__(self, sql: Sql, worlds: Worlds, tokens: Tokens) -> None:
        self._sql = sql
        self._worlds = worlds
        self._tokens = tokens
        self._known: dict[str, Principal] = {}

    def by_headers(self, headers: Mapping[str, str]) -> Principal | None:
        """The caller of a request; None when it carries no credential. X-API-Key wins over Authorization.

        Raises:
            AuthenticationError: the credential doesn't hold.
        """
        key = headers.get("x-api-key")
        if key is not None:
            return self.by_key(key.strip())
        authorization = headers.get("authorization")
        if authorization is None:
            return None
        scheme, _, credential = authorization.strip().partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise AuthenticationError("The Authorization header must be: Bearer <token>")
        return self.by_bearer(credential)

    def by_bearer(self, credential: str) -> Principal:
        """The principal of an access token, or of an API key sent in its place.

        Raises:
            AuthenticationError: it doesn't hold.
        """
        return self.by_key(credential) if credential.startswith(KEY_PREFIX) else self.by_token(credential)

    def by_key(self, key: str) -> Principal:
        """The principal of an API key.

        Raises:
            AuthenticationError: there is no such key.
        """
        digest = key_digest(key)
        if (known := self._known.get(digest)) is not None:
            return known
        row = users.key_by_hash(self._sql, digest)
        if row is None:
            raise AuthenticationError("The API key is invalid")
        permissions = granted(row.role, json.loads(row.permissions))
        principal = Principal(
            row.world,
            row.user_id,
            permissions,
            row.role,
            key_id=row.id,
            tier=row.tier,
            rate_limit=row.rate_limit,
            burst=row.burst,
        )
        return self._remember(digest, principal)

    def by_token(self, token: str) -> Principal:
        """The principal of an access token.

        Raises:
            AuthenticationError: it is forged or expired, or its session has ended.
        """
        known = self._known.get(token) or self._remember(token, self._check(token))
        if known.expires_at is not None and self.world_of(known).clock.now().timestamp() >= known.expires_at:
            raise AuthenticationError("The access token has expired")
        return known

    def world_of(self, principal: Principal) -> World:
        """The world to which the principal belongs.

        Raises:
            AuthenticationError: it is gone.
        """
        world = self._worlds.get(principal.world)
        if world is None:
            raise AuthenticationError("The credential's organization is gone")
        return world

    def require_session(self, claims: Claims, sql: Sql | None = None) -> Row[Any]:
        """The session that the claims name, with the role and tier of its user.

        Parameters:
            sql: that of a change; else what is committed is read.

        Raises:
            AuthenticationError: the session has ended.
        """
        row = users.session(sql or self._sql, claims.world, claims.session_id)
        if row is None or row.revoked_at is not None:
            raise AuthenticationError("The session has ended: log in again")
        return row

    def forget(self) -> None:
        """Check every credential anew from now on."""
        self._known.clear()

    def _check(self, token: str) -> Principal:
        claims = self._tokens.read(token, "access")
        principal = Principal(
            claims.world,
            claims.user_id,
            frozenset(),
            session_id=claims.session_id,
            expires_at=claims.expires_at,
        )
        claims.check_expiry(self.world_of(principal).clock.now())
        session = self.require_session(claims)
        scope = None if session.scope is None else session.scope.split()
        return Principal(
            claims.world,
            claims.user_id,
            granted(session.role, scope),
            session.role,
            session_id=claims.session_id,
            expires_at=claims.expires_at,
            tier=session.tier,
        )

    def _remember(self, credential: str, principal: Principal) -> Principal:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[credential] = principal
        return principal
