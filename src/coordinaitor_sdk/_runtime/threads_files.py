"""Reading what is uploaded, in a thread. The twin of `aio_files`: same names, same meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from ..exceptions import InvalidArgumentError
from . import files
from .files import FileInput

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileInput", "Source", "chunks_of", "close", "source_of"]

Source: TypeAlias = files.FileSource
"""What `source_of` gives."""


def source_of(file: FileInput) -> Source:
    """What reads `file`.

    Raises:
        InvalidArgumentError: it can't be read, is read by awaiting, or is nothing that can be uploaded.
    """
    given: object = file
    if files.is_async(given) and not isinstance(given, Iterable):
        raise InvalidArgumentError(
            f"{type(given).__name__} is read by awaiting, which the sync client can't:"
            " give it a plain iterator or file, or use AsyncCoordinaitor"
        )
    return files.source_of(given)


def chunks_of(source: Source, size: int) -> Iterator[bytes]:
    """The bytes from their beginning, up to `size` at once.

    Raises:
        InvalidArgumentError: they can't be read, or are none.
    """
    source.open()
    while chunk := source.read(size):
        yield chunk


def close(source: Source) -> None:
    """Close what was opened for reading; what is the caller's stays open."""
    source.close()
