"""Creations from 64 clients: how many a second, what reads take meanwhile, what a SIGKILL loses."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from benchmarks.bounds import Figure
from benchmarks.processes import Child
from benchmarks.scale import TYPER_MS, typer_milliseconds
from coordinaitor_sdk.server.store import tables
from coordinaitor_sdk.server.store.engine import connect, open_engine

from .filling import fill
from .http import AsyncLine, Line, get, send

if TYPE_CHECKING:
    from collections.abc import Callable

_TASKS: Final = 1_000
_CLIENTS: Final = 64
_SECONDS: Final = 6.0
_PACE: Final = 1_000.0
"""Creations a second while reads are timed, on the machine that the limits are meant for."""

_CREATE: Final = send("POST", "/api/v1/tasks", {"title": "Written in a benchmark", "tags": ["benchmark"]})
_READ: Final = get("/api/v1/tasks?limit=20")
_TYPER_RUNS: Final = 7


def measure(_url: str) -> list[Figure]:
    """As fast as it goes, then at the pace asked for, then into a SIGKILL."""
    typer = [typer_milliseconds() for _ in range(_TYPER_RUNS)]
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, _TASKS)
        with Child("server.serving", str(database)) as server:
            port = int(server.read())
            created, seconds = asyncio.run(_saturated(port))
            scale = TYPER_MS / median(typer)
            reads = asyncio.run(_reads_beside(port, _PACE * scale))
            killed = asyncio.run(_until_killed(port, server.kill))
        lost = _lost(database, created + killed)
    typer += [typer_milliseconds() for _ in range(_TYPER_RUNS)]
    scale = TYPER_MS / median(typer)
    p95 = quantiles(reads, n=20)[-1]
    rate = len(created) / seconds
    return [
        Figure("server-writes", rate / scale, f"{rate:.0f} a second as it was; scale {scale:.2f}"),
        Figure(
            "server-reads",
            p95 * scale,
            f"p95 {p95:.1f} ms, median {median(reads):.1f} ms as they were; scale {scale:.2f}",
        ),
        Figure(
            "server-lost",
            lost,
            f"of {len(created) + len(killed)} that were answered, {len(killed)} at the end",
        ),
    ]


async def _saturated(port: int) -> tuple[list[str], float]:
    started = time.perf_counter()
    created = await _create(port, lambda: time.perf_counter() - started < _SECONDS)
    return created, time.perf_counter() - started


async def _create(port: int, going_on: Callable[[], bool], pause: float = 0.0) -> list[str]:
    """The ids that 64 clients were told; each sends its next request after the answer, `pause` apart."""
    created: list[str] = []

    async def creating(number: int) -> None:
        line = await AsyncLine.open(port)
        due = time.perf_counter() + pause * number / _CLIENTS
        while going_on():
            await asyncio.sleep(max(0.0, due - time.perf_counter()) if pause else 0.0)
            due += pause
            try:
                created.append(json.loads(await line.ask(_CREATE))["data"]["id"])
            except (ConnectionError, asyncio.IncompleteReadError):
                return
        line.close()

    await asyncio.gather(*(creating(number) for number in range(_CLIENTS)))
    return created


async def _reads_beside(port: int, pace: float) -> list[float]:
    """Milliseconds of reads by another thread while tasks are created at this pace."""
    started = time.perf_counter()
    creating = asyncio.create_task(
        _create(port, lambda: time.perf_counter() - started < _SECONDS, _CLIENTS / pace)
    )
    reads = await asyncio.to_thread(_reads, port, started + _SECONDS)
    await creating
    return reads


def _reads(port: int, until: float) -> list[float]:
    times: list[float] = []
    time.sleep(0.5)
    with Line(port) as line:
        while (began := time.perf_counter()) < until:
            line.ask(_READ)
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)
    return times


async def _until_killed(port: int, kill: Callable[[], None]) -> list[str]:
    creating = asyncio.create_task(_create(port, lambda: True))
    await asyncio.sleep(1.0)
    kill()
    return await creating


def _lost(database: Path, answered: list[str]) -> int:
    """How many of the tasks that were answered, and of their events, are not there after another start."""
    with Child("server.serving", str(database)) as server, Line(int(server.read())) as line:
        there = set[str]()
        page = 0
        while True:
            page += 1
            found = json.loads(line.ask(get(f"/api/v1/tasks?limit=100&page={page}")))
            there |= {task["id"] for task in found["data"]}
            if not found["pagination"]["hasNext"]:
                break
    engine = open_engine(database)
    with connect(engine) as connection:
        told = {
            row[0]
            for row in connection.execute(
                select(tables.events.c.subject).where(tables.events.c.name == "task.created")
            )
        }
    engine.dispose()
    return sum((task not in there) + (task not in told) for task in answered)
