"""Adding a user to a database, beside a server that may be running on it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import get_args

from sqlalchemy.exc import DBAPIError

from coordinaitor_sdk.server.auth.passwords import hash_password
from coordinaitor_sdk.server.changes.users import register_user
from coordinaitor_sdk.server.domain.permissions import Role, Tier
from coordinaitor_sdk.server.errors import ConflictError
from coordinaitor_sdk.server.run import AddedUser, NewUser, RegistrationError
from coordinaitor_sdk.server.schemas.users import checked_email
from coordinaitor_sdk.server.settings import Settings
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import DatabaseError, connect, open_engine, path_of
from coordinaitor_sdk.server.store.schema import require_current
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.worlds import Work, World, load_worlds

_LONGEST_NAME = 200
_LONGEST_PASSWORD = 1_024


def register(new: NewUser) -> AddedUser:
    """Add the user; nothing is changed when it fails.

    Raises:
        RegistrationError: the database can't be used, or the user can't be added.
    """
    email, name = _checked(new)
    path = _existing(new.database)
    password = secrets.token_urlsafe(15) if new.password is None else new.password
    try:
        engine = open_engine(path)
        try:
            require_current(engine, path)
            sql = Sql(connect(engine))
            return _add(sql, new, email, name, password)
        finally:
            engine.dispose()
    except DatabaseError as error:
        raise RegistrationError(str(error)) from error
    except DBAPIError as error:
        raise RegistrationError(
            f"database {path} can't be written ({error.orig}): nothing was added"
        ) from error


def _existing(database: str | None) -> Path:
    try:
        path = path_of(database)
    except DatabaseError as error:
        raise RegistrationError(str(error)) from error
    if not path.exists():
        raise RegistrationError(f"there is no database {path}: start the server once, or give --database")
    return path


def _add(sql: Sql, new: NewUser, email: str, name: str, password: str) -> AddedUser:
    hashed = hash_password(password)
    try:
        with sql.transaction():
            world = _world(sql, new.organization)
            user = register_user(
                Change(sql, world),
                email=email,
                name=name,
                role=new.role,
                tier=new.tier,
                password_hash=hashed,
            )
    except ConflictError as error:
        raise RegistrationError(
            f"the e-mail {email} is in use on this server: give another --email"
        ) from error
    finally:
        sql.close()
    told = None if new.password is not None else password
    return AddedUser(user.id, user.email, user.name, world.id, user.role, user.tier, told)


def _world(sql: Sql, organization: str | None) -> World:
    worlds = load_worlds(sql, work=Work(), log_length=Settings().log_length)
    for world in worlds:
        if world.id == organization or (organization is None and world.is_default):
            return world
    known = ", ".join(f"{world.id} ({world.name})" for world in worlds)
    raise RegistrationError(f"there is no organization {organization}: give --org as one of {known}")


def _checked(new: NewUser) -> tuple[str, str]:
    email = new.email.strip()
    try:
        checked_email(email)
    except ValueError as error:
        raise RegistrationError(f"--email {error}, not {new.email!r}") from error
    name = (email.partition("@")[0] if new.name is None else new.name).strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise RegistrationError(f"--name must have 1 to {_LONGEST_NAME} printable characters")
    for option, value, known in (("role", new.role, get_args(Role)), ("tier", new.tier, get_args(Tier))):
        if value not in known:
            raise RegistrationError(f"--{option} must be one of {', '.join(known)}, not {value}")
    if new.password is not None and not 0 < len(new.password) <= _LONGEST_PASSWORD:
        raise RegistrationError(f"the password must have 1 to {_LONGEST_PASSWORD} characters")
    return email, name
