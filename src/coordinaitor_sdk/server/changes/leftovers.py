"""What a change leaves to be removed outside of the database, once it is committed: due work, so that a kill
doesn't forget it.
"""

from __future__ import annotations

from typing import Final

from coordinaitor_sdk.server.files import FileStore
from coordinaitor_sdk.server.scheduler import Due, Handler, schedule
from coordinaitor_sdk.server.store import files
from coordinaitor_sdk.server.store.change import Change

DROP_FILE: Final = "file.drop"
"""Remove the content of a file whose row is gone; its subject is the file."""


def drop_files(change: Change, task_id: str) -> None:
    """Delete the files of a task; their content goes after the commit."""
    for file_id in files.drop_of_task(change, task_id):
        schedule(change, DROP_FILE, after=0, subject=file_id)


def handlers(kept: FileStore) -> dict[str, Handler]:
    """What does the due work of this module."""

    def drop_file(change: Change, due: Due) -> None:
        kept.drop(change.world.id, due.subject)

    return {DROP_FILE: drop_file}
