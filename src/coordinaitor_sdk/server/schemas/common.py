"""The base of all wire schemas and the types that several share."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from coordinaitor_sdk.server.clock import stamp
from coordinaitor_sdk.server.wire import dumps

LARGEST_MAP = 64 * 1024
"""Bytes of a free map as JSON."""

DEEPEST_MAP = 100
"""Objects and lists within each other in a free map: readers of JSON give up, this one's at 200."""

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
# C0, DEL and C1; a long text may have line feeds and tabs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Strict(BaseModel):
    """A JSON object: camelCase, no unknown fields, no conversion between types."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        defer_build=True,  # at the first request that needs it: all of them take a part of the server's start
    )


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


PARTIAL = ConfigDict(json_schema_extra=_without_defaults)
"""For bodies of which only what is given counts: their defaults are never applied, nor published."""


class Query(BaseModel):
    """The parameters of a query: text that is converted, no unknown names."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, defer_build=True
    )


def _no_control(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


def _no_control_in_text(value: str) -> str:
    if _CONTROL_IN_TEXT.search(value):
        raise ValueError("must not contain control characters other than line feed and tab")
    return value


def _timestamp(value: str) -> str:
    if not _RFC3339.fullmatch(value):
        raise ValueError("must be a date and time with an offset, like 2024-02-20T00:00:00Z")
    try:
        return stamp(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError):
        raise ValueError("must be a date that exists, like 2024-02-20T00:00:00Z") from None


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,12}", value):
        raise ValueError("must be a whole number")
    return value


def comma_separated(value: Any) -> Any:
    """The entries of a comma-separated parameter, blanks and repetitions dropped."""
    if not isinstance(value, str):
        return value
    return list(dict.fromkeys(part for part in (part.strip() for part in value.split(",")) if part))


def listed(value: Any) -> Any:
    """The entries of a comma-separated parameter that must name something, repetitions dropped."""
    return list(dict.fromkeys(value.split(","))) if isinstance(value, str) else value


def not_blank(value: str) -> str:
    """The text, unless it is only white space.

    Raises:
        ValueError: it is.
    """
    if not value.strip():
        raise ValueError("is required")
    return value


def _no_comma(value: str) -> str:
    if "," in value:
        raise ValueError("must not contain a comma: filters separate tags by it")
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    _check_free(value, DEEPEST_MAP)
    if len(dumps(value).encode()) > LARGEST_MAP:
        raise ValueError(f"must have at most {LARGEST_MAP} bytes")
    return value


def _check_free(value: Any, levels: int) -> None:
    if isinstance(value, dict | list):
        if levels == 0:
            raise ValueError(f"must be nested at most {DEEPEST_MAP} levels deep")
        inner = cast("dict[str, Any] | list[Any]", value)
        for item in inner.values() if isinstance(inner, dict) else inner:
            _check_free(item, levels - 1)
    elif isinstance(value, int | float) and not _is_double(value):
        raise ValueError("must have finite numbers only")


def _is_double(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all doubles
        return False


def published(**schema: Any) -> Any:
    """What the published schema says of a type beside its bounds: that which only code here checks."""
    return Field(json_schema_extra=schema)


TEXT = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_SAYING = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
_LINES = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
_TAG = _SAYING.replace("[^", "[^,")
_SAYING_LINES = r"\S"

Plain: Final = AfterValidator(_no_control)
Text = Annotated[str, Plain, published(pattern=TEXT)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Plain,
    published(pattern=_SAYING),
]
"""One line that must say something."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=100), Plain, published(pattern=TEXT)]
# Which ids there are no schema can say: its format tells of what.
AgentId = Annotated[Id, WithJsonSchema({"type": "string", "format": "agent-id"})]
ProjectId = Annotated[Id, WithJsonSchema({"type": "string", "format": "project-id"})]
UserId = Annotated[Id, WithJsonSchema({"type": "string", "format": "user-id"})]
MentionedId = UserId
"""Of a user or an agent."""

Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    Plain,
    AfterValidator(_no_comma),
    published(pattern=_TAG),
]
LongText = Annotated[
    str,
    StringConstraints(max_length=20_000),
    AfterValidator(_no_control_in_text),
    published(pattern=_LINES),
]
ShortText = Annotated[
    str,
    StringConstraints(max_length=2_000),
    AfterValidator(_no_control_in_text),
    published(pattern=_LINES),
]
Point = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000),
    Plain,
    published(pattern=_SAYING),
]
"""One of several requirements or criteria."""

FreeMap = Annotated[dict[str, Any], AfterValidator(_small)]
"""Any JSON object of up to 64 KiB."""

Timestamp = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_timestamp), published(format="date-time")
]
"""RFC 3339 with an offset, kept as the server writes times."""


def _whole(value: Any) -> Any:
    # In JSON 1 and 1.0 are the same number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole: Final = BeforeValidator(_whole)
"""For whole numbers of a body."""

Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

QueryInt: Final = BeforeValidator(_digits)
"""For whole numbers of a query."""

QueryText = Annotated[str, StringConstraints(max_length=200), Plain, published(pattern=TEXT)]
QueryList = Annotated[list[QueryText], BeforeValidator(comma_separated), Field(max_length=20)]
"""Comma-separated; blanks and repetitions are dropped."""


class Paged(Query):
    """Which page (API document, "Standard Query Parameters")."""

    page: Annotated[int, Field(ge=1, le=1_000_000_000), QueryInt] = 1
    limit: Annotated[int, Field(ge=1, le=100), QueryInt] = 20

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit
