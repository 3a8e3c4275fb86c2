"""Iterating over lists that come in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._core.pages import PageWalk
from .._core.request import Call, check_count, check_prefetch, query_string
from .._core.response import WHOLE
from .._core.tables import data_frame
from .._runtime.aio import FirstPageAccess, run_ahead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    import pandas as pd

    from .._core.http import HttpResponse
    from .._core.options import CallOptions
    from .._core.response import Cast
    from ..models.common import Page
    from .caller import AsyncCaller

T = TypeVar("T")


class AsyncPager(FirstPageAccess[T], Generic[T]):
    """A list of the API, fetched page by page as it is read.

    Iterating yields every item once, whatever is inserted meanwhile; `pages()` yields the pages.
    Each iteration starts anew.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        ask: Callable[[int], Awaitable[HttpResponse]],
        cast: Cast[Page[T]],
        *,
        start: int = 1,
        limit: int | None = None,
        prefetch: int = 0,
    ) -> None:
        self._fetch = fetch
        self._ask = ask
        self._cast = cast
        self._start = start
        self._limit = limit
        self._prefetch = prefetch

    def __repr__(self) -> str:
        return f"<{type(self).__name__} from page {self._start}>"

    async def __aiter__(self) -> AsyncIterator[T]:
        """Every item once, in the server's order.

        Raises:
            CoordinaitorError: a page could not be fetched; see `coordinaitor_sdk.exceptions`.
        """
        async for page in self.pages():
            for item in page.data:
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Each page as the server sent it, less the items that an earlier page held already.

        A page's `pagination.page` is where `page=` takes the list up again.
        """
        walk: PageWalk[T] = PageWalk(start=self._start, limit=self._limit)
        yield walk.taken(await self._fetch(walk.page))
        if self._prefetch and not walk.ended:
            # Read here: threads that read and threads that wait for the network would keep each other up.
            async for answer in run_ahead(self._ask, walk.page, self._prefetch, lambda: walk.last):
                yield walk.taken(self._cast.read(answer))
                if walk.ended:
                    break
        while not walk.ended:
            yield walk.taken(await self._fetch(walk.page))

    async def first_page(self) -> Page[T]:
        """The first page: `.data` and `.pagination`."""
        return await self._fetch(self._start)

    async def collect(self, *, max_items: int | None = None) -> list[T]:
        """The items as a list.

        Args:
            max_items: stop after so many; None takes all.
        """
        items: list[T] = []
        async for page in self.pages():
            items.extend(page.data)
            if max_items is not None and len(items) >= max_items:
                break
        return items[:max_items]

    async def to_dataframe(self, *, max_items: int | None = None) -> pd.DataFrame:
        """The items as a pandas DataFrame (extra `[pandas]`): a row each, a column for each field.

        Args:
            max_items: stop after so many; None takes all.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return data_frame(await self.collect(max_items=max_items), self._cast.model)


def paged(
    caller: AsyncCaller,
    path: str,
    cast: Cast[Page[T]],
    *,
    page: int | None,
    limit: int | None,
    params: Mapping[str, Any],
    prefetch: int,
    options: CallOptions,
) -> AsyncPager[T]:
    """The list at `path`. Its first page is asked for without `page`, unless one is named: not every list of
    the document takes that parameter.

    Raises:
        InvalidArgumentError: `page`, `limit` or `prefetch` can't be meant.
    """
    start = check_count("page", page) or 1
    query = {"limit": check_count("limit", limit), **params}
    settings = caller.settings_for(Call("GET", path, cast), options)

    def query_of(number: int) -> str:
        asked = number if number > 1 or page is not None else None
        return query_string({"page": asked, **query})

    async def fetch(number: int) -> Page[T]:
        return await caller.call_under(settings, Call("GET", path, cast, query=query_of(number)))

    async def ask(number: int) -> HttpResponse:
        return await caller.call_under(settings, Call("GET", path, WHOLE, query=query_of(number)))

    return AsyncPager(fetch, ask, cast, start=start, limit=limit, prefetch=check_prefetch(prefetch))
