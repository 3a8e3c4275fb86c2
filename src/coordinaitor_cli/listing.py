"""The first so many items of a list, and what is to be said about the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from coordinaitor_sdk import Pager, Pagination

T = TypeVar("T")


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


def _remark(shown: int, pagination: Pagination | None, *, surplus: bool) -> str | None:
    total = pagination.total if pagination is not None else None
    if isinstance(total, int):
        return f"showing {shown} of {total}; --all shows all" if total > shown else None
    more = surplus or (pagination is not None and pagination.has_next is True)
    return f"showing {shown}, there are more; --all shows all" if more else None
