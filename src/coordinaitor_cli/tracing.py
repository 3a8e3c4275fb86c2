"""The library's log on standard error: its warnings always, each of its calls with `--debug`."""

from __future__ import annotations

import logging
import sys

from .output import remark


class _Remarks(logging.Handler):
    """Log lines as remarks, without tracebacks; the library keeps secrets out of them."""

    def emit(self, record: logging.LogRecord) -> None:
        said = "warning" if record.levelno >= logging.WARNING else "debug"
        remark(f"{said}: {record.getMessage()}")


def tell_log(*, debug: bool) -> None:
    """Tell from now on what the library logs."""
    logger = logging.getLogger("coordinaitor_sdk")
    if not any(isinstance(handler, _Remarks) for handler in logger.handlers) and sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - closed by the caller (`2>&-`)
        level = logging.DEBUG if debug else logging.WARNING
        logger.addHandler(_Remarks(level))
        logger.setLevel(level)
        logger.propagate = False
