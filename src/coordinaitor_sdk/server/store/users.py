"""Users, sessions and API keys: queries and row statements. Passwords and keys are stored as hashes only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_u = tables.users
_s = tables.sessions
_k = tables.api_keys

_LOAD = Statement(select(*_u.c).where(_u.c.world == bindparam("world"), _u.c.id == bindparam("id")))
_BY_EMAIL = Statement(select(*_u.c).where(_u.c.email == bindparam("email")))
_ADD = Statement(insert(_u).values({column.name: bindparam(column.name) for column in _u.c}))
_SET_PASSWORD = Statement(
    update(_u)
    .where(_u.c.world == bindparam("in_world"), _u.c.id == bindparam("in_id"))
    .values(password_hash=bindparam("password_hash"))
)
_NOTE_LOGIN = Statement(
    update(_u)
    .where(_u.c.world == bindparam("in_world"), _u.c.id == bindparam("in_id"))
    .values(last_login_at=bindparam("at"))
)
_ADD_SESSION = Statement(insert(_s).values({column.name: bindparam(column.name) for column in _s.c}))
_SESSION = Statement(
    select(*_s.c, _u.c.role)
    .select_from(_s.join(_u, (_u.c.world == _s.c.world) & (_u.c.id == _s.c.user_id)))
    .where(_s.c.world == bindparam("world"), _s.c.id == bindparam("id"))
)
_REVOKE = Statement(
    update(_s)
    .where(_s.c.world == bindparam("in_world"), _s.c.id == bindparam("in_id"), _s.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
_REVOKE_ALL = Statement(
    update(_s)
    .where(
        _s.c.world == bindparam("in_world"), _s.c.user_id == bindparam("in_user"), _s.c.revoked_at.is_(None)
    )
    .values(revoked_at=bindparam("at"))
)
_DROP_OLD_SESSIONS = Statement(
    delete(_s).where(_s.c.world == bindparam("in_world"), _s.c.expires_at <= bindparam("at"))
)
_ADD_KEY = Statement(insert(_k).values({column.name: bindparam(column.name) for column in _k.c}))
_KEY = Statement(
    select(*_k.c, _u.c.role)
    .select_from(_k.join(_u, (_u.c.world == _k.c.world) & (_u.c.id == _k.c.user_id)))
    .where(_k.c.hash == bindparam("hash"))
)
_DROP_KEYS = Statement(
    delete(_k).where(_k.c.world == bindparam("in_world"), _k.c.name == bindparam("in_name"))
)


def load(sql: Sql, world: str, user_id: str) -> Row[Any] | None:
    """The user of that id."""
    row: Row[Any] | None = sql.first(_LOAD, world=world, id=user_id)
    return row


def by_email(sql: Sql, email: str) -> Row[Any] | None:
    """The user of that e-mail, in whichever world: e-mails are unique on a server. Case does not matter."""
    row: Row[Any] | None = sql.first(_BY_EMAIL, email=email.casefold())
    return row


def add(change: Change, user: dict[str, Any]) -> None:
    """Store a new user, given column by column."""
    defaults = {"tier": "free", "avatar": None, "preferences": "{}"}
    change.sql.run(_ADD, world=change.world.id, **(defaults | user | {"email": user["email"].casefold()}))


def set_password(change: Change, user_id: str, password_hash: str) -> None:
    """Store another password and end the user's sessions."""
    world = change.world.id
    change.sql.run(_SET_PASSWORD, in_world=world, in_id=user_id, password_hash=password_hash)
    change.sql.run(_REVOKE_ALL, in_world=world, in_user=user_id, at=change.stamp)


def add_session(
    change: Change, user_id: str, expires_at: str, *, client_id: str | None = None, scope: str | None = None
) -> str:
    """Store a new session, note the login, and drop sessions that are over; the new session's id.

    Parameters:
        client_id: the OAuth client that it is for.
        scope: the permissions that it is limited to, separated by blanks.
    """
    world = change.world.id
    session_id = change.new_id("session")
    change.sql.run(_DROP_OLD_SESSIONS, in_world=world, at=change.stamp)
    change.sql.run(
        _ADD_SESSION,
        world=world,
        id=session_id,
        user_id=user_id,
        created_at=change.stamp,
        expires_at=expires_at,
        revoked_at=None,
        client_id=client_id,
        scope=scope,
        refresh_id=None,
        previous_refresh_id=None,
        rotated_at=None,
    )
    change.sql.run(_NOTE_LOGIN, in_world=world, in_id=user_id, at=change.stamp)
    return session_id


def session(sql: Sql, world: str, session_id: str) -> Row[Any] | None:
    """The session of that id, with its user's role."""
    row: Row[Any] | None = sql.first(_SESSION, world=world, id=session_id)
    return row


def revoke_session(change: Change, session_id: str) -> None:
    """End a session; one that has ended stays so."""
    change.sql.run(_REVOKE, in_world=change.world.id, in_id=session_id, at=change.stamp)


def add_key(change: Change, key: dict[str, Any]) -> None:
    """Store a new API key, given column by column."""
    change.sql.run(_ADD_KEY, world=change.world.id, **({"rate_limit": None, "burst": None} | key))


def key_by_hash(sql: Sql, digest: str) -> Row[Any] | None:
    """The API key of that hash, with its owner's role."""
    row: Row[Any] | None = sql.first(_KEY, hash=digest)
    return row


def drop_keys(change: Change, name: str) -> None:
    """Delete the keys of that name."""
    change.sql.run(_DROP_KEYS, in_world=change.world.id, in_name=name)
