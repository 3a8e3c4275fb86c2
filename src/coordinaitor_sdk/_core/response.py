"""Bytes -> typed value or typed error (DESIGN 3.2): envelope, bare, keyed by the resource."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args, get_origin

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import from_json

from ..exceptions import APIError, InvalidArgumentError, ResponseDecodeError, error_class
from ..models.common import Envelope, Page
from .http import HttpResponse
from .repair import validate_leniently
from .retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cast(Generic[T]):
    """How an answer is read.

    Attributes:
        framed: the type of the whole answer in the documented form: an `Envelope` or a `Page`.
        key: the resource's key in answers such as `{"task": {...}}`.
        many: whether a list is expected.
        good: statuses beyond 2xx whose body is the answer too.
        model: of one object, where the answer is made of such.
    """

    framed: Any
    key: str | None
    many: bool = False
    good: frozenset[int] = frozenset()
    model: Any = None

    def accepts(self, answer: HttpResponse) -> bool:
        """Whether the answer is the value rather than an error."""
        if answer.is_success:
            return True
        return answer.status in self.good and self._carries_value(answer)

    def _carries_value(self, answer: HttpResponse) -> bool:
        raw = _object_or_none(answer.content)
        return raw is not None and "error" not in raw

    def read(self, answer: HttpResponse) -> T:
        """The typed value.

        Raises:
            ResponseDecodeError: the body is not JSON, or not of a form that the API uses.
            APIError: a 2xx whose envelope says `success: false`.
        """
        adapter = _adapter(self.framed)
        try:
            framed = adapter.validate_json(answer.content)
        except ValidationError:
            framed = self._read_slowly(adapter, answer)
        else:
            if not self.many and _is_bare(framed.model_fields_set | (framed.model_extra or {}).keys()):
                framed = self._read_slowly(adapter, answer)
        if framed.success is False and not self.good:
            raise error_from(answer)
        return cast("T", framed if self.many else framed.data)

    def _read_slowly(self, adapter: TypeAdapter[Envelope[Any]], answer: HttpResponse) -> Envelope[Any]:
        try:
            raw = from_json(answer.content)
        except ValueError:
            raise _unreadable(answer, "is not JSON") from None
        framed = self._framed(raw)
        if framed is None:
            if isinstance(raw, dict) and cast("dict[str, Any]", raw).get("success") is False:
                raise error_from(answer)
            raise _unreadable(answer, f"holds no {self._name}")
        try:
            return validate_leniently(adapter, framed)
        except (ValidationError, RecursionError):
            raise _unreadable(answer, f"is not the expected {self._name}") from None

    @property
    def _name(self) -> str:
        return self.key or ("list" if self.many else "object")

    def _framed(self, raw: Any) -> dict[str, Any] | None:
        """`raw` put into the documented envelope, or None where it is of none of the known forms."""
        if isinstance(raw, list):
            return {"data": raw} if self.many else None
        if not isinstance(raw, dict):
            return None
        fields = cast("dict[str, Any]", raw)
        expected = list if self.many else dict
        if isinstance(fields.get("data"), expected) and not _is_bare(fields.keys()):
            return fields
        key = self._key_in(fields, expected)
        if key is not None:
            return {"data": fields[key], "pagination": _siblings(fields)}
        if self.many or "success" in fields:
            return None
        return {"data": fields}

    def _key_in(self, fields: dict[str, Any], expected: type) -> str | None:
        """The resource's key, where the answer is keyed by it; where none is known, that of the only list."""
        if self.key is not None:
            return self.key if isinstance(fields.get(self.key), expected) else None
        keys = [key for key, value in fields.items() if isinstance(value, list)] if self.many else []
        return keys[0] if len(keys) == 1 else None


def one(model: type[T], key: str, *, good: frozenset[int] = frozenset()) -> Cast[T]:
    """A cast to one object; `key` as in `{"task": {...}}`."""
    return Cast(_framed_as(Envelope, model), key, good=good, model=model)


def page(model: type[T], key: str) -> Cast[Page[T]]:
    """A cast to a page of objects; `key` as in `{"tasks": [...]}`."""
    return Cast(_framed_as(Page, model), key, many=True, model=model)


def _framed_as(frame: Any, model: type[T]) -> Any:
    return frame[model]


@dataclass(frozen=True, slots=True)
class _Nothing(Cast[None]):
    def read(self, answer: HttpResponse) -> None:
        """Answers without a value (204) are not looked into."""


NOTHING: Cast[None] = _Nothing(None, "")


@dataclass(frozen=True, slots=True)
class _Whole(Cast[HttpResponse]):
    def read(self, answer: HttpResponse) -> HttpResponse:
        """The answer itself, whatever it holds."""
        return answer


WHOLE: Cast[HttpResponse] = _Whole(None, None)


def cast_to(kind: type[T]) -> Cast[T]:
    """A cast to any type: a model, `dict`, `list[...]`, `Page[...]`, `HttpResponse`, or None's.

    Raises:
        InvalidArgumentError: JSON can't be read as it.
    """
    return cast("Cast[T]", _cast_to(kind))


def _cast_to(kind: Any) -> Cast[Any]:
    if kind is HttpResponse:
        return WHOLE
    if kind is type(None):
        return NOTHING
    try:
        if isinstance(kind, type) and issubclass(kind, Page):
            return _checked(Cast(kind, None, many=True))
        if kind is list or get_origin(kind) is list:
            item = (get_args(kind) or (Any,))[0]
            return _checked(_ListOf(_framed_as(Page, item), None, many=True))
        return _checked(Cast(_framed_as(Envelope, cast("Any", kind)), None))
    except (PydanticUserError, PydanticSchemaGenerationError, TypeError) as error:
        raise InvalidArgumentError(f"cast_to must be a type that JSON can be read as: {error}") from None


def _checked(found: Cast[Any]) -> Cast[Any]:
    _adapter(found.framed).rebuild()
    return found


@dataclass(frozen=True, slots=True)
class _ListOf(Cast[list[Any]]):
    def read(self, answer: HttpResponse) -> list[Any]:
        """The items of the page that the answer is."""
        found: Page[Any] = super(_ListOf, self).read(answer)  # type: ignore[assignment] # what a page is read as
        return found.data


@cache
def _adapter(framed: Any) -> TypeAdapter[Any]:
    return TypeAdapter(framed)


def _is_bare(names: AbstractSet[str]) -> bool:
    """Whether an object with these fields is one of the API itself, although it has a `data` of its own."""
    return "id" in names and "success" not in names


def _siblings(fields: dict[str, Any]) -> Any:
    """Where a keyed answer tells about its page: under `pagination`, or beside the list."""
    if "pagination" in fields:
        return fields["pagination"]
    names = {"page": "page", "limit": "limit", "total": "total", "pages": "pages", "totalPages": "pages"}
    found = {names[name]: value for name, value in fields.items() if name in names}
    return found or None


def _object_or_none(content: bytes) -> dict[str, Any] | None:
    try:
        raw = from_json(content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else None


def _unreadable(answer: HttpResponse, why: str) -> ResponseDecodeError:
    content_type = answer.headers.get("content-type")
    excerpt = answer.content[:200].decode("utf-8", "replace")
    return ResponseDecodeError(
        f"the answer to {answer.method} {answer.url} {why}"
        f" (HTTP {answer.status}, {content_type or 'no content type'}, {len(answer.content)} bytes);"
        " check that base_url and api_prefix name a CoordinAItor API and not a web page or a proxy",
        status=answer.status,
        content_type=content_type,
        excerpt=excerpt,
        method=answer.method,
        url=answer.url,
    )


def error_from(answer: HttpResponse, *, now: float | None = None) -> APIError:
    """The error that a refusing answer stands for.

    Args:
        answer: the documented error object, `{"error": "text", "message"?, "code"?}`, or any other body.
        now: Unix time in seconds, against which dates in headers are read.
    """
    raw = _object_or_none(answer.content)
    code, message, details, hint = _described(raw) if raw is not None else (None, None, None, None)
    if message is None:
        message = _plain_message(answer)
    meta = raw.get("meta") if raw else None
    request_id = cast("dict[str, Any]", meta).get("requestId") if isinstance(meta, dict) else None
    return error_class(answer.status)(
        message,
        status=answer.status,
        code=code,
        details=details,
        request_id=str(request_id or answer.headers.get("x-request-id") or "") or None,
        retry_after=retry_after(answer.status, answer.headers, hint, now=now),
        method=answer.method,
        url=answer.url,
    )


def _described(raw: dict[str, Any]) -> tuple[str | None, str | None, dict[str, Any] | None, Any]:
    """Code, message, details and `retryAfter` of an error body in any of its forms."""
    error: Any = raw.get("error")
    if isinstance(error, dict):
        fields = cast("dict[str, Any]", error)
        details = fields.get("details")
        return (
            _text(fields.get("code")),
            _text(fields.get("message")),
            cast("dict[str, Any]", details) if isinstance(details, dict) else None,
            fields.get("retryAfter", raw.get("retryAfter")),
        )
    text, extra = _text(error), _text(raw.get("message"))
    if described := _text(raw.get("error_description")):
        return text, described, None, None  # RFC 6749, 5.2
    message = f"{text}: {extra}" if text and extra else text or extra
    return _text(raw.get("code")), message, None, raw.get("retryAfter")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _plain_message(answer: HttpResponse) -> str:
    content_type = answer.headers.get("content-type", "")
    target = f"{answer.method} {answer.url}"
    if 300 <= answer.status < 400:
        return (
            f"{target} was redirected to {answer.headers.get('location')!r};"
            " redirects are not followed, so that credentials stay with their origin: correct base_url"
        )
    if "html" in content_type:
        return f"{target} was answered with a web page instead of JSON; check base_url and api_prefix"
    text = answer.content[:200].decode("utf-8", "replace").strip()
    return f"{target} failed: {text}" if text else f"{target} failed without a message"
