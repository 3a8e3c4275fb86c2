"""Worlds of 1,000 tasks: kept, put back after every task was deleted, and forked; and one that is new."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

from benchmarks.bounds import Figure
from benchmarks.processes import Child
from benchmarks.scale import TYPER_MS, typer_milliseconds

from .filling import fill
from .http import Line, send
from .timing import asked_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

_TASKS: Final = 1_000
_ROUNDS: Final = 20
_TYPER_RUNS: Final = 7
_WORLDS: Final = "/_control/worlds"


def measure(_url: str) -> list[Figure]:
    """Over HTTP, one after the other; tasks come with their tags, history, events and search text."""
    typer = [typer_milliseconds() for _ in range(_TYPER_RUNS)]
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, _TASKS)
        with Child("server.serving", str(database)) as server, Line(int(server.read())) as line:
            taken = _rounds(line)
    typer += [typer_milliseconds() for _ in range(_TYPER_RUNS)]
    scale = TYPER_MS / median(typer)
    return [
        Figure(
            f"world-{name}",
            median(times) * scale,
            f"median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms as they were; "
            f"scale {scale:.2f}",
        )
        for name, times in taken.items()
    ]


def _rounds(line: Line) -> dict[str, list[float]]:
    world = _filled(line)
    taken: dict[str, list[float]] = {"new": [], "snapshot": [], "restore": [], "fork": []}
    _control(line, "POST", f"/{world}/restore", {"snapshot": "none"})
    for number in range(_ROUNDS + 1):
        times = {
            "new": _made_milliseconds(line, "", {"seed": "demo"}),
            "restore": _milliseconds(line, f"/{world}/restore", {"snapshot": "full"}),
            "snapshot": _milliseconds(line, f"/{world}/snapshots", {"name": "again"}),
            "fork": _made_milliseconds(line, f"/{world}/fork", {}),
        }
        _control(line, "DELETE", f"/{world}/snapshots/again", {})
        _control(line, "POST", f"/{world}/restore", {"snapshot": "none"})
        if number:
            for name, each in times.items():
                taken[name].append(each)
    return taken


def _filled(line: Line) -> str:
    """A world with snapshots `full`, of 1,000 tasks, and `none`, after they were deleted."""
    made = _control(line, "POST", "", {"seed": "demo"})
    world, key = made["world"], made["apiKey"]
    created = [
        json.loads(line.ask(send("POST", "/api/v1/tasks", _task(number), key)))["data"]["id"]
        for number in range(_TASKS)
    ]
    _control(line, "POST", f"/{world}/snapshots", {"name": "full"})
    for task in created:
        line.ask(send("DELETE", f"/api/v1/tasks/{task}", {}, key))
    _control(line, "POST", f"/{world}/snapshots", {"name": "none"})
    return str(world)


def _task(number: int) -> dict[str, Any]:
    return {
        "title": f"Task {number} of a world that is measured",
        "description": f"What is to be done in number {number}, in a sentence or two, to be found again.",
        "tags": ["benchmark", f"tag-{number % 40}"],
        "projectId": "proj-123",
    }


def _control(line: Line, method: str, path: str, body: Mapping[str, Any]) -> Any:
    answer = line.ask(send(method, _WORLDS + path, body))
    return json.loads(answer) if answer else None


def _milliseconds(line: Line, path: str, body: Mapping[str, Any]) -> float:
    return asked_milliseconds(line, send("POST", _WORLDS + path, body))


def _made_milliseconds(line: Line, path: str, body: Mapping[str, Any]) -> float:
    """Of a world that is then deleted."""
    before = {world["world"] for world in _listed(line)}
    taken = _milliseconds(line, path, body)
    for world in _listed(line):
        if world["world"] not in before:
            _control(line, "DELETE", f"/{world['world']}", {})
    return taken


def _listed(line: Line) -> Any:
    return _control(line, "GET", "", {})["worlds"]
