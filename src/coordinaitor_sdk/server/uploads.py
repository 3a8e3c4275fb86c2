"""Receiving a file: a multipart form (RFC 7578), read as it comes and written on, never held in memory.

async with receive_upload(request, fields=FileFields, largest=1_000_000) as upload:
    ...  # upload.path is gone after the block, unless it was moved
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import mimetypes
import os
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import ClientDisconnect, Request

from coordinaitor_sdk.server.context import parts_of
from coordinaitor_sdk.server.errors import (
    BadRequestError,
    TooLargeError,
    ValidationFailedError,
)
from coordinaitor_sdk.server.files import storing
from coordinaitor_sdk.server.schemas.common import Strict
from coordinaitor_sdk.server.schemas.reading import details_of, label

F = TypeVar("F", bound=Strict)

FORM_OVERHEAD = 64 * 1024
"""Bytes that a form may have beside its file: boundaries, headers of its parts, text fields."""

LONGEST_HEADER = 4 * 1024
"""Bytes of a header that are looked at: matching takes the square of that time at worst."""

LONGEST_NAME = 255
"""Characters of a file's name."""

# Each malformed form would be a warning in the log; the answer says it already.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

_WORD = r"[\w!#$%&'*+.^`|~/:-]+"
_PARAMETER = re.compile(
    rf';[ \t]*({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))', re.ASCII | re.DOTALL
)
_DISPOSITION = re.compile(r"form-data[ \t]*;", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Upload(Generic[F]):
    """A file that was received whole, and what came with it.

    Attributes:
        path: where it lies until the block of `receive_upload` ends.
        name: as the sender calls it: 1 to 255 characters without slashes and control characters.
        mime_type: as the sender says, else guessed by the name, else `application/octet-stream`.
        size: bytes.
        sha256: of its content, in hex.
        fields: the other parts of the form.
    """

    path: Path
    name: str
    mime_type: str
    size: int
    sha256: str
    fields: F

    def content(self) -> bytes:
        """What makes two uploads the same: all but the boundary between the parts."""
        return f"{self.name}\n{self.mime_type}\n{self.sha256}\n{self.fields.model_dump_json()}".encode()


@asynccontextmanager
async def receive_upload(
    request: Request, *, fields: type[F], largest: int, files: tuple[str, ...] = ("file",)
) -> AsyncGenerator[Upload[F], None]:
    """Receive the one file of a multipart form; what was received is removed when the block ends.

    Parameters:
        fields: the schema of the other parts, which are text.
        largest: bytes of the file.
        files: names that the part with the file may have.

    Raises:
        BadRequestError: the body is no multipart form, malformed or cut off.
        UnavailableError: the disk refused.
        TooLargeError: the file is larger than `largest`; where the length is announced, before it is read.
        ValidationFailedError: no file or several, a name that is none, wrong or unknown fields.
    """
    boundary = _boundary_of(request)
    _check_announced(request, largest)
    number, path = parts_of(request).files.new_file()
    try:
        with storing(), os.fdopen(number, "wb") as target:
            form = _Form(target.write, fields, largest, files)
            await _read(request, boundary, form)
            texts = form.texts()
            await _finish(target)
        yield Upload(path, form.name, form.mime_type, form.size, form.digest.hexdigest(), texts)
    finally:
        path.unlink(missing_ok=True)


async def _finish(target: BinaryIO) -> None:
    """Bring it to the disk, off the event loop: that may take a while."""
    target.flush()
    await asyncio.to_thread(os.fsync, target.fileno())


def _boundary_of(request: Request) -> bytes:
    kind, _, rest = request.headers.get("content-type", "")[:LONGEST_HEADER].partition(";")
    found = {match[1].lower(): match[2] or match[3] or "" for match in _PARAMETER.finditer(f";{rest}")}
    boundary = found.get("boundary", "")
    if kind.strip().lower() != "multipart/form-data" or not 0 < len(boundary) <= 200:
        raise BadRequestError("The body must be a form: Content-Type: multipart/form-data with a boundary")
    return boundary.encode("latin-1")


def _check_announced(request: Request, largest: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest + FORM_OVERHEAD:
        raise _too_large(largest)


async def _read(request: Request, boundary: bytes, form: _Form[Any]) -> None:
    parser = MultipartParser(
        boundary,
        {
            "on_header_field": form.on_header_name,
            "on_header_value": form.on_header_value,
            "on_header_end": form.on_header_end,
            "on_headers_finished": form.on_headers_end,
            "on_part_data": form.on_data,
            "on_end": form.on_end,
        },
    )
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            parser.write(chunk)
            form.check_overhead(received)
    except FormParserError as error:
        raise BadRequestError(f"The body is not a valid multipart form: {error}") from None
    except ClientDisconnect:
        raise BadRequestError("The body is cut off") from None
    if not form.ended:
        raise BadRequestError("The body is not a valid multipart form: it ends before its last boundary")
    if not form.name:
        raise _refused(form.files[0], "is required")


class _Form(Generic[F]):
    """A form as the parser finds it, part by part: one file, which is written on, and texts."""

    def __init__(
        self, write: Callable[[bytes], object], fields: type[F], largest: int, files: tuple[str, ...]
    ) -> None:
        self.ended = False
        self.name = ""
        self.mime_type = ""
        self.size = 0
        self.digest = hashlib.sha256()
        self._write = write
        self._fields = fields
        self._known = {field.alias or name for name, field in fields.model_fields.items()}
        self._largest = largest
        self.files = files
        self._texts: dict[str, bytearray] = {}
        self._text: bytearray | None = None  # None while the file comes
        self._headers: dict[str, bytes] = {}
        self._header_name = self._header_value = b""

    def on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value
        self._header_name = self._header_value = b""

    def on_headers_end(self) -> None:
        headers, self._headers = self._headers, {}
        given = _parameters_of(headers.get("content-disposition", b""))
        name = given["name"]
        if name in self.files:
            self._begin_file(name, given.get("filename"), headers.get("content-type", b""))
        else:
            self._begin_text(name, is_file="filename" in given)

    def on_data(self, data: bytes, start: int, end: int) -> None:
        part = data[start:end]
        if self._text is not None:
            self._text += part
            return
        self.size += len(part)
        if self.size > self._largest:
            raise _too_large(self._largest)
        self.digest.update(part)
        self._write(part)

    def on_end(self) -> None:
        self.ended = True

    def check_overhead(self, received: int) -> None:
        """Bound what is held in memory: all but the file, of which the newest bytes may not be told yet."""
        if received - self.size > FORM_OVERHEAD + 1_024:
            raise TooLargeError(f"The form has more than {FORM_OVERHEAD} bytes beside its file")

    def texts(self) -> F:
        """The fields that are text, checked."""
        given: dict[str, str] = {}
        for name, raw in self._texts.items():
            try:
                given[name] = raw.decode().replace("\r\n", "\n")  # forms end lines so
            except UnicodeDecodeError:
                raise _refused(name, "must be valid UTF-8") from None
        try:
            return self._fields.model_validate(given)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        raise ValidationFailedError(details_of(problems))

    def _begin_file(self, field: str, name: str | None, kind: bytes) -> None:
        if name is None:
            raise _refused(field, "must be a file")
        if self.name:
            raise _refused(field, "must be given once")
        self.name = _checked_name(field, name)
        self.mime_type = _type_of(name, kind)
        self._text = None

    def _begin_text(self, name: str, *, is_file: bool) -> None:
        if name not in self._known:
            raise _refused(name, "is not known")
        if is_file:
            raise _refused(name, "must be text")
        if name in self._texts:
            raise _refused(name, "must be given once")
        self._text = self._texts[name] = bytearray()


def _parameters_of(disposition: bytes) -> dict[str, str]:
    """The parameters of a part's Content-Disposition; `name` is among them."""
    try:
        text = disposition[:LONGEST_HEADER].decode()
    except UnicodeDecodeError:
        raise BadRequestError("The names of the form's parts must be valid UTF-8") from None
    found = {
        match[1].lower(): match[3] if match[2] is None else re.sub(r'\\(["\\])', r"\1", match[2])
        for match in _PARAMETER.finditer(text)
    }
    if not _DISPOSITION.match(text) or "name" not in found:
        raise BadRequestError("Each part of the form needs Content-Disposition: form-data with a name")
    return found


def _checked_name(field: str, name: str) -> str:
    if not name.strip():
        raise _refused(field, "needs a name")
    if len(name) > LONGEST_NAME:
        raise _refused(field, f"must have a name of at most {LONGEST_NAME} characters")
    if name in (".", "..") or _NOT_IN_NAMES.search(name):
        raise _refused(field, "must have a name without slashes, backslashes and control characters")
    return name


def _type_of(name: str, kind: bytes) -> str:
    given = kind.partition(b";")[0].strip().decode("latin-1").lower()
    if _MEDIA_TYPE.fullmatch(given):
        return given
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _refused(field: str, says: str) -> ValidationFailedError:
    return ValidationFailedError({field: [f"{label(field)} {says}"]})


def _too_large(largest: int) -> TooLargeError:
    return TooLargeError(f"The file is larger than {largest} bytes")
