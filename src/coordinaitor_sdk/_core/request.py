"""What one call is: method, path, query, body, response type, and whether it may be repeated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, cast
from urllib.parse import quote, urlencode

from pydantic_core import to_json

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .response import Cast
    from .upload import Upload

T = TypeVar("T")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


MOST_PREFETCHED: Final = 50
"""Pages; the pool holds 100 connections, and others want some too."""


class NotGiven:
    """The type of `NOT_GIVEN`: a parameter that was left out and is not sent (None sends null)."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven()


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One logical call of the API, however many attempts it takes.

    Attributes:
        path: below the API prefix, quoted, such as `/tasks/task-123`.
        cast: how the answer is read.
        body: bytes, a form with a file, or None.
        content_type: of a body of bytes.
        at_root: the path counts from the origin, not from the API prefix (OAuth).
        repeatable: a POST that may be sent again although the first may have taken effect (login, refresh).
    """

    method: Method
    path: str
    cast: Cast[T]
    query: str = ""
    body: bytes | Upload | None = field(default=None, repr=False)  # a login's holds the password
    repeatable: bool = False
    content_type: str = "application/json"
    at_root: bool = False

    @property
    def safe_to_repeat(self) -> bool:
        """Whether sending it twice has the effect of sending it once (RFC 9110, 9.2.2; DESIGN 3.9)."""
        return self.method != "POST" or self.repeatable

    @property
    def replayable(self) -> bool:
        """Whether its body can be sent a second time."""
        return self.body is None or isinstance(self.body, bytes) or self.body.source.replayable

    @property
    def path_template(self) -> str:
        """The path with `{id}` in the place of every id: few values, whatever is called."""
        return "/".join(part if part in _STATIC else "{id}" for part in self.path.split("/"))


_STATIC: Final = {
    *(
        "",
        "api-keys",
        "agents",
        "assign",
        "auth",
        "avatar",
        "comments",
        "disable",
        "enable",
        "files",
        "health",
    ),
    *("login", "logout", "logs", "me", "members", "metrics", "notifications", "oauth", "projects", "read"),
    *("refresh", "status", "system", "tasks", "token", "users", "webhooks"),
}


def path_segment(value: str, name: str) -> str:
    """`value` quoted for use as one path segment.

    Raises:
        InvalidArgumentError: it is empty, or no id could look like it.
    """
    if not isinstance(value, str) or not value.strip():  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(f"{name} must be a non-empty string, got {value!r}")
    if value in {".", ".."}:
        raise InvalidArgumentError(f"{name} can't be {value!r}")
    return quote(_encodable(value, name), safe="")


def check_method(method: Method) -> Method:
    """`method`, if the API has it.

    Raises:
        InvalidArgumentError: it doesn't.
    """
    if method not in _METHODS:
        raise InvalidArgumentError(f"method must be one of {', '.join(_METHODS)}, got {method!r}")
    return method


_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def check_path(path: str) -> str:
    """`path`, if it is one below the API prefix, ready to be sent.

    Raises:
        InvalidArgumentError: it leads elsewhere, or can't be sent.
    """
    steps = path.split("/")
    if not path.startswith("/") or path.startswith("//") or {".", ".."} & set(steps):
        raise InvalidArgumentError(
            f"path must begin with / and lead below the API prefix, such as /tasks/task-123; got {path!r}"
        )
    if not path.isascii() or not path.isprintable() or set(path) & set(" ?#\\"):
        raise InvalidArgumentError(f"path must be quoted, and its query be given as params=; got {path!r}")
    return path


def json_value(value: Any) -> bytes:
    """JSON bytes of any value, as it is.

    Raises:
        InvalidArgumentError: JSON can't hold it.
    """
    try:
        return to_json(value, inf_nan_mode="constants")
    except ValueError as error:  # PydanticSerializationError
        raise InvalidArgumentError(f"the request can't be written as JSON: {error}") from None


def query_string(params: Mapping[str, Any]) -> str:
    """The query for `params`: those that are not given, None or empty lists are left out, lists are
    comma-separated.
    """
    pairs = [
        (to_camel(name), _query_value(name, value))
        for name, value in params.items()
        if not isinstance(value, NotGiven) and value not in (None, [], ())
    ]
    return urlencode(pairs)


def _query_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value, name)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(_encodable(str(item), name) for item in cast("Iterable[Any]", value))
    return _encodable(str(value), name)


def _encodable(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"{name} can't be written as UTF-8: {text!r}") from None
    return text


def json_body(
    fields: Mapping[str, Any],
    *,
    known: frozenset[str] | None = None,
    nested: Mapping[str, Mapping[str, str]] | None = None,
) -> bytes:
    """JSON bytes of `fields`: not-given ones left out, names renamed to the wire's.

    Args:
        fields: by parameter name.
        known: the names that are renamed, where `fields` may hold others; None renames all.
        nested: for parameters whose value is an object or a list of objects, how its keys are renamed.
            Values of all others (free maps) pass untouched.
    """
    wire: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, NotGiven):
            continue
        keys = (nested or {}).get(name)
        wire_name = to_camel(name) if known is None or name in known else name
        wire[wire_name] = _renamed(value, keys) if keys else value
    return json_value(wire)


def _renamed(value: Any, keys: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {keys.get(key, key): item for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_renamed(item, keys) for item in cast("Iterable[Any]", value)]
    return value


def fields_from(
    mapping: Mapping[str, Any] | None, keywords: Mapping[str, Any], *, known: frozenset[str]
) -> dict[str, Any]:
    """The fields of a body given as one mapping in either spelling, or as keywords.

    Only known fields are renamed; the server decides about others.

    Raises:
        InvalidArgumentError: both forms, or one field in both spellings.
    """
    given = {name: value for name, value in keywords.items() if not isinstance(value, NotGiven)}
    if mapping is None:
        return given
    if given:
        raise InvalidArgumentError(
            f"give the fields either as one mapping or as keywords, not both ({', '.join(sorted(given))})"
        )
    camel = {to_camel(name): name for name in known}
    fields: dict[str, Any] = {}
    for key, value in mapping.items():
        name = camel.get(key, key)
        if name in fields:
            raise InvalidArgumentError(f"{name} is given twice, in both spellings")
        fields[name] = value
    return fields


def to_camel(name: str) -> str:
    """`created_after` -> `createdAfter`; a name without an underscore stays as it is."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def check_text(fields: Mapping[str, Any], name: str) -> None:
    """Refuse an empty text where one is needed.

    Raises:
        InvalidArgumentError: `name` is there and is None, no string or blank.
    """
    if name not in fields:
        return
    value = fields[name]
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentError(f"{name} must not be empty, got {value!r}")


def check_required(fields: Mapping[str, Any], *names: str) -> None:
    """Refuse a body that lacks one of `names` or has it empty.

    Raises:
        InvalidArgumentError: it does.
    """
    for name in names:
        if name not in fields:
            raise InvalidArgumentError(f"{name} is required")
        check_text(fields, name)


def check_numbers(fields: Mapping[str, Any], *names: str, most: float = math.inf) -> None:
    """Refuse negative, non-finite and non-numeric values of the fields `names`.

    Raises:
        InvalidArgumentError: there is one.
    """
    for name in names:
        value = fields.get(name)
        if value is None or isinstance(value, NotGiven):
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidArgumentError(f"{name} must be a number, got {value!r}")
        if not math.isfinite(value) or value < 0 or value > most:
            bounds = "0 or more" if most == math.inf else f"between 0 and {most:g}"
            raise InvalidArgumentError(f"{name} must be a finite number, {bounds}, got {value!r}")


def check_count(name: str, value: int | None) -> int | None:
    """`value`, if it counts something from 1 on, or None.

    Raises:
        InvalidArgumentError: it is something else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(f"{name} must be a whole number from 1 on, got {value!r}")
    return value


def check_prefetch(value: int) -> int:
    """`value`, if it counts pages to fetch ahead.

    Raises:
        InvalidArgumentError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_PREFETCHED:  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise InvalidArgumentError(
            f"prefetch must be a whole number from 0 to {MOST_PREFETCHED}, got {value!r}"
        )
    return value


def write_dates(fields: dict[str, Any], *names: str) -> None:
    """Turn the dates among `fields` into the wire's form, in place.

    Raises:
        InvalidArgumentError: one is naive or can't be read.
    """
    for name in names:
        value = fields.get(name)
        if value is not None and not isinstance(value, NotGiven):
            fields[name] = timestamp(value, name)


def timestamp(value: datetime | str, name: str) -> str:
    """`value` as RFC 3339 text.

    Args:
        value: an aware datetime, or a string with a date, a time and an offset.
        name: of the parameter, for the message.

    Raises:
        InvalidArgumentError: it is naive or unreadable.
    """
    moment: object = value
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidArgumentError(
                f"{name} is not a date: {value!r}; write it like 2024-02-20T00:00:00Z"
            ) from None
    if not isinstance(moment, datetime):  # pyright: ignore[reportUnnecessaryIsInstance] - as below
        # Callers may be untyped, and a bare date is an easy mistake.
        hint = "; a date needs a time and an offset" if isinstance(moment, date) else ""
        raise InvalidArgumentError(f"{name} must be a datetime or a string, got {value!r}{hint}")
    if moment.tzinfo is None:
        raise InvalidArgumentError(
            f"{name} has no time zone: {value!r};"
            " add one, as in 2024-02-20T00:00:00Z or datetime(..., tzinfo=UTC)"
        )
    return moment.isoformat().replace("+00:00", "Z")
