"""How slow the machine is just now, told by the process that limits in ms are meant for."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from .processes import ROOT, environment

TYPER_MS: Final = 46.0
"""What `import typer` takes, as a whole process, on the machine that the limits in ms are meant for."""


def milliseconds(program: str) -> float:
    """What a Python process takes that runs this program."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment(), check=True)
    return (time.perf_counter() - started) * 1000


def typer_milliseconds() -> float:
    """What `import typer` takes now."""
    return milliseconds("import typer")
