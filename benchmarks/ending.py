"""How soon the terminal client ends: at Ctrl-C, and when whoever reads its output has gone."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from .bounds import Figure
from .processes import ROOT, environment

_ROUNDS: Final = 5
_COMMAND: Final = str(Path(sys.executable).with_name("coordinaitor"))
_WAITING: Final = {
    "list": ("tasks", "list"),
    "watch": ("tasks", "watch", "task-123"),
    "wait": ("tasks", "wait", "task-123"),
    "logs": ("system", "logs", "--follow"),
    "bulk": ("tasks", "cancel", "task-1", "task-2", "task-3"),
}


def measure(url: str) -> list[Figure]:
    """The slowest of the commands, of each the median of some rounds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = {
            name: median(_interrupted(silent, command) for _ in range(_ROUNDS))
            for name, command in _WAITING.items()
        }
    piped = median(_left(url) for _ in range(_ROUNDS))
    note = ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in told.items())
    return [
        Figure("cli-interrupt", max(told.values()), note),
        Figure("cli-pipe", piped, "a list of 2,000 tasks, whose reader goes after the first line"),
    ]


def _started(url: str, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    variables = environment() | {"COORDINAITOR_BASE_URL": url, "COORDINAITOR_API_KEY": "ak_bench"}
    pipe = subprocess.PIPE
    return subprocess.Popen([_COMMAND, *command], cwd=ROOT, env=variables, stdout=pipe, stderr=pipe)


def _interrupted(silent: socket.socket, command: tuple[str, ...]) -> float:
    """Milliseconds from the signal, while a request waits for its answer, to the end of the process."""
    process = _started(f"http://127.0.0.1:{silent.getsockname()[1]}", command)
    taken, _ = silent.accept()
    with taken:
        taken.recv(1)
        time.sleep(0.2)  # all that it begins beside the request is begun
        return _ended(process, signalled=True, code=130)


def _left(url: str) -> float:
    """Milliseconds from the pipe's end to that of the process, which goes on writing."""
    process = _started(url, ("tasks", "list", "-o", "jsonl", "--limit", "2000"))
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return _ended(process, signalled=False, code=141)


def _ended(process: subprocess.Popen[bytes], *, signalled: bool, code: int) -> float:
    started = time.perf_counter()
    if signalled:
        process.send_signal(signal.SIGINT)
    found = process.wait(30)
    taken = (time.perf_counter() - started) * 1000
    assert process.stderr is not None
    said = process.stderr.read()
    for stream in (process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            stream.close()
    if (found, said) != (code, b""):
        raise RuntimeError(f"{process.args} ended with {found}, not {code}: {said!r}")
    return taken
