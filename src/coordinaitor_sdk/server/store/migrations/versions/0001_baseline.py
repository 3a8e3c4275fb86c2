"""The first schema.

A new database is created from `store.tables` and marked with this revision; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _settings()
    _worlds()
    _sequences()
    _users()
    _sessions()
    _api_keys()
    _agents()
    _agent_capabilities()
    _projects()
    _project_members()
    _project_agents()
    _tasks()
    _task_tags()
    _comments()
    _history()
    _events()
    _due()
    op.execute(
        "CREATE VIRTUAL TABLE task_search USING fts5("
        "title, description, content='tasks', content_rowid='search_id', tokenize='trigram')"
    )


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "name"),
    )


def _worlds() -> None:
    op.create_table(
        "worlds",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("world"),
    )


def _sequences() -> None:
    op.create_table(
        "sequences",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("world", "name"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("last_login_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_users_email", "users", ["email"], unique=True)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_sessions_user", "sessions", ["world", "user_id"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_api_keys_hash", "api_keys", ["hash"], unique=True)


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capabilities", sa.Text(), nullable=False),
        sa.Column("specializations", sa.Text(), nullable=False),
        sa.Column("max_concurrent_tasks", sa.Integer(), nullable=False),
        sa.Column("working_hours", sa.Text(), nullable=True),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("completed_count", sa.Integer(), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("response_seconds", sa.Float(), nullable=False),
        sa.Column("response_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("last_active_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )


def _agent_capabilities() -> None:
    op.create_table(
        "agent_capabilities",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "capability", "agent_id"),
    )


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Text(), nullable=True),
        sa.Column("end_date", sa.Text(), nullable=True),
        sa.Column("budget", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_projects_created", "projects", ["world", "created_at", "id"])


def _project_members() -> None:
    op.create_table(
        "project_members",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("world", "project_id", "user_id"),
    )
    op.create_index("ix_project_members_user", "project_members", ["world", "user_id"])


def _project_agents() -> None:
    op.create_table(
        "project_agents",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("world", "project_id", "agent_id"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("estimated_hours", sa.Float(), nullable=True),
        sa.Column("actual_hours", sa.Float(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("due_date", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("requirements", sa.Text(), nullable=False),
        sa.Column("acceptance_criteria", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=True),
        sa.Column("workable", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_tasks_agent", "tasks", ["world", "agent_id", "status"])
    op.create_index("ix_tasks_completed", "tasks", ["world", "completed_at"])
    op.create_index("ix_tasks_created", "tasks", ["world", "created_at", "id"])
    op.create_index("ix_tasks_due", "tasks", ["world", "due_date", "id"])
    op.create_index("ix_tasks_priority", "tasks", ["world", "priority", "id"])
    op.create_index("ix_tasks_project", "tasks", ["world", "project_id", "status"])
    op.create_index("ix_tasks_search", "tasks", ["search_id"], unique=True)
    op.create_index("ix_tasks_status", "tasks", ["world", "status", "created_at", "id"])
    op.create_index("ix_tasks_updated", "tasks", ["world", "updated_at", "id"])


def _task_tags() -> None:
    op.create_table(
        "task_tags",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "tag", "task_id"),
    )


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_comments_task", "comments", ["world", "task_id", "created_at", "id"])


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_history_task", "history", ["world", "task_id", "at", "id"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("filter_keys", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "seq"),
    )
    op.create_index("ix_events_subject", "events", ["world", "channel", "subject", "seq"])


def _due() -> None:
    op.create_table(
        "due",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("due_at", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_due_order", "due", ["world", "due_at", "id"])
    op.create_index("ix_due_subject", "due", ["world", "kind", "subject"])
