"""How much faster a list is read when its pages are fetched ahead."""

from __future__ import annotations

import inspect
import time
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from .bounds import Figure
from .rounds import measured, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rounds import Measure

_PAGES: Final = 100
_AHEAD: Final = 8


def measure(url: str) -> list[Figure]:
    """100 pages, each of which the server holds back for 20 ms; wall time."""
    from coordinaitor_sdk import Coordinaitor

    if "prefetch" not in inspect.signature(Coordinaitor(url, api_key="k").tasks.list).parameters:
        return [Figure("prefetch", None, "tasks.list takes no prefetch=")]
    taken = measured("prefetch", tuple(CONTESTANTS), url, calls=1, rounds=5)
    note = ", ".join(f"{name} {median(seconds):.2f} s" for name, seconds in taken.items())
    return [Figure("prefetch", ratio(taken["one by one"], taken["ahead"]), note)]


def _reading(url: str, options: dict[str, Any]) -> Measure:
    from coordinaitor_sdk import Coordinaitor

    client = Coordinaitor(url, api_key="k", api_prefix=f"/{_PAGES}-pages/20-ms/api/v1")

    def seconds(_calls: int) -> float:
        started = time.perf_counter()
        count = sum(1 for _task in client.tasks.list(limit=100, **options))
        assert count == _PAGES * 100
        return time.perf_counter() - started

    return seconds


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {
    "one by one": lambda url: _reading(url, {}),
    "ahead": lambda url: _reading(url, {"prefetch": _AHEAD}),
}
