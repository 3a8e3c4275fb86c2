# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""Iterating over lists that come in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._core.pages import PageWalk
from .._core.request import Call, check_count, query_string
from .._runtime.threads import FirstPageAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .._core.response import Cast
    from ..models.common import Page
    from .session import Session

T = TypeVar("T")


class Pager(FirstPageAccess[T], Generic[T]):
    """A list of the API, fetched page by page as it is read.

    Iterating yields every item once, whatever is inserted meanwhile; `pages()` yields the pages.
    Each iteration starts anew.
    """

    def __init__(self, fetch: Callable[[int], Page[T]], *, start: int = 1, limit: int | None = None) -> None:
        self._fetch = fetch
        self._start = start
        self._limit = limit

    def __repr__(self) -> str:
        return f"<{type(self).__name__} from page {self._start}>"

    def __iter__(self) -> Iterator[T]:
        """Every item once, in the server's order.

        Raises:
            CoordinaitorError: a page could not be fetched; see `coordinaitor_sdk.exceptions`.
        """
        for page in self.pages():
            for item in page.data:
                yield item

    def pages(self) -> Iterator[Page[T]]:
        """Each page as the server sent it, less the items that an earlier page held already."""
        walk: PageWalk[T] = PageWalk(start=self._start, limit=self._limit)
        while not walk.ended:
            page = self._fetch(walk.page)
            items = walk.take(page)
            yield page if len(items) == len(page.data) else page.model_copy(update={"data": items})

    def first_page(self) -> Page[T]:
        """The first page: `.data` and `.pagination`."""
        return self._fetch(self._start)

    def collect(self, *, max_items: int | None = None) -> list[T]:
        """The items as a list.

        Args:
            max_items: stop after so many; None takes all.
        """
        items: list[T] = []
        for page in self.pages():
            items.extend(page.data)
            if max_items is not None and len(items) >= max_items:
                break
        return items[:max_items]


def paged(
    session: Session,
    path: str,
    cast: Cast[Page[T]],
    *,
    page: int | None,
    limit: int | None,
    params: Mapping[str, Any],
) -> Pager[T]:
    """The list at `path`. Its first page is asked for without `page`, unless one is named: not every list of
    the document takes that parameter.

    Raises:
        InvalidArgumentError: `page` or `limit` is no number from 1 on.
    """
    start = check_count("page", page) or 1
    query = {"limit": check_count("limit", limit), **params}

    def fetch(number: int) -> Page[T]:
        asked = number if number > 1 or page is not None else None
        return session.call(Call("GET", path, cast, query=query_string({"page": asked, **query})))

    return Pager(fetch, start=start, limit=limit)
