"""A list of 20 among 1,000 tasks, beside the same bytes from memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.bounds import Figure
from benchmarks.processes import Child
from benchmarks.rounds import ratio

from .filling import fill
from .http import AsyncLine, get

_TASKS: Final = 1_000
_AT_ONCE: Final = 8
_EACH: Final = 25
_ROUNDS: Final = 25
_LIST: Final = get("/api/v1/tasks?limit=20")
_MEMORY: Final = get("/api/v1/in-memory")


def measure(_url: str) -> list[Figure]:
    """Requests a second over a few connections, the two routes in turn."""
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, _TASKS)
        with Child("server.serving", str(database)) as server:
            rates = asyncio.run(_rates(int(server.read())))
    note = ", ".join(f"{name} {median(each):.0f} a second" for name, each in rates.items())
    return [Figure("server-list", ratio(rates["list"], rates["memory"]), note)]


async def _rates(port: int) -> dict[str, list[float]]:
    lines = [await AsyncLine.open(port) for _ in range(_AT_ONCE)]
    rates: dict[str, list[float]] = {"list": [], "memory": []}
    for number in range(_ROUNDS + 1):
        for name, request in (("list", _LIST), ("memory", _MEMORY)):
            rate = await _rate(lines, request)
            if number:
                rates[name].append(rate)
    for line in lines:
        line.close()
    return rates


async def _rate(lines: list[AsyncLine], request: bytes) -> float:
    async def asking(line: AsyncLine) -> None:
        for _ in range(_EACH):
            await line.ask(request)

    started = time.perf_counter()
    await asyncio.gather(*(asking(line) for line in lines))
    return len(lines) * _EACH / (time.perf_counter() - started)
