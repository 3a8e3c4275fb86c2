# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""Sending files: from what the caller has to the chunks of a multipart form."""

from __future__ import annotations

import inspect
import secrets
from typing import TYPE_CHECKING, Any, Final, cast

from .._core.request import NotGiven
from .._core.upload import Upload, file_type_of
from .._runtime.threads_files import FileInput, chunks_of, close, source_of
from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from .._core.request import Call
    from .._core.upload import Progress
    from .._runtime.threads_files import Source

CHUNK: Final = 256 * 1024
"""Bytes read and sent at once."""


class CallersError(Exception):
    """Carries what the caller's iterator, file or `progress` raised past all that retries and translates."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Form:
    """The form that sends a file: `with Form(file, field="file") as upload`.

    At its end the file is closed, unless it is the caller's, and what the caller's own code raised on the way
    comes out as it was.

    Args:
        field: the name of the file's field.
        filename: the file's name, else its own, else `default_name`.
        content_type: its media type, else by its name.
        progress: told of each chunk that was sent.
        texts: text fields to send beside it.

    Raises:
        InvalidArgumentError: the file can't be read or has no name, or an argument can't be meant.
    """

    def __init__(
        self,
        file: FileInput,
        *,
        field: str,
        filename: str | None = None,
        default_name: str | None = None,
        content_type: str | None = None,
        progress: Progress | None = None,
        **texts: str | NotGiven,
    ) -> None:
        self._file = file
        self._field = field
        self._filename = filename
        self._default_name = default_name
        self._content_type = content_type
        self._progress = _checked_progress(progress)
        self._texts = _checked_texts(texts)

    def __enter__(self) -> Upload:
        source = self._source = source_of(self._file)
        name = self._filename or source.name or self._default_name
        if not name:
            raise InvalidArgumentError("the file has no name of its own: give filename=")
        kind = file_type_of(name, self._content_type)
        boundary = secrets.token_hex(16)
        return Upload(source, self._field, name, kind, self._texts, boundary, self._progress)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close(self._source)
        if isinstance(error, CallersError):
            raise error.error from error.error.__cause__


def _checked_progress(progress: Progress | None) -> Progress | None:
    if progress is not None and (not callable(progress) or inspect.iscoroutinefunction(progress)):
        raise InvalidArgumentError(f"progress must be a plain function of two numbers, got {progress!r}")
    return progress


def _checked_texts(texts: dict[str, str | NotGiven]) -> dict[str, str]:
    given = {key: text for key, text in texts.items() if not isinstance(text, NotGiven)}
    for key, text in given.items():
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidArgumentError(f"{key} must be a text, got {text!r}")
    return given


def content_headers(call: Call[Any]) -> dict[str, str]:
    """The headers that describe a call's body; a form whose size is not known is sent in chunks."""
    if call.body is None:
        return {}
    if isinstance(call.body, bytes):
        return {"Content-Type": call.content_type}
    length = call.body.content_length
    sized = {} if length is None else {"Content-Length": str(length)}
    return {"Content-Type": call.body.content_type} | sized


def streamed(upload: Upload) -> Iterator[bytes]:
    """The form's bytes, the file read chunk by chunk from where it began.

    Raises:
        InvalidArgumentError: the file can't be read, or has become shorter.
        CallersError: code of the caller's raised.
    """
    try:
        for piece in _pieces(upload):
            yield piece
    except InvalidArgumentError:
        raise
    except Exception as error:
        raise CallersError(error) from error


def _pieces(upload: Upload) -> Iterator[bytes]:
    tell = upload.progress or _nobody
    size, sent = upload.source.size, 0
    tell(sent, size)
    yield upload.head
    for chunk in chunks_of(cast("Source", upload.source), CHUNK):
        yield chunk
        sent += len(chunk)
        tell(sent, size)
    yield upload.tail


def _nobody(sent: int, size: int | None) -> None:
    """Who is told where nobody asked to be."""
