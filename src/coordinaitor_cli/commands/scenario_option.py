"""Telling what is wrong with a scenario."""

from __future__ import annotations

from ..errors import Exit
from ..output import tell


def refuse_scenario(error: Exception) -> int:
    """Tell each problem of a scenario on a line of standard error; the exit code."""
    for line in str(error).splitlines():
        tell(f"error: {line}")
    return Exit.USAGE
