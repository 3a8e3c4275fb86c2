"""What is uploaded: a path, bytes, or an open binary file. It may block: never called on a loop."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from ..exceptions import InvalidArgumentError

FileInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a binary file, read from where it stands."""


class FileSource:
    """The bytes of one upload, as often as they are needed.

    Attributes:
        name: the file's own name, or None where it has none.
        size: bytes from where it begins, or None where that can't be known.
        replayable: whether it can be read again.
    """

    def __init__(self, file: FileInput) -> None:
        self._path: Path | None = None
        self._content: bytes | None = None
        self._file: BinaryIO | None = None
        self._start = 0
        self.name: str | None = None
        self.size: int | None = None
        self.replayable = True
        if isinstance(file, (bytes, bytearray, memoryview)):
            self._content = bytes(file)
            self.size = len(self._content)
        elif isinstance(file, (str, os.PathLike)):
            self._take_path(Path(file))
        elif hasattr(file, "read"):
            self._take_file(file)
        else:
            raise InvalidArgumentError(f"a file must be a path, bytes or an open binary file, got {file!r}")

    def open(self) -> BinaryIO:
        """A file at the beginning of the bytes.

        Raises:
            InvalidArgumentError: it can't be read any more.
        """
        if self._path is not None:
            return _opened(self._path)
        if self._content is not None:
            return io.BytesIO(self._content)
        file = cast("BinaryIO", self._file)
        if self.replayable:
            try:
                file.seek(self._start)
            except (OSError, ValueError) as error:
                raise _unreadable(error) from None
        return file

    def read(self, file: BinaryIO, size: int) -> bytes:
        """Up to `size` next bytes of what `open` gave; none at its end.

        Raises:
            InvalidArgumentError: it can't be read, or what it gives is not bytes.
        """
        try:
            chunk: object = file.read(size)
        except (OSError, ValueError) as error:  # ValueError: the caller has closed it
            raise _unreadable(error) from None
        if not isinstance(chunk, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - of the caller's making
            raise InvalidArgumentError(f"the file gives {type(chunk).__name__} instead of bytes")
        return chunk

    def close(self, file: BinaryIO) -> None:
        """Close what `open` opened; a file of the caller's stays open."""
        if file is not self._file:
            file.close()

    def _take_path(self, path: Path) -> None:
        with _opened(path) as file:
            self.size = os.fstat(file.fileno()).st_size
        self._path = path
        self.name = path.name

    def _take_file(self, file: BinaryIO) -> None:
        if isinstance(file, io.TextIOBase) or "b" not in getattr(file, "mode", "b"):
            raise InvalidArgumentError("the file is open for text: open it with 'rb'")
        self._file = file
        name: object = getattr(file, "name", None)
        self.name = Path(name).name if isinstance(name, str) else None
        try:
            self._start = file.tell()
            self.size = file.seek(0, io.SEEK_END) - self._start
            file.seek(self._start)
        except (OSError, AttributeError, ValueError):
            if getattr(file, "closed", False):
                raise InvalidArgumentError("the file is closed") from None
            self.replayable = False  # a pipe, or something of the caller's that can only be read


def _unreadable(error: OSError | ValueError) -> InvalidArgumentError:
    return InvalidArgumentError(f"the file can't be read: {error}")


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidArgumentError(f"{path} can't be read: {error.strerror or error}") from None
