"""How many requests it takes to know again where all watched tasks are."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from benchmarks.bounds import Figure
from coordinaitor_sdk import AsyncCoordinaitor

from .asking import control, frame_server
from .frames import task_id

_TASKS: Final = 20_000
_WATCHES: Final = 5_000
_CHANGED: Final = 200
_QUIET: Final = 3_600.0
_PATIENCE: Final = 60.0
_SETTLE: Final = 3.0


def measure(_url: str) -> list[Figure]:
    """The connection goes, 200 of the watched tasks change, and the server can't resume what comes back."""
    with frame_server(_TASKS) as url:
        requests, first, seconds, told = asyncio.run(_resynced(url))
    note = f"{told} of {_CHANGED} changes were told within {seconds:.1f} s; the first sights took {first:,}"
    return [Figure("watch-resync", requests if told == _CHANGED else None, note)]


async def _resynced(url: str) -> tuple[int, int, float, int]:
    async with AsyncCoordinaitor(url, api_key="k") as client:
        ids = [task_id(number) for number in range(_WATCHES)]
        watch = client.tasks.watch_many(ids, check_interval=_QUIET)
        for _ in ids:
            await anext(watch)
        await asyncio.sleep(_SETTLE)
        first = control(url, "counts")["requests"]
        control(url, "change", _CHANGED)
        control(url, "drop")
        started = last = time.monotonic()
        told: set[str] = set()
        while len(told) < _CHANGED and time.monotonic() - started < _PATIENCE:
            try:
                async with asyncio.timeout(_PATIENCE):
                    told.add((await anext(watch)).task_id)
            except TimeoutError:
                break
            last = time.monotonic()
        await asyncio.sleep(_SETTLE)  # what is asked beyond it counts too
        return control(url, "counts")["requests"], first, last - started, len(told)
