"""`coordinaitor ping`."""

from __future__ import annotations

import time

import typer

from ..context import Cli, command
from ..errors import Exit

app: typer.Typer = typer.Typer(help="Ask the server whether it is there and well.")


@command(app, "ping")
def ping(cli: Cli) -> None:
    """Ask the server whether it is there and well.

    Needs no login. Exit code 11: it can't be reached; 14: it is there, but not well.
    """
    from ..health import is_well

    client = cli.client
    client.system.health()  # opens the connection, which is not what is measured
    began = time.monotonic()
    health = client.system.health()
    took = round((time.monotonic() - began) * 1000, 1)
    cli.show(
        {"url": client.base_url, "status": health.status, "milliseconds": took, "version": health.version}
    )
    if not is_well(health.status):
        raise typer.Exit(Exit.UNHEALTHY)
