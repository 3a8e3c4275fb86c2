"""Entry point: what must be quick or quiet, before Typer is imported.

`--version` imports neither Typer nor the library's clients. A closed pipe and Ctrl-C end the process without
a word, whatever it was doing.
"""

from __future__ import annotations

import gc
import os
import sys

# Modules, classes and schemas are no garbage: looking for some after every 700 of them takes long.
_MANY = 50_000
_LASTING = ("server", "demo")

INTERRUPTED = 130
BROKEN_PIPE = 141


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:2] and sys.argv[1] not in _LASTING:
        gc.set_threshold(_MANY, 10, 10)
        # Looking for some reads the metadata of every package that is installed.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = _run(sys.argv[1:])
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`>&-`)
            sys.stdout.flush()
    except KeyboardInterrupt:
        _abandon_output()
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return BROKEN_PIPE
    except OSError as error:  # such as a full disk
        _abandon_output()
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        # What is left goes with the process: looking through all of it takes a fifth of a short command.
        gc.freeze()
    return code


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        from coordinaitor_sdk import __version__

        print(f"coordinaitor {__version__}")  # noqa: T201
        return 0
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] # what the terminal's encoding lacks
    if arguments[:1] == ["__complete"]:
        from coordinaitor_cli.completing import complete

        for line in complete(arguments[1:]):
            print(line)  # noqa: T201
        return 0
    from coordinaitor_cli.app import run

    return run(arguments)


def _abandon_output() -> None:
    """What is still buffered goes nowhere: the interpreter would complain about it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, AttributeError, ValueError):
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            except (OSError, AttributeError, ValueError):
                continue
