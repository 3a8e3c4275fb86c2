"""How long a process takes that imports the library, or makes its first client, and then ends."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from typing import Final

from .bounds import Figure
from .processes import ROOT, environment

TYPER_MS: Final = 46.0
"""What `import typer` takes, as a whole process, where the limits in ms are meant (docs: README)."""

_ROUNDS: Final = 25
_PROGRAMS: Final = {
    "bare": "pass",
    "typer": "import typer",
    "import": "import coordinaitor_sdk",
    "dependencies": "import httpx; from pydantic import BaseModel",
    "client": ("from coordinaitor_sdk import Coordinaitor; Coordinaitor('http://127.0.0.1:1', api_key='k')"),
}


def measure(_url: str) -> list[Figure]:
    """Medians over pairs of processes that ran one after the other."""
    taken: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for program in _PROGRAMS.values():
        _milliseconds(program)  # writes the byte code
    for _ in range(_ROUNDS):
        for name, program in _PROGRAMS.items():
            taken[name].append(_milliseconds(program))
    slowness = median(taken["typer"]) / TYPER_MS
    note = ", ".join(f"{name} {median(figures):.0f} ms" for name, figures in taken.items())
    return [
        Figure("import", _over(taken["import"], taken["bare"]), note, slowness),
        Figure("first-client", _over(taken["client"], taken["dependencies"]), note, slowness),
    ]


def _over(ours: list[float], theirs: list[float]) -> float:
    return median(one - other for one, other in zip(ours, theirs, strict=True))


def _milliseconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment(), check=True)
    return (time.perf_counter() - started) * 1000
