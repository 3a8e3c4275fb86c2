"""Where uploaded files lie: a folder beside the database, written with the change that tells of them."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, get_args

from coordinaitor_sdk.server.errors import UnavailableError

logger: logging.Logger = logging.getLogger(__name__)

Area = Literal["tasks", "avatars"]
"""What files belong to."""

_AREAS: Final[tuple[Area, ...]] = get_args(Area)

_BEFORE: Final = "~"
"""Between the name of a file that was replaced and the epoch with which it is so; in no other name."""


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

    def copy(self, area: Area, world: str, to: str, names: Iterable[str], unless: str = "") -> None:
        """Give another world files of one; call it within the change that stores their rows. What it has
        under these names, with another content, is kept as it was for `settle`.

        Args:
            unless: the epoch that the world will have if the change is committed.

        Raises:
            UnavailableError: the disk refused.
        """
        with storing():
            for name in names:
                source, target = self.path_of(area, world, name), self.path_of(area, to, name)
                _make(target.parent)
                if not source.is_file() or (target.exists() and source.samefile(target)):
                    continue
                if target.exists():
                    self._link(target, target.with_name(f"{name}{_BEFORE}{unless}"))
                self._link(source, target)
            if (folder := self._folder / area / to).is_dir():
                _sync_folder(folder)

    def settle(self, world: str, epoch: str) -> None:
        """What `copy` replaced goes if the world has come to that epoch, and else comes back."""
        for area in _AREAS:
            for path in _files_in(self._folder / area / world):
                name, mark, unless = path.name.rpartition(_BEFORE)
                if mark and unless == epoch:
                    path.unlink(missing_ok=True)
                elif mark:
                    path.replace(path.with_name(name))

    def tidy(self, area: Area, world: str, names: Collection[str]) -> None:
        """Remove the files of a world but those of these names."""
        for path in _files_in(self._folder / area / world):
            if path.name not in names:
                path.unlink(missing_ok=True)

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

    def _link(self, source: Path, target: Path) -> None:
        """The same content under another name, whatever is there: nobody writes into a file that was kept."""
        number, made = self.new_file()
        os.close(number)
        made.unlink()
        try:
            made.hardlink_to(source)
        except OSError:  # the file system has no links, or no more of them
            shutil.copyfile(source, made)
            made.chmod(0o600)
            with made.open("rb") as copied:
                os.fsync(copied.fileno())
        made.replace(target)


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
