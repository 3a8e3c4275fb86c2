"""What the rest of the API document needs: files, notifications, webhooks, OAuth, idempotency keys, logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEW_SEQUENCES = {"file": 1000, "notification": 1000, "webhook": 1000, "delivery": 1000, "log": 0}


def upgrade() -> None:
    """Add columns to what is there, then the new tables, and start their numbering in every world."""
    _columns()
    _indexes()
    _files()
    _notifications()
    _webhooks()
    _oauth_codes()
    _idempotency()
    _logs()
    for name, value in _NEW_SEQUENCES.items():
        op.execute(
            f"INSERT INTO sequences (world, name, value) SELECT world, '{name}', {value} FROM worlds"  # noqa: S608
        )


def _columns() -> None:
    op.add_column("users", sa.Column("tier", sa.Text(), nullable=False, server_default="free"))
    op.add_column("users", sa.Column("avatar", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("preferences", sa.Text(), nullable=False, server_default="{}"))
    op.execute("UPDATE users SET tier = 'enterprise' WHERE role = 'admin'")
    for name in ("client_id", "scope", "refresh_id", "previous_refresh_id", "rotated_at"):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("api_keys", sa.Column("rate_limit", sa.Integer(), nullable=True))
    op.add_column("api_keys", sa.Column("burst", sa.Integer(), nullable=True))
    op.add_column("agents", sa.Column("disabled_reason", sa.Text(), nullable=True))
    op.add_column("agents", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("projects", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))


def _indexes() -> None:
    op.create_index("ix_tasks_creator", "tasks", ["world", "created_by", "status"])
    op.create_index("ix_history_actor", "history", ["world", "actor", "at", "id"])
    assignments = sa.text("action = 'assigned'")
    op.create_index(
        "ix_history_assigned",
        "history",
        ["world", "new"],
        sqlite_where=assignments,
        postgresql_where=assignments,
    )


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_files_task", "files", ["world", "task_id", "uploaded_at", "id"])


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_notifications_user", "notifications", ["world", "user_id", "created_at", "id"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_webhook_deliveries_next", "webhook_deliveries", ["world", "ended_at", "next_at"])
    op.create_index(
        "ix_webhook_deliveries_webhook", "webhook_deliveries", ["world", "webhook_id", "created_at"]
    )


def _oauth_codes() -> None:
    op.create_table(
        "oauth_codes",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "hash"),
    )


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("world", "principal", "key"),
    )
    op.create_index("ix_idempotency_created", "idempotency", ["world", "created_at"])


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("world", "id"),
    )
    op.create_index("ix_logs_at", "logs", ["world", "at"])
