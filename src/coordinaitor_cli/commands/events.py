"""`coordinaitor events`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..context import Cli, command
from ..errors import UsageError

app: typer.Typer = typer.Typer(help="Follow what happens, as the server tells it.")


@command(app, "events")
def events(
    cli: Cli,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print events as they happen.")] = False,
    channels: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="NAME",
            help="tasks, agents, projects or users; may be repeated. [default: all]",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="NAME", help="Only these, such as task.completed; may be repeated."),
    ] = None,
    task_id: Annotated[str | None, typer.Option("--task", metavar="ID", help="About this task.")] = None,
    project_id: Annotated[
        str | None, typer.Option("--project", metavar="ID", help="About this project and its tasks.")
    ] = None,
    agent_id: Annotated[
        str | None, typer.Option("--agent", metavar="ID", help="About this agent and its tasks.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="What it is about has this status now.")
    ] = None,
    priority: Annotated[str | None, typer.Option(metavar="PRIORITY", help="Tasks of this priority.")] = None,
    kind: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Agents of this type.")] = None,
) -> None:
    """Follow what happens, as the server tells it.

    An event of tasks, agents, projects or users a line, until Ctrl-C. The connection comes back by itself,
    without a gap where the server can; else `resync` says why.
    """
    from ..feeds import EVENT_COLUMNS, WIDTHS, followed, id_of
    from ..output.stream import Stream

    if not follow:
        raise UsageError(
            "events come as they happen, none are kept to be listed", "coordinaitor events --follow"
        )
    given = {
        "task_id": task_id, "project_id": project_id, "agent_id": agent_id,
        "status": status, "priority": priority, "type": kind,
    }  # fmt: skip
    filters = {name: value for name, value in given.items() if value is not None}
    stream = Stream(EVENT_COLUMNS, cli.output, cli.select, id_of, WIDTHS)
    for event in followed(cli.client, channels, filters):
        if not names or event.event in {"resync", *names}:
            stream.show(event)
