"""Reading what is uploaded, in an event loop. The twin of `threads_files`: same names, same meaning."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from typing import Any, Protocol, TypeAlias, cast

from anyio import AsyncFile

from ..exceptions import InvalidArgumentError
from . import files
from .aio import run_blocking


class AsyncReadable(Protocol):
    """A binary file that is read by awaiting."""

    def read(self, size: int = ..., /) -> Awaitable[bytes]:
        """Up to `size` next bytes; none at the end."""
        ...


FileInput: TypeAlias = files.FileInput | AsyncIterable[files.Bytes] | AsyncReadable
"""What the sync client takes, and what gives bytes by awaiting: an async iterator or an async file."""


class AsyncSource:
    """The bytes that an async iterator or an async file gives, once.

    Attributes:
        name: a file's own name, or None.
        size: not known.
        replayable: whether it has not yet been read.
    """

    def __init__(self, file: object) -> None:
        self._file: Any = file
        self.name = files.name_of(file)
        self.size: int | None = None
        self.replayable = True

    async def chunks(self, size: int) -> AsyncIterator[bytes]:
        """All of it, up to `size` bytes at once.

        Raises:
            InvalidArgumentError: it gives something else than bytes, or was read before.
        """
        if not self.replayable:
            raise InvalidArgumentError("the file can be read only once, and that has been done")
        self.replayable = False
        pieces = files.Pieces()
        async for item in self._items(size):
            pieces.put(item)
            while piece := pieces.take(size):
                yield piece

    def _items(self, size: int) -> AsyncIterator[object]:
        if inspect.iscoroutinefunction(getattr(self._file, "read", None)):
            return _all_of(self._file, size)
        return aiter(self._file)


Source: TypeAlias = files.FileSource | AsyncSource
"""What `source_of` gives."""


async def _all_of(file: AsyncReadable, size: int) -> AsyncIterator[object]:
    while chunk := await file.read(size):
        yield chunk


async def source_of(file: FileInput) -> Source:
    """What reads `file`.

    Raises:
        InvalidArgumentError: it can't be read, or is nothing that can be uploaded.
    """
    given: object = cast("Any", file).wrapped if isinstance(file, AsyncFile) else file
    if files.is_async(given):
        return AsyncSource(given)
    return await run_blocking(lambda: files.source_of(given))


async def chunks_of(source: Source, size: int) -> AsyncIterator[bytes]:
    """The bytes from their beginning, up to `size` at once, read away from the loop.

    Raises:
        InvalidArgumentError: they can't be read, or are none.
    """
    if isinstance(source, AsyncSource):
        async for chunk in source.chunks(size):
            yield chunk
        return
    await run_blocking(source.open, abandon=source.waits)
    while chunk := await run_blocking(lambda: source.read(size), abandon=source.waits):
        yield chunk


async def close(source: Source) -> None:
    """Close what was opened for reading; what is the caller's stays open."""
    if isinstance(source, files.FileSource):
        source.close()  # of a file that was only read: nothing to wait for
