"""The schema. Every primary key begins with the world, so that no query can cross organizations by accident.

Times are text of fixed width (see `clock.stamp`), lists and free maps are JSON text: rows become answers
without a conversion. There are no foreign keys: what refers to what is checked in the change that writes
it, where the answer can name the field. Only types that PostgreSQL has too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, Column, Float, Index, Integer, MetaData, Table, Text, event, text

SCHEMA_REVISION = "0010"
"""The revision of the newest migration; a new database is created at it."""

SERVER_WIDE = ""
"""The world of rows that belong to the server itself."""

metadata: MetaData = MetaData()


def _table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, Column("world", Text, primary_key=True), *columns)


def _text(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null, server_default=default)


def _integer(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=null, autoincrement=False, server_default=default)


def _number(name: str, *, null: bool = False) -> Column[float]:
    return Column(name, Float, nullable=null)


settings: Table = _table("settings", _text("name", key=True), _text("value"))

worlds: Table = _table(
    "worlds", _text("name"), _integer("seed"), _text("epoch"), _text("created_at"), _integer("is_default")
)

sequences: Table = _table("sequences", _text("name", key=True), _integer("value"))

users: Table = _table(
    "users",
    _text("id", key=True),
    _text("email"),
    _text("name"),
    _text("role"),
    _text("password_hash", null=True),
    _text("created_at"),
    _text("last_login_at", null=True),
    _text("tier", default="free"),
    _text("avatar", null=True),
    _text("preferences", default="{}"),
)
Index("ix_users_email", users.c.email, unique=True)

sessions: Table = _table(
    "sessions",
    _text("id", key=True),
    _text("user_id"),
    _text("created_at"),
    _text("expires_at"),
    _text("revoked_at", null=True),
    _text("client_id", null=True),
    _text("scope", null=True),
    _text("refresh_id", null=True),
    _text("previous_refresh_id", null=True),
    _text("rotated_at", null=True),
)
Index("ix_sessions_user", sessions.c.world, sessions.c.user_id)

api_keys: Table = _table(
    "api_keys",
    _text("id", key=True),
    _text("user_id"),
    _text("name"),
    _text("hash"),
    _text("permissions"),
    _text("created_at"),
    _integer("rate_limit", null=True),
    _integer("burst", null=True),
)
Index("ix_api_keys_hash", api_keys.c.hash, unique=True)

agents: Table = _table(
    "agents",
    _text("id", key=True),
    _text("name"),
    _text("type"),
    _text("status"),
    _integer("enabled"),
    _text("model"),
    _text("provider"),
    _text("capabilities"),
    _text("specializations"),
    _integer("max_concurrent_tasks"),
    _text("working_hours", null=True),
    _text("configuration"),
    _integer("completed_count"),
    _integer("failed_count"),
    _number("response_seconds"),
    _integer("response_count"),
    _text("created_at"),
    _text("last_active_at", null=True),
    _text("disabled_reason", null=True),
    _integer("version", default="1"),
)

agent_capabilities: Table = _table(
    "agent_capabilities", _text("capability", key=True), _text("agent_id", key=True)
)

projects: Table = _table(
    "projects",
    _text("id", key=True),
    _text("name"),
    _text("description"),
    _text("status"),
    _text("priority"),
    _text("start_date", null=True),
    _text("end_date", null=True),
    _text("budget", null=True),
    _text("tags"),
    _text("created_by"),
    _text("created_at"),
    _text("updated_at"),
    _integer("version", default="1"),
)
Index("ix_projects_created", projects.c.world, projects.c.created_at, projects.c.id)

project_members: Table = _table(
    "project_members",
    _text("project_id", key=True),
    _text("user_id", key=True),
    _text("role"),
    _text("permissions"),
    _integer("position"),
)
Index("ix_project_members_user", project_members.c.world, project_members.c.user_id)

project_agents: Table = _table(
    "project_agents", _text("project_id", key=True), _text("agent_id", key=True), _integer("position")
)

tasks: Table = _table(
    "tasks",
    _text("id", key=True),
    _text("title"),
    _text("description"),
    _text("status"),
    _integer("priority"),
    _text("project_id", null=True),
    _text("agent_id", null=True),
    _text("tags"),
    _number("estimated_hours", null=True),
    _number("actual_hours"),
    _number("progress"),
    _text("due_date", null=True),
    _text("created_at"),
    _text("updated_at"),
    _text("created_by"),
    _text("requirements"),
    _text("acceptance_criteria"),
    _text("completed_at", null=True),
    _text("error_code", null=True),
    _text("error_message", null=True),
    _integer("version"),
    _text("assigned_at", null=True),
    _text("started_at", null=True),
    _integer("workable"),
    _integer("search_id"),
)
Index("ix_tasks_created", tasks.c.world, tasks.c.created_at, tasks.c.id)
Index("ix_tasks_updated", tasks.c.world, tasks.c.updated_at, tasks.c.id)
Index("ix_tasks_priority", tasks.c.world, tasks.c.priority, tasks.c.id)
Index("ix_tasks_due", tasks.c.world, tasks.c.due_date, tasks.c.id)
Index("ix_tasks_status", tasks.c.world, tasks.c.status, tasks.c.created_at, tasks.c.id)
Index(
    "ix_tasks_project",
    tasks.c.world,
    tasks.c.project_id,
    tasks.c.status,
    tasks.c.priority,
    tasks.c.created_at,
    tasks.c.id,
)
Index("ix_tasks_agent", tasks.c.world, tasks.c.agent_id, tasks.c.status)
Index("ix_tasks_creator", tasks.c.world, tasks.c.created_by, tasks.c.status)
Index("ix_tasks_completed", tasks.c.world, tasks.c.completed_at)
# With the world, so that what a search finds is counted without a look at the tasks.
Index("ix_tasks_search", tasks.c.search_id, tasks.c.world, unique=True)

task_tags: Table = _table("task_tags", _text("tag", key=True), _text("task_id", key=True))

comments: Table = _table(
    "comments",
    _text("id", key=True),
    _text("task_id"),
    _text("content"),
    _text("author"),
    _text("mentions"),
    _text("created_at"),
)
Index("ix_comments_task", comments.c.world, comments.c.task_id, comments.c.created_at, comments.c.id)

history: Table = _table(
    "history",
    _text("id", key=True),
    _text("task_id"),
    _text("action"),
    _text("field", null=True),
    _text("old"),
    _text("new"),
    _text("actor"),
    _text("at"),
)
Index("ix_history_task", history.c.world, history.c.task_id, history.c.at, history.c.id)
Index("ix_history_actor", history.c.world, history.c.actor, history.c.at, history.c.id)
# Another database's condition beside this one would load that database's part of SQLAlchemy at each start.
Index("ix_history_assigned", history.c.world, history.c.new, sqlite_where=text("action = 'assigned'"))

# What was uploaded lies beside the database; here is what is known of it.
files: Table = _table(
    "files",
    _text("id", key=True),
    _text("task_id"),
    _text("name"),
    _text("description", null=True),
    _integer("size"),
    _text("mime_type"),
    _text("sha256"),
    _text("uploaded_by"),
    _text("uploaded_at"),
)
Index("ix_files_task", files.c.world, files.c.task_id, files.c.uploaded_at, files.c.id)

notifications: Table = _table(
    "notifications",
    _text("id", key=True),
    _text("user_id"),
    _text("type"),
    _text("message"),
    _text("task_id", null=True),
    _text("project_id", null=True),
    _text("created_at"),
    _text("read_at", null=True),
)
Index(
    "ix_notifications_user",
    notifications.c.world,
    notifications.c.user_id,
    notifications.c.created_at,
    notifications.c.id,
)

webhooks: Table = _table(
    "webhooks",
    _text("id", key=True),
    _text("url"),
    _text("events"),
    _text("secret"),
    _integer("active"),
    _text("headers"),
    _text("created_by"),
    _text("created_at"),
)

# `ended_at` is null while a delivery still has attempts before it; `body` holds the exact bytes, as text.
webhook_deliveries: Table = _table(
    "webhook_deliveries",
    _text("id", key=True),
    _text("webhook_id"),
    _text("event"),
    _text("body"),
    _integer("attempts"),
    _text("next_at", null=True),
    _integer("last_status", null=True),
    _text("last_error", null=True),
    _text("created_at"),
    _text("ended_at", null=True),
)
Index(
    "ix_webhook_deliveries_next",
    webhook_deliveries.c.world,
    webhook_deliveries.c.ended_at,
    webhook_deliveries.c.next_at,
)
Index(
    "ix_webhook_deliveries_webhook",
    webhook_deliveries.c.world,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.created_at,
)

oauth_codes: Table = _table(
    "oauth_codes",
    _text("hash", key=True),
    _text("client_id"),
    _text("user_id"),
    _text("redirect_uri"),
    _text("scope"),
    _text("challenge", null=True),
    _text("expires_at"),
    _text("session_id", null=True),
)

# `principal` is the user or the API key, not the token: a refresh keeps what was answered.
idempotency: Table = _table(
    "idempotency",
    _text("principal", key=True),
    _text("key", key=True),
    _text("fingerprint"),
    _integer("status"),
    _text("data"),
    _text("created_at"),
)
Index("ix_idempotency_created", idempotency.c.world, idempotency.c.created_at)

logs: Table = _table(
    "logs",
    _integer("id", key=True),
    _text("at"),
    _text("level"),
    _text("service"),
    _text("message"),
    _text("request_id", null=True),
)
Index("ix_logs_at", logs.c.world, logs.c.at)

events: Table = _table(
    "events",
    _integer("seq", key=True),
    _text("name"),
    _text("channel"),
    _text("subject"),
    _text("filter_keys"),
    _text("data"),
    _text("at"),
)
Index("ix_events_subject", events.c.world, events.c.channel, events.c.subject, events.c.seq)

due: Table = _table(
    "due", _integer("id", key=True), _text("due_at"), _text("kind"), _text("subject"), _text("payload")
)
Index("ix_due_order", due.c.world, due.c.due_at, due.c.id)
Index("ix_due_subject", due.c.world, due.c.kind, due.c.subject)

# The rows of a snapshot lie in the tables above, as those of a world of the name `copy` that no credential
# leads to. The one without a name is what a forked or imported world was made with.
snapshots: Table = _table(
    "snapshots",
    _text("name", key=True),
    _text("copy"),
    _text("epoch"),
    _text("taken_at"),
    _integer("frozen"),
)

# The text lives in `tasks`; only the trigrams are stored here.
SEARCH_TABLE = (
    "CREATE VIRTUAL TABLE task_search USING fts5("
    "title, description, content='tasks', content_rowid='search_id', tokenize='trigram')"
)
_SEARCH = DDL(SEARCH_TABLE).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call] # SQLAlchemy's
event.listen(metadata, "after_create", _SEARCH)

# Totals that would else be counted row by row. Triggers keep them, so that they hold however rows come and
# go; a migration that makes `tasks` or `task_tags` anew must make these anew. It is no table of the metadata:
# what copies or deletes a world's rows must leave it to the triggers.
COUNTS_TABLE = (
    "CREATE TABLE task_counts (world TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, "
    "number INTEGER NOT NULL, PRIMARY KEY (world, field, value)) WITHOUT ROWID"
)


def counting_triggers(table: str, column: str) -> tuple[str, ...]:
    """The triggers that keep how many rows of a table have each value of a column."""
    key = f"world = old.world AND field = '{column}' AND value = old.{column}"
    less = (
        f"UPDATE task_counts SET number = number - 1 WHERE {key}; "  # noqa: S608 - names of ours
        f"DELETE FROM task_counts WHERE {key} AND number = 0;"
    )
    more = (
        f"INSERT INTO task_counts VALUES (new.world, '{column}', new.{column}, 1) "  # noqa: S608
        "ON CONFLICT (world, field, value) DO UPDATE SET number = number + 1;"
    )
    changed = f"UPDATE OF world, {column}"
    return tuple(
        f"CREATE TRIGGER {table}_counted_{name} AFTER {event} ON {table} BEGIN {work} END"
        for name, event, work in (
            ("in", "INSERT", more),
            ("out", "DELETE", less),
            ("over", changed, f"{less} {more}"),
        )
    )


COUNTS = (
    COUNTS_TABLE,
    *counting_triggers("tasks", "status"),
    *counting_triggers("task_tags", "tag"),
)
for _counts in COUNTS:
    event.listen(
        metadata,
        "after_create",
        DDL(_counts).execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call] # SQLAlchemy's
    )
