"""The version check, and the two ways to a schema."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.engine import DatabaseError, connect, database_path, open_engine
from coordinaitor_sdk.server.store.schema import migrate, prepare


def schema(engine):
    """Every table and index, as SQLite has it."""
    with connect(engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        ).fetchall()
    return {(row[0], row[1]): "".join((row[2] or "").split()) for row in rows}


def test_new_database_equals_the_migrated_one(tmp_path):
    """Created from the tables, or migrated step by step: the same schema, at the same revision."""
    created, migrated = (open_engine(tmp_path / name) for name in ("created.db", "migrated.db"))
    prepare(created, tmp_path / "created.db")
    migrate(migrated)
    assert schema(created) == schema(migrated)
    with connect(migrated) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, *_: not (name or "").startswith(("task_search", "task_counts"))
            },
        )
        assert compare_metadata(context, tables.metadata) == []
        assert context.get_current_revision() == tables.SCHEMA_REVISION
    prepare(migrated, tmp_path / "migrated.db")


def test_every_primary_key_begins_with_the_world():
    """No query can cross organizations by its key alone."""
    for table in tables.metadata.tables.values():
        assert next(iter(table.primary_key.columns)).name == "world"


def test_failed_migration_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    """A migration is one transaction."""
    engine = open_engine(tmp_path / "a.db")
    monkeypatch.setattr("alembic.op.execute", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        migrate(engine)
    assert schema(engine) == {}


def test_database_in_a_missing_folder_is_made(tmp_path):
    """Folders are created, for their owner alone."""
    open_engine(tmp_path / "deep" / "er" / "a.db")
    assert (tmp_path / "deep" / "er" / "a.db").exists()


def test_path_of_a_url():
    """Three slashes are relative, four absolute, as SQLAlchemy has it."""
    assert str(database_path("sqlite:////var/x.db")) == "/var/x.db"
    assert database_path("sqlite:///x.db") == database_path("x.db")
    with pytest.raises(DatabaseError):
        database_path("sqlite:///")
