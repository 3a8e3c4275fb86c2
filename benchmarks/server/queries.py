"""Pages of 50 among 100,000 tasks, as a client gets them."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from benchmarks.bounds import Figure
from benchmarks.processes import Child
from benchmarks.scale import TYPER_MS, typer_milliseconds

from .filling import FREQUENT_TAG, FREQUENT_WORD, RARE_TAG, RARE_WORD, fill
from .http import Line, get
from .timing import asked_milliseconds

TASKS: Final = 100_000
_ROUNDS: Final = 20
_ASKED: Final = 5
_SORTS: Final = ("createdAt", "updatedAt", "priority", "dueDate")
_QUERIES: Final[dict[str, dict[str, str]]] = {
    "list-status": {"completed": "status=completed", "failed": "status=failed"},
    "list-filters": {"all three": "status=completed&priority=high&projectId=proj-456"},
    "list-tags": {
        "frequent": f"tags={FREQUENT_TAG}",
        "rare": f"tags={RARE_TAG}",
        "two": f"tags={FREQUENT_TAG},tag-7",
    },
    "list-sorts": {
        f"{by} {order}": f"sortBy={by}&sortOrder={order}" for by in _SORTS for order in ("asc", "desc")
    },
    "list-deep": {"page 1,000": "page=1000"},
    "list-search": {"rare": f"search={RARE_WORD}", "frequent": f"search={FREQUENT_WORD}"},
}


def measure(_url: str) -> list[Figure]:
    """The slowest query of each kind: its p95, over all rounds."""
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, TASKS)
        with Child("server.serving", str(database)) as server, Line(int(server.read())) as line:
            taken, typer = _rounds(line)
    scale = TYPER_MS / median(typer)
    return [_figure(name, taken, scale) for name in _QUERIES]


def _rounds(line: Line) -> tuple[dict[tuple[str, str], list[float]], list[float]]:
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    typer: list[float] = []
    for number in range(_ROUNDS + 1):
        typer.append(typer_milliseconds())
        for name, queries in _QUERIES.items():
            for kind, query in queries.items():
                request = get(f"/api/v1/tasks?limit=50&{query}")
                times = [asked_milliseconds(line, request) for _ in range(_ASKED)]
                if number:  # the first round fills caches
                    taken[name, kind] += times
    return taken, typer


def _figure(name: str, taken: dict[tuple[str, str], list[float]], scale: float) -> Figure:
    kinds = {kind: taken[name, kind] for kind in _QUERIES[name]}
    p95 = {kind: quantiles(times, n=20)[-1] for kind, times in kinds.items()}
    told = (f"{kind} {p95[kind]:.1f} ms (median {median(kinds[kind]):.1f})" for kind in kinds)
    return Figure(name, max(p95.values()) * scale, f"p95 as they were: {', '.join(told)}; scale {scale:.2f}")
