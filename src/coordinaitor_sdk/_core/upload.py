"""Multipart forms with one file (RFC 7578): everything but the file's bytes."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_TYPE = "application/octet-stream"


Progress: TypeAlias = "Callable[[int, int | None], None]"
"""Told how many bytes of a file have been sent, and how many there are, or None where that isn't known."""


class Source(Protocol):
    """Where the bytes of an upload come from; how they are read is not the core's concern."""

    @property
    def size(self) -> int | None:
        """Bytes, or None where it can't be known before."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether they can be read from where they begin, still or again."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """A form of text fields and a file, to be sent as `head`, the file's bytes, `tail`.

    Attributes:
        field: the name of the file's field.
        boundary: occurs in none of the parts (random).
        progress: called with 0 at the beginning of each attempt, then after each chunk of the file.
    """

    source: Source
    field: str
    filename: str
    file_type: str
    texts: Mapping[str, str]
    boundary: str
    progress: Progress | None = None

    @property
    def content_type(self) -> str:
        """The request's `Content-Type`."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def head(self) -> bytes:
        """What comes before the file's bytes: the text fields, and the file's headers."""
        parts = [
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}\r\n'
            for name, text in self.texts.items()
        ]
        parts.append(
            f"--{self.boundary}\r\n"
            f'Content-Disposition: form-data; name="{_quoted(self.field)}";'
            f' filename="{_quoted(self.filename)}"\r\n'
            f"Content-Type: {self.file_type}\r\n\r\n"
        )
        # Linux has file names that are no text: what of them can't be encoded becomes "?".
        return "".join(parts).encode("utf-8", "replace")

    @property
    def tail(self) -> bytes:
        """What comes behind the file's bytes."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    @property
    def content_length(self) -> int | None:
        """The request's length in bytes, None where the file's is not known."""
        size = self.source.size
        return None if size is None else len(self.head) + size + len(self.tail)


def file_type_of(filename: str, given: str | None) -> str:
    """The media type to send for a file: the one given, else by its name.

    Raises:
        InvalidArgumentError: the one given would break the header.
    """
    found = given or mimetypes.guess_type(filename)[0] or DEFAULT_TYPE
    if not found.isascii() or not found.isprintable():
        raise InvalidArgumentError(f"content_type must be a media type such as image/png, got {given!r}")
    return found


def _quoted(name: str) -> str:
    # As browsers do it (WHATWG HTML, "Multipart form data").
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
