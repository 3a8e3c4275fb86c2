"""The CPU that async calls take, 50 at once."""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .bounds import Figure
from .rounds import cpu_time, measured, microseconds, ratio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .rounds import Measure

AT_ONCE: Final = 50


def measure(url: str) -> list[Figure]:
    """50 calls of `tasks.get` beside 50 of the bare library: httpx2, or httpx while there is no choice."""
    backend = "httpx2" if _can_choose() else "httpx"
    taken = measured("concurrency", tuple(CONTESTANTS), url, backend, calls=1, rounds=40, starts=3)
    note = f"{microseconds(taken)}, for 50 on {backend}"
    if backend == "httpx":
        note += ": http_backend= is absent"
    return [Figure("at-once", ratio(taken["ours"], taken["bare"]), note)]


def _can_choose() -> bool:
    from coordinaitor_sdk import AsyncCoordinaitor

    return "http_backend" in inspect.signature(AsyncCoordinaitor).parameters


def _ours(url: str, backend: str) -> Measure:
    from coordinaitor_sdk import AsyncCoordinaitor

    choice: dict[str, Any] = {"http_backend": backend} if _can_choose() else {}
    client = AsyncCoordinaitor(url, api_key="k", **choice)
    return _at_once(lambda: client.tasks.get("task-123"))


def _bare(url: str, backend: str) -> Measure:
    client = import_module(backend).AsyncClient()
    task = f"{url}/api/v1/tasks/task-123"

    async def get() -> Any:
        return (await client.get(task, headers={"X-API-Key": "k"})).json()

    return _at_once(get)


def _at_once(get: Callable[[], Awaitable[Any]]) -> Measure:
    runner = asyncio.Runner()

    async def all_of_them() -> None:
        await asyncio.gather(*(get() for _ in range(AT_ONCE)))

    return cpu_time(lambda: runner.run(all_of_them()))


CONTESTANTS: Final[dict[str, Callable[[str, str], Measure]]] = {"ours": _ours, "bare": _bare}
