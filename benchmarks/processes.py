"""The processes of a run: the canned server and one for each contestant, in the same bare environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


@cache
def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="coordinaitor-bench-")


def environment() -> dict[str, str]:
    """Nothing of the user's: no proxy, no settings, no profile below the home folder."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = _home().name
    return kept | {"HOME": home, "USERPROFILE": home, "PYTHONHASHSEED": "0"}


class Child:
    """`python -m benchmarks.<module> <arguments>`, spoken to in lines; ends when its standard input does."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        self._process.kill()

    def read(self) -> str:
        """Its next line.

        Raises:
            RuntimeError: it ended instead; why stands on standard error.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self._process.args[1:]))} ended early")  # type: ignore[index]
        return line.strip()

    def ask(self, line: str) -> str:
        """What it answers to a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.read()


@contextmanager
def canned_server() -> Iterator[str]:
    """The URL of a canned server, up while inside."""
    with Child("canned_server") as server:
        yield f"http://127.0.0.1:{server.read()}"
