"""Users, sessions and API keys: queries and row statements. Passwords and keys are stored as hashes only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_u = tables.users
_s = tables.sessions
_k = tables.api_keys

_t = tables.tasks
_in_world = _u.c.world == bindparam("world")
_LOAD = Statement(select(*_u.c).where(_u.c.world == bindparam("world"), _u.c.id == bindparam("id")))
_BY_EMAIL = Statement(select(*_u.c).where(_u.c.email == bindparam("email")))
_ADD = Statement(insert(_u).values({column.name: bindparam(column.name) for column in _u.c}))
_AVATAR = Statement(select(_u.c.id).where(_in_world, _u.c.avatar == bindparam("avatar")))
_CREATED = Statement(
    select(func.count(), func.sum(case((_t.c.status == literal("completed"), 1), else_=0))).where(
        _t.c.world == bindparam("world"), _t.c.created_by == bindparam("id")
    )
)
_ACTIVE_PROJECTS = Statement(
    select(func.count())
    .select_from(
        tables.project_members.join(
            tables.projects,
            (tables.projects.c.world == tables.project_members.c.world)
            & (tables.projects.c.id == tables.project_members.c.project_id),
        )
    )
    .where(
        tables.project_members.c.world == bindparam("world"),
        tables.project_members.c.user_id == bindparam("id"),
        tables.projects.c.status == literal("active"),
    )
)
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
    select(*_s.c, _u.c.role, _u.c.tier)
    .select_from(_s.join(_u, (_u.c.world == _s.c.world) & (_u.c.id == _s.c.user_id)))
    .where(_s.c.world == bindparam("world"), _s.c.id == bindparam("id"))
)
_ROTATE = Statement(
    update(_s)
    .where(_s.c.world == bindparam("in_world"), _s.c.id == bindparam("in_id"))
    .values(
        refresh_id=bindparam("new"), previous_refresh_id=bindparam("old"), rotated_at=bindparam("rotated_at")
    )
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
    select(*_k.c, _u.c.role, _u.c.tier)
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


def save(change: Change, user_id: str, values: Mapping[str, Any]) -> None:
    """Store other values of some columns."""
    change.sql.run(_update_of(tuple(sorted(values))), world=change.world.id, in_id=user_id, **values)


def has_avatar(sql: Sql, world: str, name: str) -> bool:
    """Whether that picture is the avatar of a user."""
    return sql.value(_AVATAR, world=world, avatar=name) is not None


def page_of(
    sql: Sql, world: str, *, role: str | None, text: str | None, limit: int, offset: int
) -> tuple[list[Row[Any]], int]:
    """One page of users by id, and how many there are in all.

    Parameters:
        text: each of its words must occur in name or e-mail.
    """
    terms = [] if text is None else list(dict.fromkeys(text.split()))
    rows, count = _statements(role is not None, len(terms))
    values: dict[str, Any] = {f"term_{number}": search.like_value(term) for number, term in enumerate(terms)}
    if role is not None:
        values["role"] = role
    with sql.snapshot():
        total = int(sql.value(count, world=world, **values))
        return sql.all(rows, world=world, limit=limit, offset=offset, **values), total


def wire(sql: Sql, row: Row[Any], avatars: str) -> dict[str, Any]:
    """A user as it is sent (API document, "GET /api/v1/users/me").

    Parameters:
        avatars: the address below which pictures are found.
    """
    created, completed = sql.first(_CREATED, world=row.world, id=row.id)
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "tier": row.tier,
        "organizationId": row.world,
        "avatar": None if row.avatar is None else f"{avatars}/{row.world}/{row.avatar}",
        "preferences": json.loads(row.preferences),
        "stats": {
            "tasksCreated": created,
            "tasksCompleted": completed or 0,
            "projectsActive": sql.value(_ACTIVE_PROJECTS, world=row.world, id=row.id),
        },
        "createdAt": row.created_at,
        "lastLoginAt": row.last_login_at,
    }


@lru_cache(maxsize=64)
def _update_of(names: tuple[str, ...]) -> Statement:
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in names}
    return Statement(update(_u).where(_in_world, _u.c.id == bindparam("in_id")).values(values))


@lru_cache(maxsize=32)
def _statements(by_role: bool, terms: int) -> tuple[Statement, Statement]:
    conditions: list[ColumnElement[bool]] = [_contains(f"term_{number}") for number in range(terms)]
    if by_role:
        conditions.append(_u.c.role == bindparam("role"))
    rows = (
        select(*_u.c)
        .where(_in_world, *conditions)
        .order_by(func.length(_u.c.id), _u.c.id)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    return Statement(rows), Statement(select(func.count()).select_from(_u).where(_in_world, *conditions))


def _contains(parameter: str) -> ColumnElement[bool]:
    value: BindParameter[str] = bindparam(parameter)
    return or_(_u.c.name.like(value, escape="\\"), _u.c.email.like(value, escape="\\"))


def set_password(change: Change, user_id: str, password_hash: str) -> None:
    """Store another password and end the user's sessions."""
    world = change.world.id
    change.sql.run(_SET_PASSWORD, in_world=world, in_id=user_id, password_hash=password_hash)
    change.sql.run(_REVOKE_ALL, in_world=world, in_user=user_id, at=change.stamp)


def add_session(
    change: Change,
    user_id: str,
    expires_at: str,
    refresh_id: str,
    *,
    client_id: str | None = None,
    scope: str | None = None,
) -> str:
    """Store a new session, note the login, and drop sessions that are over; the new session's id.

    Parameters:
        refresh_id: of its first refresh token.
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
        refresh_id=refresh_id,
        previous_refresh_id=None,
        rotated_at=None,
    )
    change.sql.run(_NOTE_LOGIN, in_world=world, in_id=user_id, at=change.stamp)
    return session_id


def session(sql: Sql, world: str, session_id: str) -> Row[Any] | None:
    """The session of that id, with its user's role and tier."""
    row: Row[Any] | None = sql.first(_SESSION, world=world, id=session_id)
    return row


def rotate_session(change: Change, session_id: str, old: str, new: str) -> None:
    """Let another refresh token follow the one of a session."""
    change.sql.run(
        _ROTATE, in_world=change.world.id, in_id=session_id, old=old, new=new, rotated_at=change.stamp
    )


def revoke_session(change: Change, session_id: str) -> None:
    """End a session; one that has ended stays so."""
    change.sql.run(_REVOKE, in_world=change.world.id, in_id=session_id, at=change.stamp)


def add_key(change: Change, key: dict[str, Any]) -> None:
    """Store a new API key, given column by column."""
    change.sql.run(_ADD_KEY, world=change.world.id, **({"rate_limit": None, "burst": None} | key))


def key_by_hash(sql: Sql, digest: str) -> Row[Any] | None:
    """The API key of that hash, with its owner's role and tier."""
    row: Row[Any] | None = sql.first(_KEY, hash=digest)
    return row


def drop_keys(change: Change, name: str) -> None:
    """Delete the keys of that name."""
    change.sql.run(_DROP_KEYS, in_world=change.world.id, in_name=name)
