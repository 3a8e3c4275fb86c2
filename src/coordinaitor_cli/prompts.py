"""Asking at a terminal, and reading secrets from standard input."""

from __future__ import annotations

import sys

from .errors import UsageError


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`<&-`)


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
