"""How many tasks have each status and each tag, kept by triggers."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0004"


def upgrade() -> None:
    """Count what is there, and from now on what comes and goes."""
    op.execute(
        "CREATE TABLE task_counts (world TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, "
        "number INTEGER NOT NULL, PRIMARY KEY (world, field, value)) WITHOUT ROWID"
    )
    for table, column in (("tasks", "status"), ("task_tags", "tag")):
        op.execute(
            f"INSERT INTO task_counts SELECT world, '{column}', {column}, count(*) FROM {table} "  # noqa: S608
            f"GROUP BY world, {column}"
        )
        _count(table, column)


def _count(table: str, column: str) -> None:
    key = f"world = old.world AND field = '{column}' AND value = old.{column}"
    less = (
        f"UPDATE task_counts SET number = number - 1 WHERE {key}; "  # noqa: S608
        f"DELETE FROM task_counts WHERE {key} AND number = 0;"
    )
    more = (
        f"INSERT INTO task_counts VALUES (new.world, '{column}', new.{column}, 1) "  # noqa: S608
        "ON CONFLICT (world, field, value) DO UPDATE SET number = number + 1;"
    )
    for name, event, work in (
        ("in", "INSERT", more),
        ("out", "DELETE", less),
        ("over", f"UPDATE OF world, {column}", f"{less} {more}"),
    ):
        op.execute(f"CREATE TRIGGER {table}_counted_{name} AFTER {event} ON {table} BEGIN {work} END")
