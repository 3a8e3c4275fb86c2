"""`coordinaitor system`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from ..context import Cli, command

app: typer.Typer = typer.Typer(help="See how the system is.", no_args_is_help=True)

IntervalOption: TypeAlias = Annotated[
    float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="Between two looks.")
]


@command(app, "health")
def health(
    cli: Cli,
    watch: Annotated[bool, typer.Option("--watch", help="Show each change of it, without end.")] = False,
    interval: IntervalOption = 30.0,
) -> None:
    """Show whether the system is well; exit code 14 where it is not. Needs no login."""
    from ..health import monitored, shown

    if watch:
        monitored(cli, interval)
    else:
        shown(cli, cli.client.system.health())


@command(app, "status")
def status(
    cli: Cli,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again, without end.")] = False,
    interval: IntervalOption = 30.0,
) -> None:
    """Show the system and its services in detail; exit code 14 where it is not well."""
    from ..health import fields_of, shown
    from ..looking import looked_at

    if watch:
        looked_at(cli, cli.client.system.status, interval, fields_of)
    else:
        shown(cli, cli.client.system.status())


@command(app, "metrics")
def metrics(
    cli: Cli,
    watch: Annotated[bool, typer.Option("--watch", help="Show them again and again, without end.")] = False,
    interval: IntervalOption = 30.0,
) -> None:
    """Show figures of the system."""
    from ..looking import looked_at

    if watch:
        looked_at(cli, cli.client.system.metrics, interval)
    else:
        cli.show(cli.client.system.metrics())


@command(app, "logs", lists=True)
def logs(
    cli: Cli,
    level: Annotated[str | None, typer.Option(metavar="LEVEL", help="error, warn, info or debug.")] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Of this service.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Later than this, such as 2024-02-20T00:00:00Z.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    interval: IntervalOption = 2.0,
) -> None:
    """Show the system's log, oldest entry first; for admins."""
    from ..logs import followed
    from ..views import LOG_COLUMNS

    def read(since: str | None, limit: int | None) -> list[object]:
        return list(cli.client.system.logs(level=level, service=service, since=since, limit=limit))

    if follow:
        followed(cli, read, since, interval)
    else:
        cli.show_items(read(since, cli.limit), LOG_COLUMNS)
