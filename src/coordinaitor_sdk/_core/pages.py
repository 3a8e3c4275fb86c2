"""Page arithmetic: next page, last page, drift, de-duplication (DESIGN 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from ..models.common import Page

T = TypeVar("T")

DEFAULT_LIMIT = 20


class PageWalk(Generic[T]):
    """A walk over a list's pages: which comes next (`page`), what is new on it, whether it was the last.

    Rows inserted while walking push others onto the next page: ids already seen are dropped. A page that
    brings only ids already seen ends the walk, so a server that ignores `page` can't keep it going.
    """

    def __init__(self, *, start: int = 1, limit: int | None = None) -> None:
        self.page = start
        self.ended = False
        self._limit = limit
        self._seen: set[Any] = set()

    def take(self, page: Page[T]) -> list[T]:
        """The items of `page` not seen before; moves on to the next page, or ends."""
        items = [item for item in page.data if self._is_new(item)]
        self.ended = not items or not self._has_next(page, self.page)
        self.page += 1
        return items

    def _is_new(self, item: T) -> bool:
        named = getattr(item, "id", None)
        identity = named if isinstance(named, (str, int)) and named else str(item)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def _has_next(self, page: Page[T], number: int) -> bool:
        stated = page.pagination
        if stated is not None:
            if isinstance(stated.has_next, bool):
                return stated.has_next
            if isinstance(stated.pages, int):
                return number < stated.pages
        limit = stated.limit if stated is not None and isinstance(stated.limit, int) else self._limit
        return len(page.data) >= (limit or DEFAULT_LIMIT)
