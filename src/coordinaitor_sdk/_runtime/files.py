"""What is uploaded, as bytes to read: a path, bytes, an open binary file, or an iterator of bytes.

Reading may block: never called on a loop. How the two clients do it: `aio_files` and `threads_files`.
"""

from __future__ import annotations

import inspect
import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, cast

from ..exceptions import InvalidArgumentError

Bytes: TypeAlias = bytes | bytearray | memoryview
"""What may stand for bytes."""

FileInput: TypeAlias = str | os.PathLike[str] | Bytes | BinaryIO | Iterable[Bytes]
"""A path, the bytes themselves, a binary file, read from where it stands, or something that gives bytes."""


_END: Final = object()


def source_of(file: object) -> FileSource:
    """What reads `file`.

    Raises:
        InvalidArgumentError: it can't be read, or is nothing that can be uploaded.
    """
    if isinstance(file, (bytes, bytearray, memoryview)):
        return _Memory(cast("Bytes", file))
    if isinstance(file, (str, os.PathLike)):
        try:
            return _File(Path(cast("os.PathLike[str]", file)))
        except InvalidArgumentError:
            raise
        except (TypeError, ValueError) as error:  # a path of bytes, a null character
            raise InvalidArgumentError(f"{file!r} can't be read: {error}") from None
    if hasattr(file, "read"):
        return _OpenFile(cast("BinaryIO", file))
    if isinstance(file, Iterable):
        return _Iterated(cast("Iterable[object]", file))
    raise InvalidArgumentError(
        f"a file must be a path, bytes, an open binary file or an iterator of bytes, got {file!r}"
    )


def is_async(file: object) -> bool:
    """Whether it is read by awaiting: an async iterator, or a file whose `read` is a coroutine."""
    return hasattr(file, "__aiter__") or inspect.iscoroutinefunction(getattr(file, "read", None))


def name_of(file: object) -> str | None:
    """The name that an open file goes by, without its folders."""
    name: object = getattr(file, "name", None)
    # Descriptors have numbers as names, standard streams such as <stdin>.
    return Path(name).name if isinstance(name, str) and not name.startswith("<") else None


class Pieces:
    """Cuts what an iterator gives into pieces of a bounded size."""

    def __init__(self) -> None:
        self._rest = memoryview(b"")

    def put(self, item: object) -> None:
        """Add the next item; all earlier ones have been taken.

        Raises:
            InvalidArgumentError: it is not bytes.
        """
        self._rest = memoryview(_checked(item, "iterator")).cast("B")

    def take(self, size: int) -> bytes:
        """Up to `size` bytes; none once all are taken."""
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


class FileSource(ABC):
    """The bytes of one upload, read from their beginning after each `open`.

    Where the size is known, exactly so many bytes are read: what is appended meanwhile stays out.

    Attributes:
        name: its own name, or None where it has none.
        size: bytes from where it begins, or None where that can't be known.
        waits: whether reading may wait for somebody else, as with a pipe.
    """

    name: str | None = None
    size: int | None = None
    waits = False
    _begun = False
    _left: int | None = None

    @property
    def replayable(self) -> bool:
        """Whether it can be read from its beginning, still or again."""
        return not (self.waits and self._begun)

    def open(self) -> None:
        """Go to the beginning.

        Raises:
            InvalidArgumentError: it can't be read any more.
        """
        if not self.replayable:
            raise InvalidArgumentError("the file can be read only once, and that has been done")
        self.close()
        self._begun, self._left = True, self.size
        self._open()

    def read(self, size: int) -> bytes:
        """Up to `size` next bytes; none at the end.

        Raises:
            InvalidArgumentError: it can't be read, gives no bytes, or has become shorter than it was.
        """
        if self._left is None:
            return self._read(size)
        if not self._left:
            return b""
        chunk = self._read(min(size, self._left))[: self._left]
        if not chunk:
            raise InvalidArgumentError(
                f"the file changed while it was sent: of its {self.size} bytes the last {self._left} are gone"
            )
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close what was opened here; a file of the caller's stays open. Once more is no harm."""

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _read(self, size: int) -> bytes: ...


class _Memory(FileSource):
    def __init__(self, content: Bytes) -> None:
        self._content = memoryview(content)
        if not self._content.c_contiguous:
            self._content = memoryview(bytes(content))
        self._content = self._content.cast("B")
        self._at = 0
        self.size = len(self._content)

    def _open(self) -> None:
        self._at = 0

    def _read(self, size: int) -> bytes:
        chunk = self._content[self._at : self._at + size]
        self._at += len(chunk)
        return bytes(chunk)


class _File(FileSource):
    """A file of the system, by its path; or what can be read like one: a named pipe, a device."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.name = path.name
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise _unreadable_path(path, error) from None
        if stat.S_ISDIR(mode):
            raise InvalidArgumentError(f"{path} can't be read: it is a directory")
        self.waits = not stat.S_ISREG(mode)
        if not self.waits:
            with self._opened() as file:
                size = os.fstat(file.fileno()).st_size
                # Files that the kernel makes up (/proc) say 0 and have content.
                self.size = None if size == 0 and file.read(1) else size

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _open(self) -> None:
        self._file = self._opened()

    def _read(self, size: int) -> bytes:
        return _read(cast("BinaryIO", self._file), size)

    def _opened(self) -> BinaryIO:
        try:
            # A buffer of a pipe's can't be closed while a thread waits in it.
            return self._path.open("rb", buffering=0 if self.waits else -1)
        except OSError as error:
            raise _unreadable_path(self._path, error) from None


class _OpenFile(FileSource):
    def __init__(self, file: BinaryIO) -> None:
        if isinstance(file, io.TextIOBase) or "b" not in str(getattr(file, "mode", "b") or "b"):
            raise InvalidArgumentError("the file is open for text: open it with 'rb', or give its .buffer")
        self._file = file
        self._start = 0
        self.name = name_of(file)
        try:
            self._start = file.tell()
            file.seek(0, io.SEEK_END)
            self.size = max(0, file.tell() - self._start)
            file.seek(self._start)
        except (OSError, AttributeError, ValueError):
            if getattr(file, "closed", False):
                raise InvalidArgumentError("the file is closed") from None
            self.size = None
        if self.size is None or (self.size == 0 and _is_device(file)):
            self.size, self.waits = None, True

    def _open(self) -> None:
        if self.waits:
            return
        try:
            self._file.seek(self._start)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from None

    def _read(self, size: int) -> bytes:
        return _read(self._file, size)


class _Iterated(FileSource):
    def __init__(self, items: Iterable[object]) -> None:
        self._items = items
        self._iterator: Iterator[object] = iter(())
        self._pieces = Pieces()
        # Whatever isn't surely the same at each turn is taken once: the second might find it empty.
        self.waits = not isinstance(items, (list, tuple))

    def _open(self) -> None:
        self._iterator = iter(self._items)
        self._pieces = Pieces()

    def _read(self, size: int) -> bytes:
        while not (piece := self._pieces.take(size)):
            item = next(self._iterator, _END)
            if item is _END:
                return b""
            self._pieces.put(item)
        return piece


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        chunk: object = file.read(size)
    except (OSError, ValueError) as error:  # ValueError: the caller has closed it
        raise _unreadable(error) from None
    return bytes(_checked(chunk, "file"))


def _checked(chunk: object, kind: str) -> Bytes:
    if not isinstance(chunk, (bytes, bytearray, memoryview)):
        raise InvalidArgumentError(f"the {kind} gives {type(chunk).__name__} instead of bytes")
    return cast("Bytes", chunk)


def _is_device(file: BinaryIO) -> bool:
    """Whether it has no size although it can be told where it stands, as /dev/zero."""
    try:
        return not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, AttributeError, ValueError):
        return False


def _unreadable(error: OSError | ValueError) -> InvalidArgumentError:
    return InvalidArgumentError(f"the file can't be read: {error}")


def _unreadable_path(path: Path, error: OSError) -> InvalidArgumentError:
    return InvalidArgumentError(f"{path} can't be read: {error.strerror or error}")
