"""Page arithmetic: next page, last page, drift, de-duplication (DESIGN 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from ..models.common import Page

T = TypeVar("T")

DEFAULT_LIMIT: Final = 20
_MOST_PUSHED: Final = 10


class PageWalk(Generic[T]):
    """A walk over a list's pages: which comes next (`page`), what is new on it, whether it was the last.

    Rows inserted while walking push others onto the next page: ids already seen are dropped. A page that
    brings only ids already seen ends the walk, so a server that ignores `page` can't keep it going; unless
    the total has grown meanwhile, which tells that rows were pushed there, a few times in a row.

    Attributes:
        page: the number of the next page.
        ended: whether there is no next one.
        last: the number of the last page as told by the page before, or None.
    """

    def __init__(self, *, start: int = 1, limit: int | None = None) -> None:
        self.page = start
        self.ended = False
        self.last: int | None = None
        self._limit = limit
        self._seen: set[Any] = set()
        self._total: int | None = None
        self._pushed = 0

    def take(self, page: Page[T]) -> list[T]:
        """The items of `page` not seen before; moves on to the next page, or ends."""
        items = self._new_among(page.data)
        brought = bool(items) or (bool(page.data) and self._was_pushed(page))
        self._pushed = 0 if items else self._pushed + 1
        self.ended = not brought or not self._has_next(page, self.page)
        self.page += 1
        self._note(page)
        return items

    def taken(self, page: Page[T]) -> Page[T]:
        """`take`, and the page with those items alone."""
        items = self.take(page)
        return page if len(items) == len(page.data) else page.model_copy(update={"data": items})

    def _note(self, page: Page[T]) -> None:
        stated = page.pagination
        if stated is not None:
            self._total = stated.total if isinstance(stated.total, int) else None
            self.last = stated.pages if isinstance(stated.pages, int) else None

    def _was_pushed(self, page: Page[T]) -> bool:
        """Whether a page without news is one that inserted rows have pushed others onto."""
        stated = page.pagination
        total = stated.total if stated is not None else None
        if stated is None or stated.page != self.page or not isinstance(total, int) or self._total is None:
            return False
        return total > self._total and self._pushed < _MOST_PUSHED

    def _new_among(self, items: list[T]) -> list[T]:
        identities = _identities(items)
        fresh = set(identities) - self._seen
        self._seen |= fresh
        if len(fresh) == len(items):
            return items
        first = dict(zip(reversed(identities), reversed(items), strict=True))
        return [first[identity] for identity in dict.fromkeys(identities) if identity in fresh]

    def _has_next(self, page: Page[T], number: int) -> bool:
        stated = page.pagination
        if stated is not None:
            if isinstance(stated.has_next, bool):
                return stated.has_next
            if isinstance(stated.pages, int):
                return number < stated.pages
        limit = stated.limit if stated is not None and isinstance(stated.limit, int) else self._limit
        return len(page.data) >= (limit or DEFAULT_LIMIT)


def _identities(items: list[Any]) -> list[Any]:
    """What tells each item from the others: its id, or all of it where it has none."""
    ids = [getattr(item, "id", None) for item in items]
    if set(map(type, ids)) <= {str} and "" not in ids:
        return ids
    return [
        named if isinstance(named, (str, int)) and named else str(item)
        for named, item in zip(ids, items, strict=True)
    ]
