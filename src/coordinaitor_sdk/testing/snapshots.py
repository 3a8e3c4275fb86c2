"""Snapshots as values, and exports as files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..models.common import Model, Moment


class Snapshot(Model):
    """A world that is kept under a name, as it was at a moment of its own clock, in that epoch."""

    name: str
    epoch: str
    taken_at: Moment
    frozen: bool


class Snapshots(Model):
    """The answer of the list."""

    snapshots: list[Snapshot]


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write a file, in place of the one that is there, which stays until the new one is on the disk.

    Raises:
        OSError: it can't be written; what was there is untouched.
    """
    target = Path(path).resolve()
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_whole(path: str | os.PathLike[str]) -> str:
    """The text of a file, line ends as they are.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it is no UTF-8.
    """
    return Path(path).read_bytes().decode()
