"""The version check at start: create a new database, accept a current one, migrate an older one, refuse
the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.engine import DatabaseError, connect

CHECKED_SIZE = 32 * 1024 * 1024
"""Files up to this many bytes are checked page by page at start; larger ones only as far as they are read."""


def prepare(engine: Engine, path: Path) -> None:
    """Bring the database to the current schema.

    Raises:
        DatabaseError: it is damaged, not ours, or written by a newer version.
    """
    try:
        with connect(engine) as connection:
            _check_pages(connection, path)
            revision = _revision(connection, path)
            if revision is None:
                _create(connection)
        if revision not in (None, tables.SCHEMA_REVISION):
            migrate(engine, path)
    except DBAPIError as error:
        raise DatabaseError(_unreadable(path, error.orig or error)) from error


def require_current(engine: Engine, path: Path) -> None:
    """Accept a database that a server of this version has opened; change nothing.

    Raises:
        DatabaseError: it is not ours, or of another version.
    """
    with connect(engine) as connection:
        revision = _revision(connection, path)
    if revision != tables.SCHEMA_REVISION:
        raise DatabaseError(f"database {path} is of another version: start the server on it once")


def migrate(engine: Engine, path: Path | None = None) -> None:
    """Run the migrations that the database lacks. Imports Alembic, which a current database never needs.

    Raises:
        DatabaseError: the database is at a revision that this version doesn't know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as connection:
        event.listen(connection, "begin", _begin)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseError(
                f"database {path} was written by a newer version of coordinaitor: "
                "upgrade coordinaitor, or give another --database"
            ) from error


def _create(connection: Connection) -> None:
    # One transaction by hand: the connection is in autocommit, and half a schema must not stay behind.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        tables.metadata.create_all(connection, checkfirst=False)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version ("
            "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (tables.SCHEMA_REVISION,))
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _begin(connection: Connection) -> None:
    # Python's driver would begin a transaction only before the first row is written, not before a table
    # is made.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _revision(connection: Connection, path: Path) -> str | None:
    names = {
        row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    if not names:
        return None
    if "alembic_version" in names and "worlds" in names:
        row: Any = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchone()
        if row is not None:
            return str(row[0])
    raise DatabaseError(f"{path} is a database of another program: give another --database")


def _check_pages(connection: Connection, path: Path) -> None:
    if path.stat().st_size > CHECKED_SIZE:
        return
    verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        raise DatabaseError(_unreadable(path, verdict))


def _unreadable(path: Path, reason: object) -> str:
    return f"database {path} can't be used ({reason}): restore a copy, or give another --database"
