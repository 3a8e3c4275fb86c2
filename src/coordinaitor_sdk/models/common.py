"""What all wire models share: tolerance, both spellings, pages.

Answers are read openly (DESIGN 3.3): unknown fields are kept, absent ones are None, unknown enum values stay
strings, and a known field of an unexpected type keeps its raw value.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

# The default of fields that no object goes without: typed as there, so that `watch(task.id)` needs no check,
# and None all the same where a server leaves one out.
ABSENT: Any = None


def _as_sent(moment: Any) -> Any:
    """The wire's form of a moment: `Z` for UTC, milliseconds where no finer part is there."""
    if not isinstance(moment, datetime):  # an odd value that was kept as it came
        return moment
    fraction = moment.microsecond
    timespec = "seconds" if fraction == 0 else "microseconds" if fraction % 1_000 else "milliseconds"
    text = moment.isoformat(timespec=timespec)
    return f"{text[:-6]}Z" if moment.utcoffset() == UTC.utcoffset(None) else text


class _Dated:
    """Makes a moment of a text with date and time alone: pydantic takes digits for seconds since 1970."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=r"^\d{4}-\d\d-\d\d[Tt ]", strict=True)
        return core_schema.json_or_python_schema(
            core_schema.chain_schema([text, core_schema.datetime_schema(strict=False)]), handler(source)
        )


if TYPE_CHECKING:
    Moment: TypeAlias = datetime
    Number: TypeAlias = float
else:
    # What `to_dict` gives is to be what was sent: dates in the wire's form, 8 not as 8.0.
    Moment = Annotated[datetime, _Dated(), PlainSerializer(_as_sent, when_used="json-unless-none")]
    Number = int | float


class Model(BaseModel):
    """A tolerant wire object, readable by attribute and by key, in Python's spelling and in the wire's."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        defer_build=True,
        strict=True,  # "8" where a number belongs stays "8": nothing is turned into something else
        protected_namespaces=(),
    )

    if not TYPE_CHECKING:  # type checkers shall know only the declared fields

        def __getattr__(self, name):
            # Fields that this version doesn't know are kept under the wire's name.
            extra = self.__pydantic_extra__
            if extra and not name.startswith("_"):
                for spelling in (name, to_camel(name)):
                    if spelling in extra:
                        return extra[spelling]
            field = field_name(type(self), name)
            if field is not None and field != name:
                return getattr(self, field)
            return super().__getattr__(name)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # Some thirty fields are None more often than not.
        return ((name, value) for name, value in super().__repr_args__() if value is not None)

    def _repr_html_(self) -> str:
        from .html import card

        return card(self)

    def __getitem__(self, key: str) -> Any:
        field = field_name(type(self), key)
        if field is not None:
            return getattr(self, field)
        extra = self.__pydantic_extra__ or {}
        if key in extra:
            return extra[key]
        return extra[to_camel(key)] if to_camel(key) in extra else _missing(self, key)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        extra = self.__pydantic_extra__ or {}
        return field_name(type(self), key) is not None or key in extra or to_camel(key) in extra

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key` in either spelling, or `default` where the server sent none."""
        value = self[key] if key in self else None  # noqa: SIM401 - this is `get`
        return default if value is None else value

    def to_dict(self) -> dict[str, Any]:
        """The object as the server sent it: the wire's names, only what was there, JSON types."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def _missing(model: Model, key: str) -> Any:
    raise KeyError(f"{type(model).__name__} has no {key!r}")


_NAMES: dict[type[BaseModel], dict[str, str]] = {}


def field_name(cls: type[BaseModel], key: str) -> str | None:
    """The declared field of `cls` that `key` names in either spelling, or None."""
    names = _NAMES.get(cls)
    if names is None:
        names = {name: name for name in cls.model_fields}
        names |= {field.alias: name for name, field in cls.model_fields.items() if field.alias}
        _NAMES[cls] = names
    return names.get(key)


class Pagination(Model):
    """Where a page stands (API document, "Pagination Format")."""

    page: int | None = None
    limit: int | None = None
    total: int | None = None
    pages: int | None = None
    has_next: bool | None = None
    has_prev: bool | None = None


class Links(Model):
    """Paths of the neighbouring pages."""

    first: str | None = None
    last: str | None = None
    next: str | None = None
    prev: str | None = None


class Meta(Model):
    """What the server says about its answer."""

    request_id: str | None = None
    timestamp: str | None = None
    version: str | None = None


class Envelope(Model, Generic[T]):
    """The documented frame around an answer (API document, "Standard Response Format")."""

    data: T
    success: bool | None = None
    pagination: Pagination | None = None
    links: Links | None = None
    meta: Meta | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # A class such as Page[Task] is made when it is asked for: pickle would look for its name in vain.
        made = type(self).__pydantic_generic_metadata__
        return _empty, (made["origin"] or type(self), made["args"]), self.__getstate__()


def _empty(origin: Any, args: tuple[Any, ...]) -> Envelope[Any]:
    cls = origin[args] if args else origin
    found: Envelope[Any] = cls.__new__(cls)
    return found


class Page(Envelope[list[T]], Generic[T]):
    """One page of a list: `.data` holds its items, `.pagination` where it stands. Iterates over the items."""

    def __iter__(self) -> Iterator[T]:  # type: ignore[override] # a page is its items, not its fields
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def _repr_html_(self) -> str:
        from .html import listing

        return listing(self.data, self.pagination.total if isinstance(self.pagination, Pagination) else None)
