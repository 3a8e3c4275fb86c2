"""Where uploaded files lie: a folder beside the database, written with the change that tells of them."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, get_args

from coordinaitor_sdk.server.errors import UnavailableError

logger: logging.Logger = logging.getLogger(__name__)

Area = Literal["tasks", "avatars"]
"""What files belong to."""

_AREAS: Final[tuple[Area, ...]] = get_args(Area)


class FileStore:
    """The folder `<database>.files`: `incoming` for what is being received, `<area>/<world>/<name>` for what
    belongs to tasks and users.

    A file is on the disk before the row that names it is committed, and goes after its row: what a crash
    leaves over has no row, and `sweep` removes it.
    """

    def __init__(self, database: Path) -> None:
        self._folder = Path(f"{database}.files")
        self._incoming = self._folder / "incoming"

    def new_file(self) -> tuple[int, Path]:
        """A new file for what is being received, open for writing and readable by its owner alone.

        Raises:
            UnavailableError: the disk refused.
        """
        with storing():
            _make(self._incoming)
            number, name = tempfile.mkstemp(dir=self._incoming)
        return number, Path(name)

    def keep(self, received: Path, area: Area, world: str, name: str) -> None:
        """Move what was received to its place; call it within the change that stores its row.

        Raises:
            UnavailableError: the disk refused.
        """
        kept = self.path_of(area, world, name)
        with storing():
            _make(kept.parent)
            received.replace(kept)
            _sync_folder(kept.parent)

    def path_of(self, area: Area, world: str, name: str) -> Path:
        """Where a file lies."""
        return self._folder / area / world / name

    def drop(self, area: Area, world: str, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        self.path_of(area, world, name).unlink(missing_ok=True)

    def drop_world(self, world: str) -> None:
        """Remove every file of a world."""
        for area in _AREAS:
            shutil.rmtree(self._folder / area / world, ignore_errors=True)

    def sweep(self, is_known: Callable[[Area, str, str], bool]) -> None:
        """Remove what a crash left over: half-received files, and files without a row (`is_known` is given
        area, world and name).
        """
        for left in _files_in(self._incoming):
            left.unlink(missing_ok=True)
        for area in _AREAS:
            for path in _files_in(self._folder / area):
                if not is_known(area, path.parent.name, path.name):
                    path.unlink(missing_ok=True)


@contextmanager
def storing() -> Generator[None, None, None]:
    """Within the block what the disk refuses is an `UnavailableError`."""
    try:
        yield
    except OSError as error:
        logger.error("a file can't be stored: %s", error)  # noqa: TRY400 - the system's words say it all
        raise UnavailableError("The file can't be stored now; nothing was changed") from error


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _sync_folder(folder: Path) -> None:
    """Bring the folder's entries to the disk, where the system can."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
