"""Whole processes of the terminal client, beside processes that import what it is made of."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from coordinaitor_sdk import Tokens
from coordinaitor_sdk.profiles import Profile

from .bounds import Figure
from .processes import ROOT, environment
from .rounds import ratio

_ROUNDS: Final = 25
_COMMAND: Final = str(Path(sys.executable).with_name("coordinaitor"))
_PROGRAMS: Final = {
    "bare": (sys.executable, "-c", "pass"),
    "typer": (sys.executable, "-c", "import typer"),
    "dependencies": (sys.executable, "-c", "import typer, httpx; from pydantic import BaseModel"),
    "version": (_COMMAND, "--version"),
    "help": (_COMMAND, "--help"),
    "tab": (_COMMAND, "__complete", "bash", "tasks", "get", ""),
    "list": (_COMMAND, "tasks", "list", "-o", "json"),
}
_AGAINST: Final = {"version": "bare", "help": "typer", "tab": "typer", "list": "dependencies"}


def measure(url: str) -> list[Figure]:
    """Medians of the rounds' ratios of wall time, from the start of a process to its end."""
    taken: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        _log_in(Path(folder), url)
        for number in range(_ROUNDS + 1):
            for name, program in _PROGRAMS.items():
                seconds = _seconds(program, folder)
                if number:  # the first round writes the byte code
                    taken[name].append(seconds)
    note = "as they were: " + ", ".join(
        f"{name} {median(each) * 1000:.0f} ms" for name, each in taken.items()
    )
    return [Figure(f"cli-{name}", ratio(taken[name], taken[base]), note) for name, base in _AGAINST.items()]


def _log_in(folder: Path, url: str) -> None:
    """A session in a file, with an access token that is good for longer than the benchmark takes."""
    profile = Profile(directory=folder)
    tokens = Tokens("access", "refresh", expires_at=time.time() + 3600, lifetime=3600)
    profile.save_tokens(tokens, base_url=url, email="me@example.com")
    profile.save_settings(base_url=url, api_prefix="/api/v1")


def _seconds(program: tuple[str, ...], folder: str) -> float:
    variables = environment() | {"COORDINAITOR_CONFIG_DIR": folder}
    started = time.perf_counter()
    nowhere = subprocess.DEVNULL
    subprocess.run(program, cwd=ROOT, env=variables, stdout=nowhere, stderr=nowhere, check=True)
    return time.perf_counter() - started
