"""Filling a new database, and applying the password and key that a start was given to an existing one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import Engine

from coordinaitor_sdk.server.auth.passwords import hash_password, matches
from coordinaitor_sdk.server.auth.tokens import key_digest, new_key, new_secret
from coordinaitor_sdk.server.changes.work import look_soon
from coordinaitor_sdk.server.clock import Clock, WorldClock, moment_of
from coordinaitor_sdk.server.seeds.organization import (
    FIRST,
    SEEDED,
    Organization,
    Seed,
    add_admin_key,
    add_organization,
)
from coordinaitor_sdk.server.store import settings, users
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import DatabaseError, connect
from coordinaitor_sdk.server.store.sql import Sql
from coordinaitor_sdk.server.worlds import (
    Work,
    World,
    add_server_sequences,
    epoch_of,
    keep_clock,
    load_worlds,
)

DOCUMENTED_PASSWORD = "admin123"  # noqa: S105 - the API document's own example, allowed on loopback only
TOKEN_SECRET = "token_secret"  # noqa: S105 - the name of the setting
GIVEN_KEY = "given at start"
FIRST_KEY = "made at first start"


@dataclass(frozen=True, slots=True)
class Start:
    """What a start was asked for.

    Attributes:
        random_seed: of a new database, and `now`, where its clocks stand; None for the machine's time.
    """

    seed: Seed
    api_key: str | None
    admin_password: str | None
    loopback: bool
    log_length: int
    work: Work = field(default_factory=Work)
    random_seed: int = 1
    now: str | None = None


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
    try:
        with sql.transaction():
            secret = settings.get_setting(sql, TOKEN_SECRET)
            if secret is None:
                return _fill(sql, start, clock)
            return _reopen(sql, start, secret)
    finally:
        sql.close()


def _fill(sql: Sql, start: Start, clock: Clock | None) -> Started:
    if start.admin_password is None and not start.loopback:
        raise DatabaseError(_LOCAL_ONLY)
    secret = new_secret()
    settings.set_setting(sql, TOKEN_SECRET, secret)
    add_server_sequences(sql)
    password = start.admin_password or DOCUMENTED_PASSWORD
    hashed = hash_password(password)
    seeded = SEEDED if start.seed == "demo" else (FIRST,)
    changes = [
        add_organization(Change(sql, _world(start, clock, each)), each, start.seed, hashed) for each in seeded
    ]
    if start.now is not None:
        for change in changes:
            keep_clock(sql, change.world.id, WorldClock(moment_of(start.now)))
    key = start.api_key or new_key()
    add_admin_key(changes[0], FIRST.admin_id, GIVEN_KEY if start.api_key else FIRST_KEY, key_digest(key))
    return Started([change.world for change in changes], secret, FIRST.admin_email, password, key)


def _world(start: Start, clock: Clock | None, organization: Organization) -> World:
    is_default = organization is FIRST
    own = WorldClock(None if start.now is None else moment_of(start.now))
    return World(
        organization.id,
        organization.name,
        start.random_seed,
        epoch_of(own, organization.id, start.seed, start.random_seed),
        is_default,
        clock or own,
        start.work if is_default else replace(start.work, scenario=None),
        start.log_length,
    )


def _reopen(sql: Sql, start: Start, secret: str) -> Started:
    worlds = load_worlds(sql, work=start.work, log_length=start.log_length)
    world = next(world for world in worlds if world.is_default)
    if not start.work.keep_hours:
        for each in worlds:
            look_soon(Change(sql, each))  # what rested until its agent's hours begin is gone on with
    admin = users.load(sql, world.id, FIRST.admin_id)
    if admin is None:
        raise DatabaseError("the database has no admin: give another --database")
    for each in worlds:
        _check_password(Change(sql, each), start)
    if start.api_key is not None:
        known = users.key_by_hash(sql, key_digest(start.api_key))
        if known is None:
            change = Change(sql, world)
            users.drop_keys(change, GIVEN_KEY)
            add_admin_key(change, FIRST.admin_id, GIVEN_KEY, key_digest(start.api_key))
    return Started(worlds, secret, str(admin.email), start.admin_password, start.api_key)


def _check_password(change: Change, start: Start) -> None:
    """Give the seeded admin of an organization the password of this start.

    Raises:
        DatabaseError: none was given, and the admin's is for this machine only.
    """
    seed = next((seed for seed in SEEDED if seed.id == change.world.id), None)
    admin = None if seed is None else users.load(change.sql, change.world.id, seed.admin_id)
    if admin is None:
        return
    if start.admin_password is not None:
        # The password that it has is no change: running sessions go on.
        if not matches(start.admin_password, admin.password_hash):
            users.set_password(change, admin.id, hash_password(start.admin_password))
    elif not start.loopback and matches(DOCUMENTED_PASSWORD, admin.password_hash):
        raise DatabaseError(_LOCAL_ONLY)


_LOCAL_ONLY = (
    "an admin still has the documented password, which is for this machine only: "
    "give another with --admin-password-stdin, or bind to 127.0.0.1"
)
