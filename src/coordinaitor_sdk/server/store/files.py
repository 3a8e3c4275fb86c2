"""Files of tasks: what is known of them. Their content lies beside the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.sql import Sql, Statement

_f = tables.files
_of_task = (_f.c.world == bindparam("world"), _f.c.task_id == bindparam("task_id"))
_INSERT = Statement(insert(_f).values({column.name: bindparam(column.name) for column in _f.c}))
_OF_TASK = Statement(
    select(
        _f.c.id, _f.c.name, _f.c.size, _f.c.mime_type, _f.c.description, _f.c.uploaded_by, _f.c.uploaded_at
    )
    .where(*_of_task)
    .order_by(_f.c.uploaded_at, func.length(_f.c.id), _f.c.id)
)
_DROP = Statement(delete(_f).where(*_of_task).returning(_f.c.id))
_FIND = Statement(select(_f.c.id).where(_f.c.world == bindparam("world"), _f.c.id == bindparam("id")))


def add(change: Change, task_id: str, file: Mapping[str, Any], sha256: str) -> None:
    """Store a file, given as it is sent."""
    change.sql.run(
        _INSERT,
        world=change.world.id,
        id=file["id"],
        task_id=task_id,
        name=file["name"],
        description=file["description"],
        size=file["size"],
        mime_type=file["mimeType"],
        sha256=sha256,
        uploaded_by=file["uploadedBy"],
        uploaded_at=file["uploadedAt"],
    )


def of_task(sql: Sql, world: str, task_id: str) -> list[dict[str, Any]]:
    """A task's files as they are sent, oldest first."""
    return [
        {
            "id": row.id,
            "name": row.name,
            "size": row.size,
            "mimeType": row.mime_type,
            "description": row.description,
            "uploadedBy": row.uploaded_by,
            "uploadedAt": row.uploaded_at,
        }
        for row in sql.all(_OF_TASK, world=world, task_id=task_id)
    ]


def drop_of_task(change: Change, task_id: str) -> list[str]:
    """Delete a task's files; their ids."""
    return [row[0] for row in change.sql.all(_DROP, world=change.world.id, task_id=task_id)]


def is_known(sql: Sql, world: str, file_id: str) -> bool:
    """Whether a file of that world and id is stored."""
    return sql.value(_FIND, world=world, id=file_id) is not None
