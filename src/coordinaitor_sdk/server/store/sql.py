"""Running statements: built with SQLAlchemy Core, compiled to SQL once, then executed as text with
positional values.

Compiling and looking up a Core construct costs more than running it on SQLite; a `Statement` pays that once.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BindParameter, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

ROWS_AT_ONCE = 1_000
"""Rows of one insert, at most: databases bound the number of a statement's values."""

_MISSING = object()


class Statement:
    """One Core construct with named parameters, compiled at its first use.

    Build it once and keep it: at module level, or in a cached function when its shape depends on the
    filters given.
    """

    __slots__ = ("_construct", "_names", "_text")

    def __init__(self, construct: ClauseElement) -> None:
        self._construct = construct
        self._text = ""
        self._names: tuple[tuple[str, object], ...] = ()

    def _compile(self, connection: Connection) -> str:
        compiled = self._construct.compile(dialect=connection.dialect)
        binds: dict[str, BindParameter[Any]] = getattr(compiled, "binds", {})
        order: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        self._names = tuple(
            (name, _MISSING if binds[name].required else binds[name].effective_value) for name in order
        )
        self._text = str(compiled)
        return self._text

    def execute(self, connection: Connection, given: dict[str, Any]) -> Any:
        """Run on `connection` with the parameters of that name.

        Raises:
            KeyError: a parameter of the statement was not given.
        """
        return connection.exec_driver_sql(*self.prepared(connection, given))

    def prepared(self, connection: Connection, given: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """Its text and the values of its parameters, as the driver of `connection` takes them.

        Raises:
            KeyError: a parameter of the statement was not given.
        """
        return self._text or self._compile(connection), self._values(given)

    def insert_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Run an insert on `connection` for many rows of parameters.

        Raises:
            KeyError: a parameter of the statement was not given.
        """
        # One statement for many rows: before each the writer's thread waits for the interpreter's lock, which
        # a busy event loop hands over every few milliseconds only.
        begin, values, row = (self._text or self._compile(connection)).partition(" VALUES ")
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            text = begin + values + ", ".join([row] * len(some))
            given = itertools.chain.from_iterable(self._values(one) for one in some)
            connection.exec_driver_sql(text, tuple(given)).close()

    def _values(self, given: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(given[name] if constant is _MISSING else constant for name, constant in self._names)


class Sql:
    """A connection that runs statements.

    Query functions take one, and so work in reads and in changes alike. Whole rows come through SQLAlchemy,
    which names their columns; all else goes to the driver itself, which takes half the time.
    """

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    def all(self, statement: Statement, /, **given: Any) -> list[Any]:
        """Every row."""
        rows: list[Any] = self._read(statement, given).fetchall()
        return rows

    def tuples(self, statement: Statement, /, **given: Any) -> list[tuple[Any, ...]]:
        """Every row, its columns in their order, without their names."""
        cursor = self._driven(*statement.prepared(self._connection, given))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        return rows

    def first(self, statement: Statement, /, **given: Any) -> Any:
        """The first row, or None."""
        result = self._read(statement, given)
        row = result.fetchone()
        result.close()
        return row

    def value(self, statement: Statement, /, **given: Any) -> Any:
        """The first column of the first row, or None."""
        cursor = self._driven(*statement.prepared(self._connection, given))
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else row[0]

    def run(self, statement: Statement, /, **given: Any) -> int:
        """Execute; the number of rows concerned."""
        cursor = self._driven(*statement.prepared(self._connection, given))
        cursor.close()
        return int(cursor.rowcount)

    def insert_many(self, statement: Statement, rows: Sequence[dict[str, Any]]) -> None:
        """Insert a row for each of these parameters."""
        statement.insert_many(self._connection, rows)

    def text(self, sql: str) -> None:
        """Execute plain SQL without parameters (transaction control)."""
        self._driven(sql, ()).close()

    @contextmanager
    def snapshot(self) -> Generator[None, None, None]:
        """Several reads of one state of the database."""
        self.text("BEGIN")
        try:
            yield
        finally:
            self.text("COMMIT")

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Everything within the block, or nothing of it."""
        self.text("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.text("ROLLBACK")
            raise
        self.text("COMMIT")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _driven(self, text: str, values: tuple[Any, ...]) -> Any:
        """The driver's cursor; its errors become SQLAlchemy's, as everywhere."""
        errors: Any = self._connection.dialect.loaded_dbapi.Error
        cursor = self._driver.cursor()
        try:
            cursor.execute(text, values)
        except errors as error:
            cursor.close()
            raise DBAPIError.instance(text, values, error, errors) from error
        return cursor

    def _read(self, statement: Statement, given: dict[str, Any]) -> Any:
        return statement.execute(self._connection, given)
