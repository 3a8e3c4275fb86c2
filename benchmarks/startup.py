"""How long a process takes that imports the library, or makes its first client, and then ends."""

from __future__ import annotations

from statistics import median
from typing import Final

from .bounds import Figure
from .scale import TYPER_MS, milliseconds

_ROUNDS: Final = 25
_PROGRAMS: Final = {
    "bare": "pass",
    "typer": "import typer",
    "import": "import coordinaitor_sdk",
    "dependencies": "import httpx; from pydantic import BaseModel",
    "client": ("from coordinaitor_sdk import Coordinaitor; Coordinaitor('http://127.0.0.1:1', api_key='k')"),
}


def measure(_url: str) -> list[Figure]:
    """Medians over rounds; in each, `import typer` tells how slow the machine is just then."""
    taken: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for program in _PROGRAMS.values():
        milliseconds(program)  # writes the byte code
    for _ in range(_ROUNDS):
        for name, program in _PROGRAMS.items():
            taken[name].append(milliseconds(program))
    note = "as they were: " + ", ".join(f"{name} {median(each):.0f} ms" for name, each in taken.items())
    return [
        Figure("import", _over("bare", "import", taken), note),
        Figure("first-client", _over("dependencies", "client", taken), note),
    ]


def _over(base: str, program: str, taken: dict[str, list[float]]) -> float:
    """How much longer `program` takes than `base`, in ms of the machine that the limits are meant for."""
    rounds = zip(taken[program], taken[base], taken["typer"], strict=True)
    return median((ours - theirs) / typer * TYPER_MS for ours, theirs, typer in rounds)
