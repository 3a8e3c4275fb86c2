"""What 5,000 watches hold, over a client that has made a call and watches nothing.

python -m benchmarks.watching.memory KIND URL
"""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, Final

from benchmarks.bounds import Figure
from benchmarks.memory import in_use
from benchmarks.processes import Child
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor

from .asking import frame_server
from .frames import task_id

if TYPE_CHECKING:
    from collections.abc import Callable

_WATCHES: Final = 5_000
_AT_ONCE: Final = 100


def measure(_url: str) -> list[Figure]:
    """Each has read its first update; the worse of both clients counts. What watching loads is in it."""
    with frame_server(_WATCHES) as url:
        grown: dict[str, float] = {}
        for kind in _KINDS:
            with Child("watching.memory", kind, url) as worker:
                grown[kind] = float(worker.read())
    note = ", ".join(f"{name} {megabytes:.1f} MB" for name, megabytes in grown.items())
    return [Figure("watch-memory", max(grown.values()), note)]


def _settled() -> int:
    gc.collect()
    return in_use()


async def _async(url: str) -> float:
    async with AsyncCoordinaitor(url, api_key="k") as client:
        await client.tasks.get(task_id(0))
        before = _settled()
        watches = [client.tasks.watch(task_id(number)) for number in range(_WATCHES)]
        for first in range(0, _WATCHES, _AT_ONCE):
            await asyncio.gather(*(anext(watch) for watch in watches[first : first + _AT_ONCE]))
        return (_settled() - before) / 1e6


def _sync(url: str) -> float:
    with Coordinaitor(url, api_key="k") as client:
        client.tasks.get(task_id(0))
        before = _settled()
        watches = [client.tasks.watch(task_id(number)) for number in range(_WATCHES)]
        for watch in watches:
            next(watch)
        return (_settled() - before) / 1e6


_KINDS: Final[dict[str, Callable[[str], float]]] = {
    "async": lambda url: asyncio.run(_async(url)),
    "sync": _sync,
}

if __name__ == "__main__":
    print(_KINDS[sys.argv[1]](sys.argv[2]), flush=True)
