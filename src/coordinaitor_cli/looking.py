"""Looking at something again and again, until Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from .errors import report
from .output import Format, is_live, put, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .context import Cli
    from .output.table import Field

_CLEARED: Final = "\x1b[H\x1b[2J"
"""Moves a terminal's cursor to its upper left, and empties it."""


def looked_at(
    cli: Cli,
    read: Callable[[], Any],
    interval: float,
    fields: Callable[[Any], Iterable[Field]] | None = None,
) -> None:
    """Show something at once and after each interval, without end.

    A terminal shows the newest alone; off a terminal an empty line parts one from the next, and JSON has one
    object a line. A server that fails or can't be reached is told on standard error, and asked again.

    Args:
        cli: the command's.
        read: gets what is shown.
        interval: seconds between two looks.
        fields: of it, for reading; without it all that it has.
    """
    from coordinaitor_sdk.exceptions import ConnectionFailedError, ServerError, TimeoutExceededError

    is_first = True
    while True:
        try:
            item = read()
        except (ConnectionFailedError, ServerError, TimeoutExceededError) as error:
            report(error, cli.situation({}))
        else:
            _show(cli, item, fields, is_first=is_first)
            is_first = False
        time.sleep(interval)


def _show(cli: Cli, item: Any, fields: Callable[[Any], Iterable[Field]] | None, *, is_first: bool) -> None:
    if cli.output in {Format.JSON, Format.JSONL} and cli.jq is None:
        show_json(cli.select.data(item), indent=None)
        return
    if is_live() and cli.output is Format.TABLE and cli.jq is None:
        print(_CLEARED, end="")  # noqa: T201 - what follows is data
    elif not is_first and cli.output is Format.TABLE and cli.jq is None:
        put("")
    cli.show(item, fields)
