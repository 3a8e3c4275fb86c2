"""Indexes from which filters and searches are counted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Let the indexes of projects and of the search hold more columns."""
    op.drop_index("ix_tasks_project", "tasks")
    columns = ["world", "project_id", "status", "priority", "created_at", "id"]
    op.create_index("ix_tasks_project", "tasks", columns)
    op.drop_index("ix_tasks_search", "tasks")
    op.create_index("ix_tasks_search", "tasks", ["search_id", "world"], unique=True)
