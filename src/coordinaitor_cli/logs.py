"""The system's log as it grows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from .output import Format, put, show_json
from .output.selection import data_of
from .output.table import cell, selected

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Cli


_NAMES: Final = ("timestamp", "level", "service", "message")


def followed(
    cli: Cli, read: Callable[[str | None, int | None], list[Any]], since: str | None, interval: float
) -> None:
    """Print what is there, then what comes, a line each, without end.

    Args:
        cli: the command's.
        read: the entries after a moment, so many at most.
        since: the moment to begin with.
        interval: seconds between two looks.
    """
    limit = cli.limit
    while True:
        for entry in read(since, limit):
            since = data_of(entry).get("timestamp") or since
            _put(cli, entry)
        limit = None
        time.sleep(interval)


def _put(cli: Cli, entry: Any) -> None:
    """One entry: JSON on a line, what jq makes of it, or its fields with tabs between."""
    if cli.jq is None and cli.output in {Format.JSON, Format.JSONL}:
        show_json(cli.select.data(entry), indent=None)
    elif cli.jq is not None or cli.output not in {Format.TABLE, Format.TSV}:
        cli.show(entry)
    else:
        put("\t".join(cell(selected(name)(entry)) for name in cli.select.fields or _NAMES))
