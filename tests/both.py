"""One test for both clients: a sync client, asked from threads, that is awaited like the async one."""

import asyncio
import inspect
from typing import Any

from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, EventFeed, Pager
from coordinaitor_sdk._watch.blocking import Watch

KINDS = ("async", "sync", "async on httpx2", "sync on httpx2")

PLAIN = {
    "as_completed", "events", "list", "monitor", "notifications", "pages", "tasks", "watch", "watch_all",
    "watch_many", "with_options",
}  # fmt: skip

_END = object()


class Awaited:
    """Wraps a sync object: its methods are awaited, its iterators iterated with `async for`."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._wrapped, name)
        if type(value).__module__.startswith("coordinaitor_sdk._sync"):
            return Awaited(value)
        if not callable(value):
            return value
        # What only prepares is plain in both clients.
        is_raw = type(self._wrapped).__name__.startswith("Raw")
        closes = name == "close" and isinstance(self._wrapped, (EventFeed, Watch))
        if (name in PLAIN and not is_raw) or closes:
            return lambda *args, **kwargs: _wrapped(value(*args, **kwargs))
        return lambda *args, **kwargs: _in_thread(value, *args, **kwargs)

    def __await__(self):
        return _in_thread(self._wrapped.first_page).__await__()

    async def __aiter__(self):
        iterator = iter(self._wrapped)
        while (item := await _in_thread(next, iterator, _END)) is not _END:
            yield item

    async def __aenter__(self):
        await _in_thread(self._wrapped.__enter__)
        return self

    async def __aexit__(self, *exc_info):
        await _in_thread(self._wrapped.__exit__, *exc_info)


def _wrapped(value: Any) -> Any:
    is_ours = isinstance(value, (Coordinaitor, EventFeed, Pager, Watch)) or inspect.isgenerator(value)
    return Awaited(value) if is_ours else value


async def _in_thread(function: Any, *args: Any, **kwargs: Any) -> Any:
    # A StopIteration can't be raised into a future, so `next` gets a default.
    return await asyncio.to_thread(function, *args, **kwargs)


def client(kind: str, *args: Any, **kwargs: Any) -> Any:
    """A client of this kind (one of `KINDS`), to be used as the async one."""
    if kind.endswith("httpx2"):
        kwargs.setdefault("http_backend", "httpx2")
    is_async = kind.startswith("async")
    return AsyncCoordinaitor(*args, **kwargs) if is_async else Awaited(Coordinaitor(*args, **kwargs))
