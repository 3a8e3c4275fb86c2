"""Login, refresh and logout (API document, "Authentication Endpoints")."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.passwords import PasswordChecker
from coordinaitor_sdk.server.auth.tokens import REFRESH_TTL, Claims, Tokens
from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.wire import plain
from coordinaitor_sdk.server.worlds import World, Worlds


class Sessions:
    """Starts, refreshes and ends sessions."""

    def __init__(self, store: Store, worlds: Worlds, tokens: Tokens, gate: Gate) -> None:
        self._store = store
        self._worlds = worlds
        self._tokens = tokens
        self._gate = gate
        self._passwords = PasswordChecker()

    async def login(self, email: str, password: str) -> dict[str, Any]:
        """A new session's tokens and its user.

        Raises:
            AuthenticationError: e-mail or password are wrong; which of them is not said.
        """
        user, world = await self.check_password(email, password)
        _, tokens = await self._store.write(world, lambda change: self.begin(change, str(user.id)))
        about = {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "organizationId": user.world,
        }
        return tokens | {"user": about}

    async def check_password(self, email: str, password: str) -> tuple[Row[Any], World]:
        """The user of that e-mail and password, and the user's world.

        Raises:
            AuthenticationError: they are wrong; which of them is not said.
        """
        user = users.by_email(self._store.read, email)
        good = await self._passwords.matches(password, None if user is None else user.password_hash)
        world = None if user is None else self._worlds.get(user.world)
        if user is None or world is None or not good:
            raise AuthenticationError("E-mail or password is wrong")
        return user, world

    def begin(
        self, change: Change, user_id: str, *, client_id: str | None = None, scope: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Store a new session; its id and its tokens."""
        expires = change.now + timedelta(seconds=REFRESH_TTL)
        session_id = users.add_session(change, user_id, stamp(expires), client_id=client_id, scope=scope)
        refresh = self._tokens.issue(
            "refresh",
            world=change.world.id,
            user_id=user_id,
            session_id=session_id,
            now=change.now,
            expires_at=expires,
        )
        return session_id, self._answer(self._access(change.world, user_id, session_id), refresh)

    def session_of(self, refresh_token: str) -> Row[Any]:
        """The session of a refresh token that holds.

        Raises:
            AuthenticationError: it doesn't, or its session has ended.
        """
        claims, world = self._read(refresh_token)
        claims.check_expiry(world.clock.now())
        return self._gate.require_session(claims)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """A new access token; the refresh token stays the same.

        Raises:
            AuthenticationError: the refresh token doesn't hold, or its session has ended.
        """
        claims, world = self._read(refresh_token)
        claims.check_expiry(world.clock.now())
        self._gate.require_session(claims)
        return self._answer(self._access(world, claims.user_id, claims.session_id), refresh_token)

    async def logout(self, refresh_token: str | None, principal: Principal | None) -> tuple[str, str]:
        """End the session of the refresh token, else of the caller's access token; its world and its id.

        Raises:
            AuthenticationError: neither names a session.
        """
        if refresh_token is not None:
            claims, world = self._read(refresh_token)
            session_id = claims.session_id
        elif principal is not None and principal.session_id is not None:
            session_id, world = principal.session_id, self._gate.world_of(principal)
        else:
            raise AuthenticationError("Logout needs the refresh token, or the access token of the session")
        await self._store.write(world, lambda change: users.revoke_session(change, session_id))
        self._gate.forget()
        return world.id, session_id

    def _read(self, refresh_token: str) -> tuple[Claims, World]:
        claims = self._tokens.read(refresh_token, "refresh")
        world = self._worlds.get(claims.world)
        if world is None:
            raise AuthenticationError("The refresh token is invalid")
        return claims, world

    def _access(self, world: World, user_id: str, session_id: str) -> str:
        now = world.clock.now()
        expires = now + timedelta(seconds=self._tokens.access_ttl)
        return self._tokens.issue(
            "access", world=world.id, user_id=user_id, session_id=session_id, now=now, expires_at=expires
        )

    def _answer(self, access: str, refresh: str) -> dict[str, Any]:
        return {
            "accessToken": access,
            "refreshToken": refresh,
            "expiresIn": plain(self._tokens.access_ttl),
        }
