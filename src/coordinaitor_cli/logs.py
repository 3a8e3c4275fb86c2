"""The system's log as it grows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .output import Format, put, show_json
from .output.selection import data_of
from .output.table import cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Cli


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
            data = data_of(entry)
            since = data.get("timestamp") or since
            if cli.output in {Format.JSON, Format.JSONL}:
                show_json(cli.select.data(entry), indent=None)
            else:
                put("\t".join(cell(data.get(name)) for name in ("timestamp", "level", "service", "message")))
        limit = None
        time.sleep(interval)
