"""Filling a new database, and applying the password and key that a start was given to an existing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine

from coordinaitor_sdk.server.auth.passwords import hash_password, matches
from coordinaitor_sdk.server.auth.tokens import key_digest, new_key, new_secret
from coordinaitor_sdk.server.changes.work import look_soon
from coordinaitor_sdk.server.clock import Clock, SystemClock, stamp
from coordinaitor_sdk.server.domain.permissions import ALL
from coordinaitor_sdk.server.seeds.demo import add_demo
from coordinaitor_sdk.server.store import settings, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import DatabaseError, connect
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.wire import dumps
from coordinaitor_sdk.server.worlds import World, add_server_sequences, add_world, load_worlds, new_epoch

ADMIN_ID = "user-123"
ADMIN_EMAIL = "admin@orchestrator.com"
DOCUMENTED_PASSWORD = "admin123"  # noqa: S105 - the API document's own example, allowed on loopback only
ORGANIZATION = ("org-456", "Acme Corp")
TOKEN_SECRET = "token_secret"  # noqa: S105 - the name of the setting
GIVEN_KEY = "given at start"
FIRST_KEY = "made at first start"


@dataclass(frozen=True, slots=True)
class Start:
    """What a start was asked for."""

    seed: Literal["demo", "empty"]
    api_key: str | None
    admin_password: str | None
    loopback: bool
    pace: float
    log_length: int
    keep_hours: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """What a start found or made. Password and key only where this start was given or made them."""

    worlds: list[World]
    token_secret: str
    admin_email: str
    admin_password: str | None
    api_key: str | None


def start_data(engine: Engine, start: Start, clock: Clock | None = None) -> Started:
    """Fill a new database, or bring an existing one in line with what the start was given, in one
    transaction.

    Raises:
        DatabaseError: no password was given although others than this machine can connect.
    """
    sql = Sql(connect(engine))
    sql.text("BEGIN IMMEDIATE")
    try:
        secret = settings.get_setting(sql, TOKEN_SECRET)
        started = _fill(sql, start, clock or SystemClock()) if secret is None else _reopen(sql, start, secret)
    except BaseException:
        sql.text("ROLLBACK")
        raise
    else:
        sql.text("COMMIT")
    finally:
        sql.close()
    return started


def _fill(sql: Sql, start: Start, clock: Clock) -> Started:
    if start.admin_password is None and not start.loopback:
        raise DatabaseError(_LOCAL_ONLY)
    secret = new_secret()
    settings.add_setting(sql, TOKEN_SECRET, secret)
    add_server_sequences(sql)
    world_id, name = ORGANIZATION
    world = World(world_id, name, 1, new_epoch(), True, clock, start.pace, start.log_length, start.keep_hours)
    add_world(sql, world, stamp(clock.now()))
    change = Change(sql, world)
    password = start.admin_password or DOCUMENTED_PASSWORD
    users.add(change, _admin(hash_password(password), change.stamp))
    if start.seed == "demo":
        add_demo(change, ADMIN_ID)
    key = start.api_key or new_key()
    _add_key(change, key, GIVEN_KEY if start.api_key else FIRST_KEY)
    return Started([world], secret, ADMIN_EMAIL, password, key)


def _reopen(sql: Sql, start: Start, secret: str) -> Started:
    worlds = load_worlds(sql, pace=start.pace, log_length=start.log_length, keep_hours=start.keep_hours)
    world = next(world for world in worlds if world.is_default)
    change = Change(sql, world)
    if not start.keep_hours:
        for each in worlds:
            look_soon(Change(sql, each))  # what rested until its agent's hours begin is gone on with
    admin = users.load(sql, world.id, ADMIN_ID)
    if admin is None:
        raise DatabaseError("the database has no admin: give another --database")
    if start.admin_password is not None:
        # The password that it has is no change: running sessions go on.
        if not matches(start.admin_password, admin.password_hash):
            users.set_password(change, ADMIN_ID, hash_password(start.admin_password))
    elif not start.loopback and matches(DOCUMENTED_PASSWORD, admin.password_hash):
        raise DatabaseError(_LOCAL_ONLY)
    if start.api_key is not None:
        known = users.key_by_hash(sql, key_digest(start.api_key))
        if known is None:
            users.drop_keys(change, GIVEN_KEY)
            _add_key(change, start.api_key, GIVEN_KEY)
    return Started(worlds, secret, str(admin.email), start.admin_password, start.api_key)


_LOCAL_ONLY = (
    "the admin still has the documented password, which is for this machine only: "
    "give another with --admin-password-stdin, or bind to 127.0.0.1"
)


def _admin(password_hash: str, now: str) -> dict[str, str | None]:
    return {
        "id": ADMIN_ID,
        "email": ADMIN_EMAIL,
        "name": "Administrator",
        "role": "admin",
        "tier": "enterprise",
        "password_hash": password_hash,
        "created_at": now,
        "last_login_at": None,
    }


def _add_key(change: Change, key: str, name: str) -> None:
    users.add_key(
        change,
        {
            "id": change.new_id("key"),
            "user_id": ADMIN_ID,
            "name": name,
            "hash": key_digest(key),
            "permissions": dumps(sorted(ALL)),
            "created_at": change.stamp,
        },
    )
