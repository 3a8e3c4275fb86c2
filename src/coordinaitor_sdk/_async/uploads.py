"""Sending files: from what the caller has to the chunks of a multipart form."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from .._core.request import NotGiven
from .._core.upload import Upload, file_type_of
from .._runtime.aio import run_blocking
from .._runtime.files import FileInput, FileSource
from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .._core.request import Call

CHUNK: Final = 256 * 1024
"""Bytes read and sent at once."""


async def form_with(
    file: FileInput,
    *,
    field: str,
    filename: str | None = None,
    content_type: str | None = None,
    **texts: str | NotGiven,
) -> Upload:
    """The form that sends `file` under `field`, with text fields beside it.

    Raises:
        InvalidArgumentError: the file can't be read, or has no name and none was given.
    """
    source = await run_blocking(lambda: FileSource(file))
    name = filename or source.name
    if not name:
        raise InvalidArgumentError("the file has no name of its own: give filename=")
    given = {key: text for key, text in texts.items() if not isinstance(text, NotGiven)}
    for key, text in given.items():
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidArgumentError(f"{key} must be a text, got {text!r}")
    return Upload(source, field, name, file_type_of(name, content_type), given, secrets.token_hex(16))


def content_headers(call: Call[Any]) -> dict[str, str]:
    """The headers that describe a call's body; a form whose size is not known is sent in chunks."""
    if call.body is None:
        return {}
    if isinstance(call.body, bytes):
        return {"Content-Type": call.content_type}
    length = call.body.content_length
    sized = {} if length is None else {"Content-Length": str(length)}
    return {"Content-Type": call.body.content_type} | sized


async def streamed(upload: Upload) -> AsyncIterator[bytes]:
    """The form's bytes, the file read chunk by chunk from where it began."""
    yield upload.head
    file = await run_blocking(upload.source.open)
    try:
        while chunk := await run_blocking(lambda: upload.source.read(file, CHUNK)):
            yield chunk
    finally:
        await run_blocking(lambda: upload.source.close(file))
    yield upload.tail
