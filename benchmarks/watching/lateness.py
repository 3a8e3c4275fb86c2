"""How late a consumer has a push, beside a raw socket that is sent the same one."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from benchmarks.bounds import Figure
from benchmarks.processes import Child
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor

from .asking import control, frame_server
from .frames import task_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rounds import Measure

_RATE: Final = 200
_EVENTS: Final = 1_000
_ROUNDS: Final = 3


def measure(_url: str) -> list[Figure]:
    """All are sent each push at the same moment; the worse of both clients counts."""
    found: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    with frame_server(1) as url, ExitStack() as stack:
        workers = {
            name: stack.enter_context(Child("worker", "watching.lateness", name, url)) for name in CONTESTANTS
        }
        for _ in range(_ROUNDS):
            for name, late in _round(url, workers).items():
                found[name].append(late)
    p99 = {name: median(late) for name, late in found.items()}
    note = ", ".join(f"{name} {late:.2f} ms" for name, late in p99.items())
    return [Figure("watch-late", max(p99["async"], p99["sync"]) - p99["raw"], f"p99: {note}")]


def _round(url: str, workers: dict[str, Child]) -> dict[str, float]:
    with ThreadPoolExecutor(len(workers)) as threads:
        asked = {name: threads.submit(worker.ask, str(_EVENTS)) for name, worker in workers.items()}
        while control(url, "counts")["sockets"] < len(workers):
            time.sleep(0.1)
        time.sleep(1.5)
        control(url, "rate", _EVENTS, _RATE)
        return {name: float(answer.result()) for name, answer in asked.items()}


def _p99(late: list[float]) -> float:
    return quantiles(late, n=100)[-1] * 1000


def _raw(url: str) -> Measure:
    from websockets.asyncio.client import connect

    async def receive(events: int) -> float:
        late: list[float] = []
        async with connect(f"{url.replace('http', 'ws', 1)}/ws", compression=None) as socket:
            await socket.recv()  # ready
            for _ in range(events):
                sent = json.loads(await socket.recv())["data"]["sent"]
                late.append(time.monotonic() - sent)
        return _p99(late)

    return lambda events: asyncio.run(receive(events))


def _async(url: str) -> Measure:
    async def receive(events: int) -> float:
        late: list[float] = []
        async with AsyncCoordinaitor(url, api_key="k") as client:
            watch = client.tasks.watch(task_id(0), conflate=False)
            await anext(watch)
            while len(late) < events:
                update = await anext(watch)
                if update.source == "push":
                    late.append(time.monotonic() - update.task["sent"])  # type: ignore[index]
        return _p99(late)

    return lambda events: asyncio.run(receive(events))


def _sync(url: str) -> Measure:
    def receive(events: int) -> float:
        late: list[float] = []
        with Coordinaitor(url, api_key="k") as client:
            watch = client.tasks.watch(task_id(0), conflate=False)
            next(watch)
            while len(late) < events:
                update = next(watch)
                if update.source == "push":
                    late.append(time.monotonic() - update.task["sent"])  # type: ignore[index]
        return _p99(late)

    return receive


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {"raw": _raw, "async": _async, "sync": _sync}
