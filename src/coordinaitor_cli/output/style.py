"""What the terminal is, and whether colours and movement are wanted on it."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Final

_SGR: Final = {"green": 32, "cyan": 36, "red": 31, "yellow": 33, "dim": 2}
_chosen: list[Color] = []


class Color(StrEnum):
    """When colours are used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def choose(color: Color) -> None:
    """Hold to what `--color` says."""
    _chosen[:] = [color]


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`>&-`)


def is_ci() -> bool:
    """Whether this runs where nobody looks on: `CI` is set."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def is_live() -> bool:
    """Whether standard output is a terminal that can move its cursor, with somebody before it."""
    return is_terminal() and not _is_dumb() and not is_ci()


def is_progress_shown() -> bool:
    """Whether standard error is such a terminal."""
    shown = sys.stderr is not None and sys.stderr.isatty()  # pyright: ignore[reportUnnecessaryComparison] - as above
    return shown and not _is_dumb() and not is_ci()


def is_coloured() -> bool:
    """Whether data is coloured: `--color`, then `NO_COLOR`, then `FORCE_COLOR`, then what the terminal is."""
    color = _chosen[0] if _chosen else Color.AUTO
    if color is not Color.AUTO:
        return color is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return is_terminal() and not _is_dumb()


def painted(text: str, style: str) -> str:
    """`text` in a colour, where colours are used."""
    code = _SGR.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code is not None and is_coloured() else text


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in {"dumb", "unknown"}
