"""The rows of a world under the name of another: set by set, within the database.

A snapshot is such a copy under a name that no credential leads to. What is unique on a server (e-mails,
hashes of keys) is kept in it behind that name and a space, and the full-text index doesn't know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from coordinaitor_sdk.server.store import search, tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_t = tables

_UNIQUE: Final = {_t.users: "email", _t.api_keys: "hash"}
_OF_SNAPSHOT: Final = tuple(
    table
    for table in _t.metadata.sorted_tables
    if table not in (_t.worlds, _t.snapshots, _t.sessions, _t.oauth_codes)
)
_OF_FORK: Final = tuple(
    table for table in _OF_SNAPSHOT if table not in (_t.settings, _t.api_keys, _t.idempotency)
)
_APART: Final = (_t.tasks, _t.webhook_deliveries, _t.due)

_source = bindparam("source", type_=Text)
_target = bindparam("target", type_=Text)


def _hidden(column: ColumnElement[str]) -> ColumnElement[str]:
    return _target + literal(" ") + column


def _shown(column: ColumnElement[str]) -> ColumnElement[str]:
    return func.substr(column, func.length(_source) + literal(2))


def _copy(table: Table, unique: Any, *conditions: ColumnElement[bool], **changed: Any) -> Statement:
    values: dict[str, Any] = {column.name: column for column in table.c} | changed
    values["world"] = _target
    if (name := _UNIQUE.get(table)) is not None:
        values[name] = unique(table.c[name])
    rows = select(*values.values()).where(table.c.world == _source, *conditions)
    return Statement(insert(table).from_select(list(values), rows))


_KEEP: Final = tuple(_copy(table, _hidden) for table in _OF_SNAPSHOT)
_PUT_BACK: Final = tuple(_copy(table, _shown) for table in _OF_SNAPSHOT)
_CLEAR: Final = tuple(
    Statement(delete(table).where(table.c.world == bindparam("in_world")))
    for table in (*_OF_SNAPSHOT, _t.sessions, _t.oauth_codes)
)

_search_id = bindparam("search_id", type_=Integer) + func.row_number().over(order_by=_t.tasks.c.search_id)
_FORK: Final = (
    *(_copy(table, _hidden) for table in _OF_FORK if table not in _APART),
    _copy(_t.tasks, _hidden, search_id=_search_id),
    # What is under way is the source's to deliver.
    _copy(_t.webhook_deliveries, _hidden, _t.webhook_deliveries.c.ended_at.is_not(None)),
    _copy(_t.due, _hidden, _t.due.c.kind != bindparam("not_kind")),
)
_COUNT: Final = Statement(
    select(func.count()).select_from(_t.tasks).where(_t.tasks.c.world == bindparam("world"))
)
_EMAILS: Final = Statement(
    select(_t.users.c.id, _t.users.c.email).where(_t.users.c.world == bindparam("world"))
)
_SET_EMAIL: Final = Statement(
    update(_t.users)
    .where(_t.users.c.world == bindparam("in_world"), _t.users.c.id == bindparam("in_id"))
    .values(email=bindparam("email"))
)
_kept = _t.users.alias()
_TAKEN: Final = Statement(
    select(_t.users.c.email)
    .join(_kept, _t.users.c.email == _shown(_kept.c.email))
    .where(_kept.c.world == _source, _t.users.c.world != _target)
    .limit(1)
)
_NUMBER: Final = Statement(
    update(_t.sequences)
    .where(
        _t.sequences.c.world == bindparam("in_world"),
        _t.sequences.c.name == bindparam("in_name"),
        _t.sequences.c.value < bindparam("least"),
    )
    .values(value=bindparam("value"))
)
_EPOCH: Final = Statement(
    update(_t.worlds).where(_t.worlds.c.world == bindparam("in_world")).values(epoch=bindparam("epoch"))
)
_FIRST_ADMIN: Final = Statement(
    select(_t.users.c.id, _t.users.c.email)
    .where(_t.users.c.world == bindparam("world"), _t.users.c.role == literal("admin"))
    .order_by(_t.users.c.created_at, func.length(_t.users.c.id), _t.users.c.id)
    .limit(1)
)
_TASK_FILES: Final = Statement(select(_t.files.c.id).where(_t.files.c.world == bindparam("world")))
_AVATARS: Final = Statement(
    select(_t.users.c.avatar).where(_t.users.c.world == bindparam("world"), _t.users.c.avatar.is_not(None))
)


def keep(change: Change, target: str) -> None:
    """Copy the change's world into a snapshot."""
    change.store_numbers()
    _run(change.sql, _KEEP, source=change.world.id, target=target)


def taken_email(sql: Sql, source: str, target: str) -> str | None:
    """An e-mail of a snapshot that somebody outside of its world has by now."""
    value: str | None = sql.value(_TAKEN, source=source, target=target)
    return value


def put_back(change: Change, source: str, epoch: str) -> None:
    """Make the rows of the change's world those of a snapshot again, under a new epoch; sessions are over,
    and their numbers, which are in their tokens, don't come again.
    """
    sql, world = change.sql, change.world.id
    sessions = change.next_number("session")
    search.drop_world(sql, world, but_for=source)
    search.add_world(sql, source, but_for=world)
    _run(sql, _CLEAR, in_world=world)
    _run(sql, _PUT_BACK, source=source, target=world)
    change.forget_numbers()
    at_least(sql, world, "session", sessions)
    sql.run(_EPOCH, in_world=world, epoch=epoch)


def fork(change: Change, source: str, target: str, *, without: str) -> None:
    """Copy the rows of `source`, a world or a snapshot, into those of a new world: no settings, no keys, no
    deliveries under way; e-mails are left to `set_emails`.

    Args:
        without: a kind of due work that is not copied.
    """
    change.store_numbers()
    sql = change.sql
    count = int(sql.value(_COUNT, world=source))
    last = change.next_number("search", _t.SERVER_WIDE, by=count)
    _run(sql, _FORK, source=source, target=target, search_id=last - count, not_kind=without)
    search.add_world(sql, target)


def emails(sql: Sql, world: str) -> dict[str, str]:
    """The e-mail of each user; of a snapshot or a fresh copy as they were in the source."""
    return {row.id: row.email.rpartition(" ")[2] for row in sql.all(_EMAILS, world=world)}


def set_emails(sql: Sql, world: str, by_user: Iterable[tuple[str, str]]) -> None:
    """Give users their e-mails."""
    for user_id, email in by_user:
        sql.run(_SET_EMAIL, in_world=world, in_id=user_id, email=email)


def first_admin(sql: Sql, world: str) -> Any:
    """Id and e-mail of the oldest admin; None where there is none."""
    return sql.first(_FIRST_ADMIN, world=world)


def at_least(sql: Sql, world: str, sequence: str, value: int) -> None:
    """Let a sequence have come to that number, if it hasn't."""
    sql.run(_NUMBER, in_world=world, in_name=sequence, least=value, value=value)


def task_files(sql: Sql, world: str) -> list[str]:
    """The names of the files of a world's tasks."""
    return [row[0] for row in sql.all(_TASK_FILES, world=world)]


def avatars(sql: Sql, world: str) -> list[str]:
    """The names of the pictures of a world's users."""
    return [row[0] for row in sql.all(_AVATARS, world=world)]


def _run(sql: Sql, statements: Iterable[Statement], **given: Any) -> None:
    for statement in statements:
        sql.run(statement, **given)
