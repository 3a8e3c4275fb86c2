"""What 100,000 watches opened and closed, and 10,000 reconnects, leave behind: nothing.

python -m benchmarks.watching.churn KIND URL COUNT
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import threading
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.bounds import Figure
from benchmarks.memory import in_use
from benchmarks.processes import Child
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor

from .asking import control, frame_server
from .frames import task_id

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTS: Final = {"async": 100_000, "sync": 100_000, "reconnects": 10_000}
_TASKS: Final = 1_000
_FOLLOWED: Final = 50
_SETTLE: Final = 2.5
_QUIET: Final = 3_600.0


def measure(_url: str) -> list[Figure]:
    """Of the watches most are of tasks that another watch follows, one in twenty is of a task by itself."""
    found: dict[str, dict[str, float]] = {}
    for kind, count in _COUNTS.items():
        with frame_server(_TASKS) as url, Child("watching.churn", kind, url, str(count)) as worker:
            found[kind] = json.loads(worker.read())
    counts = ", ".join(f"{count:,} {kind}" for kind, count in _COUNTS.items())
    left = {kind: sum(n for name, n in held.items() if name != "MB") for kind, held in found.items()}
    grown = {kind: held["MB"] for kind, held in found.items()}
    return [
        Figure("watch-left", max(left.values()), json.dumps(found)),
        Figure("watch-grown", max(grown.values()), f"after {counts}"),
    ]


def _held() -> dict[str, float]:
    """What this process has, and what the client's registries hold."""
    gc.collect()
    sockets = [path for path in Path("/dev/fd").iterdir() if _is_socket(path)]
    return {
        "registered": _registered(),
        "threads": threading.active_count(),
        "sockets": len(sockets),
        "tasks": sum(isinstance(one, asyncio.Task) and not one.done() for one in gc.get_objects()),
        "MB": in_use() / 1e6,
    }


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        return False


def _registered() -> int:
    """The objects behind watches, and the entries in all of their containers."""
    behind = [one for one in gc.get_objects() if type(one).__module__.startswith("coordinaitor_sdk._watch")]
    return sum(1 + sum(len(held) for held in _attributes(one) if isinstance(held, Sized)) for one in behind)


def _attributes(one: object) -> list[Any]:
    slots = [name for cls in type(one).__mro__ for name in getattr(cls, "__slots__", ())]
    return [*(getattr(one, name, None) for name in slots), *getattr(one, "__dict__", {}).values()]


def _grown(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: round(after[name] - before[name], 3) for name in before}


async def _async(url: str, count: int) -> dict[str, float]:
    async with AsyncCoordinaitor(url, api_key="k") as client:
        followed = [client.tasks.watch(task_id(n), check_interval=_QUIET) for n in range(_FOLLOWED)]
        await asyncio.gather(*(anext(watch) for watch in followed))

        async def churn(watches: int) -> None:
            for number in range(watches):
                alone = number % 20 == 0
                watched = task_id(_FOLLOWED + number % 900 if alone else number % _FOLLOWED)
                watch = client.tasks.watch(watched, check_interval=_QUIET)
                await anext(watch)
                watch.close()
            await asyncio.sleep(_SETTLE)

        await churn(count // 10)
        before = _held()
        await churn(count)
        return _grown(before, _held())


def _sync(url: str, count: int) -> dict[str, float]:
    with Coordinaitor(url, api_key="k") as client:
        followed = [client.tasks.watch(task_id(n), check_interval=_QUIET) for n in range(_FOLLOWED)]
        for watch in followed:
            next(watch)

        def churn(watches: int) -> None:
            for number in range(watches):
                alone = number % 20 == 0
                watched = task_id(_FOLLOWED + number % 900 if alone else number % _FOLLOWED)
                watch = client.tasks.watch(watched, check_interval=_QUIET)
                next(watch)
                watch.close()
            threading.Event().wait(_SETTLE)

        churn(count // 10)
        before = _held()
        churn(count)
        return _grown(before, _held())


async def _reconnects(url: str, count: int) -> dict[str, float]:
    random.random = lambda: 0.0  # type: ignore[method-assign] # no waits between connections
    async with AsyncCoordinaitor(url, api_key="k") as client:
        watch = client.tasks.watch(task_id(0), check_interval=_QUIET)
        await anext(watch)

        async def reconnect(times: int) -> None:
            await asyncio.to_thread(control, url, "counts")
            control(url, "flaky", "yes")
            control(url, "drop")
            opened = 0
            while opened < times:
                await asyncio.sleep(0.2)
                opened += (await asyncio.to_thread(control, url, "counts"))["opened"]
            control(url, "flaky", "no")
            await asyncio.sleep(_SETTLE)

        await reconnect(count // 10)
        before = _held()
        await reconnect(count)
        return _grown(before, _held())


_KINDS: Final[dict[str, Callable[[str, int], dict[str, float]]]] = {
    "async": lambda url, count: asyncio.run(_async(url, count)),
    "sync": _sync,
    "reconnects": lambda url, count: asyncio.run(_reconnects(url, count)),
}

if __name__ == "__main__":
    print(json.dumps(_KINDS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))), flush=True)
