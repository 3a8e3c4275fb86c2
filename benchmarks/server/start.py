"""From the command to the first answer, beside a process that imports what the server is made of."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.bounds import Figure
from benchmarks.processes import ROOT, environment
from benchmarks.rounds import ratio
from benchmarks.scale import milliseconds

from .filling import fill
from .http import Line, get

_ROUNDS: Final = 15
_TASKS: Final = 1_000
_COMMAND: Final = "from coordinaitor_cli.boot import main; raise SystemExit(main())"
_IMPORTS: Final = "import fastapi, uvicorn, sqlalchemy"
_HEALTH: Final = get("/api/v1/system/health")


def measure(_url: str) -> list[Figure]:
    """`coordinaitor server start` on a database that exists, until it has answered a request."""
    taken: dict[str, list[float]] = {"start": [], "imports": []}
    with tempfile.TemporaryDirectory(prefix="coordinaitor-bench-") as folder:
        database = Path(folder) / "server.db"
        fill(database, _TASKS)
        for number in range(_ROUNDS + 1):
            start, imports = _start_milliseconds(database), milliseconds(_IMPORTS)
            if number:  # the first round writes the byte code
                taken["start"].append(start)
                taken["imports"].append(imports)
    note = "as they were: " + ", ".join(f"{name} {median(each):.0f} ms" for name, each in taken.items())
    return [Figure("server-start", ratio(taken["start"], taken["imports"]), note)]


def _start_milliseconds(database: Path) -> float:
    port = _free_port()
    options = ("--port", str(port), "--database", str(database))
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "server", "start", *options],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with _connected(port, process) as line:
            line.ask(_HEALTH)
        return (time.perf_counter() - started) * 1000
    finally:
        process.terminate()
        process.wait()


def _connected(port: int, process: subprocess.Popen[bytes]) -> Line:
    while True:
        try:
            return Line(port)
        except ConnectionRefusedError:
            if process.poll() is not None:
                raise RuntimeError("the server has ended at its start") from None
            time.sleep(0.001)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
