"""Whose a request is: the world of its credential, else of what it names, else the default one.

For faults and the journal, which must not reach into another world's.
"""

from __future__ import annotations

import json
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from coordinaitor_sdk.server.auth.gate import Gate
from coordinaitor_sdk.server.auth.tokens import Tokens, key_digest
from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.errors import AuthenticationError
from coordinaitor_sdk.server.faults.calls import READ, read_ahead
from coordinaitor_sdk.server.store import oauth, users
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.worlds import World, Worlds

_NAMING: Final = ("/auth/login", "/auth/refresh", "/auth/logout")


class Attribution:
    """Finds the world of a request; None where a credential is nobody's (unknown, or of a world that is
    gone).
    """

    def __init__(self, sql: Sql, gate: Gate, tokens: Tokens, worlds: Worlds) -> None:
        self._sql = sql
        self._gate = gate
        self._tokens = tokens
        self._worlds = worlds

    async def world_of(self, scope: Scope, receive: Receive) -> tuple[World | None, Receive]:
        """The world of a request, and what gives its body, which may have been read for that."""
        if not _is_named(scope) or isinstance(self._caller(scope), Principal):
            return self.by_head(scope), receive
        body, receive = await read_ahead(receive, READ)
        return self._by_body(Headers(scope=scope).get("content-type", ""), body), receive

    def by_head(self, scope: Scope) -> World | None:
        """The same, by what stands before the body."""
        caller = self._caller(scope)
        if isinstance(caller, Principal):
            return self._worlds.get(caller.world)
        if isinstance(caller, AuthenticationError):
            return self._by_lapsed(Headers(scope=scope))
        if scope["path"].startswith("/avatars/"):
            return self._worlds.get(scope["path"].split("/")[2])
        return self._worlds.default

    def _caller(self, scope: Scope) -> Principal | AuthenticationError | None:
        if "caller" in scope:
            found: Principal | AuthenticationError | None = scope["caller"]
            return found
        if scope["path"].startswith("/oauth/"):  # there it is the client that authenticates
            return None
        try:
            return self._gate.by_headers(Headers(scope=scope))
        except AuthenticationError as error:
            return error

    def _by_lapsed(self, headers: Headers) -> World | None:
        """The world of an access token that has expired, or whose session has ended."""
        if "x-api-key" in headers:
            return None
        return self._by_token(headers.get("authorization", "").partition(" ")[2].strip(), refresh=False)

    def _by_token(self, token: str, *, refresh: bool) -> World | None:
        try:
            return self._worlds.get(self._tokens.read(token, "refresh" if refresh else "access").world)
        except AuthenticationError:
            return None

    def _by_body(self, kind: str, body: bytes) -> World | None:
        named = _fields(kind, body)
        token = named.get("refreshToken", named.get("refresh_token"))
        if isinstance(token, str):
            return self._by_token(token, refresh=True)
        if isinstance(code := named.get("code"), str):
            row = oauth.find(self._sql, key_digest(code))
            return None if row is None else self._worlds.get(row.world)
        email = named.get("email")
        user = users.by_email(self._sql, email) if isinstance(email, str) else None
        return self._worlds.default if user is None else self._worlds.get(user.world)


def _is_named(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and (path.startswith("/oauth/") or path.endswith(_NAMING))


def _fields(kind: str, body: bytes) -> dict[str, Any]:
    try:
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(body.decode("ascii"), max_num_fields=100))
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", read) if isinstance(read, dict) else {}
