"""What a change leaves to be removed outside of the database, once it is committed: due work, so that a kill
doesn't forget it.
"""

from __future__ import annotations

from typing import Final, cast

from coordinaitor_sdk.server.files import Area, FileStore
from coordinaitor_sdk.server.scheduler import Due, Handler, schedule
from coordinaitor_sdk.server.store import files, users
from coordinaitor_sdk.server.store.change import Change

DROP_FILE: Final = "file.drop"
"""Remove the content of a file whose row is gone; its subject is the file, its payload where that lies."""


def drop_files(change: Change, task_id: str) -> None:
    """Delete the files of a task; their content goes after the commit."""
    for file_id in files.drop_of_task(change, task_id):
        schedule(change, DROP_FILE, after=0, subject=file_id, payload={"area": "tasks"})


def drop_avatar(change: Change, name: str) -> None:
    """Remove the picture that a user has no longer, after the commit."""
    schedule(change, DROP_FILE, after=0, subject=name, payload={"area": "avatars"})


def handlers(kept: FileStore) -> dict[str, Handler]:
    """What does the due work of this module."""

    def drop_file(change: Change, due: Due) -> None:
        area = cast("Area", due.payload.get("area", "tasks"))
        # Given back in the meantime, the same picture is in use again.
        if area != "avatars" or not users.has_avatar(change.sql, change.world.id, due.subject):
            kept.drop(area, change.world.id, due.subject)

    return {DROP_FILE: drop_file}
