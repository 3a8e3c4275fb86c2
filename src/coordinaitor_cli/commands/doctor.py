"""`coordinaitor doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ..context import Cli, command
from ..errors import CommandError
from ..output import Format, is_terminal, show_list

if TYPE_CHECKING:
    from ..doctor import Finding

app: typer.Typer = typer.Typer(help="Check settings, credentials, and the way to the server.")


@command(app, "doctor")
def doctor(cli: Cli) -> None:
    """Check settings, credentials, and the way to the server.

    A line a check: ok, warn or fail, and what helps. The exit code is that of the first failure, else 0.
    """
    from ..doctor import FINDING_COLUMNS, WIDTHS, Examination
    from ..output.stream import Stream

    found: list[Finding] = []
    stream = Stream(FINDING_COLUMNS, cli.output, cli.select, lambda one: one.name, WIDTHS)
    shown = cli.output is Format.TABLE and is_terminal() and cli.select.jq is None
    for one in Examination(cli).findings():
        found.append(one)
        if shown:
            stream.show(one)
    if not shown:
        show_list(found, FINDING_COLUMNS, cli.output, cli.select)
    failed = [one for one in found if one.result == "fail"]
    if failed:
        names = ", ".join(one.name for one in failed)
        raise CommandError(f"failed: {names}", failed[0].hint, code=failed[0].code)
