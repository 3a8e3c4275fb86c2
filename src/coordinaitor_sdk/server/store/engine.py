"""Opening a SQLite database file: its name, its permissions, its pragmas."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING and the trigram tokenizer."""

_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32000",
)


class DatabaseError(Exception):
    """The database can't be used; the message says why and what to do."""


def path_of(database: str | None) -> Path:
    """The file that `--database` names; without one, `server.db` in the user's data directory.

    Raises:
        DatabaseError: it names none.
    """
    if database is not None:
        return database_path(database)
    folder = os.environ.get("COORDINAITOR_DATA_DIR") or user_data_dir("coordinaitor")
    return Path(folder).expanduser().absolute() / "server.db"


def database_path(text: str) -> Path:
    """The file that `--database` names: a path or a `sqlite:///` URL.

    Raises:
        DatabaseError: another kind of URL, or a SQLite URL without a file.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        path = text
    elif scheme != "sqlite":
        raise DatabaseError(
            f"database {_without_password(text)} is not supported: give a path or a sqlite:///path URL"
        )
    elif not rest.startswith("/") or len(rest) == 1 or "?" in rest:
        raise DatabaseError(f"{text} names no file: give a path or a sqlite:///path URL")
    else:
        path = rest[1:]
    if not path.strip() or path == ":memory:":
        raise DatabaseError("the database must be a file: give a path or a sqlite:///path URL")
    return Path(path).expanduser().absolute()


def open_engine(path: Path) -> Engine:
    """An engine on the file, which is created readable by its owner alone: it holds the key that signs
    tokens.

    Raises:
        DatabaseError: the file or its folder can't be written, or SQLite is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DatabaseError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatabaseError(
            f"database {path} can't be written ({reason}): give another --database"
        ) from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def connect(engine: Engine) -> Connection:
    """A connection on which each statement is its own transaction unless BEGIN is sent."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by name
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
