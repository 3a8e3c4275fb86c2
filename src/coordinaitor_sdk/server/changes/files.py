"""Changes of the files of tasks."""

from __future__ import annotations

from typing import Any

from coordinaitor_sdk.server.changes.tasks import emit_task, require_task
from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.schemas.tasks import FileFields
from coordinaitor_sdk.server.store import files
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.uploads import Upload
from coordinaitor_sdk.server.wire import dumps


def add_file(
    change: Change, kept: FileStore, actor: str, task_id: str, upload: Upload[FileFields]
) -> dict[str, Any]:
    """Add what was received to a task, whose version stays; the file as it is sent.

    Raises:
        NotFoundError: there is no such task.
    """
    task = require_task(change, task_id)
    file: dict[str, Any] = {
        "id": change.new_id("file"),
        "name": upload.name,
        "size": upload.size,
        "mimeType": upload.mime_type,
        "description": upload.fields.description,
        "uploadedBy": actor,
        "uploadedAt": change.stamp,
    }
    files.add(change, task_id, file, upload.sha256)
    emit_task(change, "task.file_added", task, dumps({"taskId": task_id, "file": file}))
    kept.keep(upload.path, "tasks", change.world.id, file["id"])
    return file
