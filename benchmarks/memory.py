"""The memory that a process grows by while it reads or sends much more than that."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .bounds import Figure
from .rounds import measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rounds import Measure

_TASKS: Final = 100_000
_UPLOAD: Final = 1_000_000_000
_STATUS: Final = Path("/proc/self/status")


def measure(url: str) -> list[Figure]:
    """How much the peak lies above what was in use once the first page, or a small file, was through."""
    return [
        Figure(name, max(measured("memory", (name,), url, calls=1, rounds=1)[name]), note)
        for name, note in (
            ("iterate", "1,000 pages, over the first of them"),
            ("upload", "a sparse file, over a small one"),
        )
    ]


def _iterate(url: str) -> Measure:
    from coordinaitor_sdk import Coordinaitor

    client = Coordinaitor(url, api_key="k", api_prefix=f"/{_TASKS // 100}-pages/0-ms/api/v1")

    def grown(_calls: int) -> float:
        count, before = 0, 0
        for _task in client.tasks.list(limit=100):
            count += 1
            if count == 100:
                before = in_use()
        assert count == _TASKS
        return (peak() - before) / 1e6

    return grown


def _upload(url: str) -> Measure:
    from coordinaitor_sdk import Coordinaitor

    client = Coordinaitor(url, api_key="k")

    def grown(_calls: int) -> float:
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            client.tasks.upload_file("task-123", b"small", filename="small.bin")
            os.truncate(file.name, _UPLOAD)
            before = in_use()
            client.tasks.upload_file("task-123", file.name)
            return (peak() - before) / 1e6

    return grown


def in_use() -> int:
    """Bytes of memory that this process has resident."""
    if _STATUS.exists():
        return _status("VmRSS")
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], stdout=subprocess.PIPE, check=True)
    return int(answer.stdout) * 1024


def peak() -> int:
    """The most bytes that it ever had."""
    if _STATUS.exists():
        return _status("VmHWM")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _status(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {"iterate": _iterate, "upload": _upload}
