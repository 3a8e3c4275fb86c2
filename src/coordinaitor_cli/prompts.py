"""Asking at a terminal, and reading secrets from standard input."""

from __future__ import annotations

import sys

from .errors import UsageError
from .output.style import is_ci


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    is_there = sys.stdin is not None and sys.stdin.isatty()  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`<&-`)
    return is_there and not is_ci()


def agrees(question: str) -> bool:
    """Whether the answer is yes; nothing entered is no."""
    from .output.text import one_line

    sys.stderr.write(f"{one_line(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def ask(label: str) -> str:
    """A line typed at the terminal; asked again while it is empty.

    Raises:
        UsageError: the input has ended (Ctrl-D).
    """
    answer = ""
    while not answer:
        sys.stderr.write(f"{label}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            raise UsageError("nothing was entered")
        answer = line.strip()
    return answer


def ask_secret(label: str) -> str:
    """The same without showing what is typed.

    Raises:
        UsageError: the input has ended (Ctrl-D).
    """
    from getpass import getpass

    answer = ""
    while not answer:
        try:
            answer = getpass(f"{label}: ", stream=sys.stderr)
        except EOFError:
            raise UsageError("nothing was entered") from None
    return answer


def secret_from_stdin(flag: str) -> str:
    """The first line of standard input.

    Raises:
        UsageError: there is none.
    """
    try:
        line = sys.stdin.readline() if sys.stdin is not None else ""  # pyright: ignore[reportUnnecessaryComparison] - as above
    except UnicodeDecodeError:
        raise UsageError(f"{flag}: standard input holds no readable text") from None
    secret = line.rstrip("\r\n")
    if not secret:
        raise UsageError(f"{flag}: standard input is empty")
    return secret
