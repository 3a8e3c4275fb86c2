"""Login, refresh and logout (API document, "Authentication Endpoints")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.passwords import PasswordChecker
from coordinaitor_sdk.server.auth.tokens import REFRESH_TTL, Claims, Tokens, new_token_id
from coordinaitor_sdk.server.clock import moment_of, stamp
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.store import users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.system_log import SystemLog
from coordinaitor_sdk.server.wire import plain
from coordinaitor_sdk.server.worlds import World, Worlds

ROTATION_GRACE: Final = timedelta(seconds=60)
"""For so long a refresh token that was rotated away yields its successor: the answer may have been lost."""


class Sessions:
    """Starts, refreshes and ends sessions.

    Parameters:
        on_end: called with world and id of a session that was ended.
        rotate: whether a refresh gives another refresh token.
    """

    def __init__(
        self,
        store: Store,
        worlds: Worlds,
        tokens: Tokens,
        gate: Gate,
        log: SystemLog,
        *,
        on_end: Callable[[str, str], None],
        rotate: bool,
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._tokens = tokens
        self._gate = gate
        self._log = log
        self._on_end = on_end
        self._rotate = rotate
        self._passwords = PasswordChecker()

    async def login(self, email: str, password: str) -> dict[str, Any]:
        """A new session's tokens and its user.

        Raises:
            AuthenticationError: e-mail or password are wrong; which of them is not said.
        """
        user, world = await self.check_password(email, password)
        session_id, tokens = await self._store.write(world, lambda change: self.begin(change, str(user.id)))
        self._log.note(world, "info", "auth", f"{user.id} logged in: {session_id}")
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
            who = "nobody known" if user is None else user.id
            self._log.note(world or self._worlds.default, "warn", "auth", f"the login of {who} was refused")
            raise AuthenticationError("E-mail or password is wrong")
        return user, world

    def begin(
        self, change: Change, user_id: str, *, client_id: str | None = None, scope: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Store a new session; its id and its tokens."""
        expires = stamp(change.now + timedelta(seconds=REFRESH_TTL))
        refresh_id = new_token_id()
        session_id = users.add_session(change, user_id, expires, refresh_id, client_id=client_id, scope=scope)
        refresh = self._refresh_token(
            change.world, user_id, session_id, refresh_id, stamp(change.now), expires
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

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        """A new access token, with the same refresh token or, where they rotate, its successor.

        Raises:
            AuthenticationError: the refresh token doesn't hold, its session has ended, or it was used before
                and its session is ended for that.
        """
        claims, world = self._read(refresh_token)
        claims.check_expiry(world.clock.now())
        if self._rotate:
            followed = await self._store.write(world, lambda change: self._follow(change, claims))
            if followed is None:
                said = f"{claims.session_id} was ended: a refresh token was used again"
                self._log.note(world, "warn", "auth", said)
                self.ended(world.id, claims.session_id)
                raise AuthenticationError("The refresh token was used before: its session is ended")
            refresh_token = followed
        else:
            self._gate.require_session(claims)
        self._log.note(world, "info", "auth", f"{claims.session_id} was refreshed")
        return self._answer(self._access(world, claims.user_id, claims.session_id), refresh_token)

    def _follow(self, change: Change, claims: Claims) -> str | None:
        """The successor of a refresh token; None when it was rotated away long ago, and its session is ended:
        somebody has copied it.
        """
        session = self._gate.require_session(claims, change.sql)
        current, made = session.refresh_id, session.rotated_at
        if current in (None, claims.token_id):
            current, made = new_token_id(), change.stamp
            users.rotate_session(change, session.id, claims.token_id, current)
        elif (
            claims.token_id != session.previous_refresh_id
            or change.now - moment_of(session.rotated_at) >= ROTATION_GRACE
        ):
            users.revoke_session(change, session.id)
            return None
        return self._refresh_token(
            change.world, claims.user_id, session.id, current, made, session.expires_at
        )

    def ended(self, world_id: str, session_id: str) -> None:
        """A session was ended: its access tokens and its sockets end with it."""
        self._gate.forget()
        self._on_end(world_id, session_id)

    async def logout(self, refresh_token: str | None, principal: Principal | None) -> None:
        """End the session of the refresh token, else of the caller's access token.

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
        self.ended(world.id, session_id)
        self._log.note(world, "info", "auth", f"{session_id} was ended by a logout")

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
            "access",
            world=world.id,
            user_id=user_id,
            session_id=session_id,
            token_id=new_token_id(),
            now=now,
            expires_at=expires,
        )

    def _refresh_token(
        self, world: World, user_id: str, session_id: str, token_id: str, made: str, expires: str
    ) -> str:
        return self._tokens.issue(
            "refresh",
            world=world.id,
            user_id=user_id,
            session_id=session_id,
            token_id=token_id,
            now=moment_of(made),
            expires_at=moment_of(expires),
        )

    def _answer(self, access: str, refresh: str) -> dict[str, Any]:
        return {
            "accessToken": access,
            "refreshToken": refresh,
            "expiresIn": plain(self._tokens.access_ttl),
        }
