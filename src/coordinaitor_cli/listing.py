"""The first so many items of a list, in which order, and what is to be said about the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from .output.selection import data_of, value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinaitor_sdk import Pager, Pagination

T = TypeVar("T")

DEFAULT_LIMIT: Final = 30


@dataclass(slots=True)
class Taken(Generic[T]):
    """Items of a list.

    Attributes:
        remark: "showing 30 of 150", or None where nothing is left out.
    """

    items: list[T] = field(default_factory=list[T])
    remark: str | None = None


def take(pager: Pager[T], most: int | None) -> Taken[T]:
    """The first `most` items of a list; None takes all."""
    taken: Taken[T] = Taken()
    pagination: Pagination | None = None
    for page in pager.pages():
        pagination = page.pagination or pagination
        taken.items.extend(page.data)
        if most is not None and len(taken.items) >= most:
            break
    else:
        return taken
    surplus = len(taken.items) > most
    del taken.items[most:]
    taken.remark = _remark(len(taken.items), pagination, surplus=surplus)
    return taken


def cut(items: Sequence[T], most: int | None) -> Taken[T]:
    """The same of a list that is here whole."""
    if most is None or len(items) <= most:
        return Taken(list(items))
    return Taken(list(items[:most]), f"showing {most} of {len(items)}; --all shows all")


def ordered(items: Sequence[T], sort: str) -> list[T]:
    """The items by one of their fields, `-` before its name for the last first; what lacks it comes last."""
    path = sort.removeprefix("-")
    keyed = [(value_at(data_of(item), path), item) for item in items]
    there = sorted(
        (pair for pair in keyed if pair[0] is not None), key=_comparable, reverse=sort.startswith("-")
    )
    return [item for _, item in there] + [item for value, item in keyed if value is None]


def _comparable(pair: tuple[Any, Any]) -> tuple[int, Any]:
    value = pair[0]
    return (0, value) if isinstance(value, (int, float)) else (1, str(value))


def _remark(shown: int, pagination: Pagination | None, *, surplus: bool) -> str | None:
    total = pagination.total if pagination is not None else None
    if isinstance(total, int):
        return f"showing {shown} of {total}; --all shows all" if total > shown else None
    more = surplus or (pagination is not None and pagination.has_next is True)
    return f"showing {shown}, there are more; --all shows all" if more else None
