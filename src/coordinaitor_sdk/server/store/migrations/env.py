"""What Alembic runs: the migrations, on the connection that the version check hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from coordinaitor_sdk.server.store import tables

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=True,
    transactional_ddl=True,  # SQLite has it; Alembic doesn't expect it
)
with context.begin_transaction():
    context.run_migrations()
