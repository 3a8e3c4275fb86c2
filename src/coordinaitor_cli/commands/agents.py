"""`coordinaitor agents`."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, cast

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..jsonvalues import json_object
from ..options import ClearOption, IdsArgument

app: typer.Typer = typer.Typer(help="List, read, create and change agents.", no_args_is_help=True)

_TYPES = "coding, analysis, review, qa or documentation."
IdArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ID")]
TypeOption: TypeAlias = Annotated[str | None, typer.Option("--type", metavar="TYPE", help=_TYPES)]
NameOption: TypeAlias = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What it is called.")
]
ModelOption: TypeAlias = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Language model that it works with.")
]
ProviderOption: TypeAlias = Annotated[
    str | None, typer.Option("--provider", metavar="NAME", help="Of that model.")
]
CapabilitiesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--capability", metavar="WORD", help="What it can do; may be repeated."),
]
SpecializationsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--specialization", metavar="WORD", help="What it is best at; may be repeated."),
]
MaxTasksOption: TypeAlias = Annotated[
    int | None, typer.Option("--max-concurrent-tasks", metavar="N", help="How many tasks at once.")
]
HoursOption: TypeAlias = Annotated[
    dict[str, Any] | None,
    typer.Option(
        "--working-hours",
        metavar="JSON",
        parser=json_object,
        help="When it works: timezone, start, end, days.",
    ),
]
ConfigurationOption: TypeAlias = Annotated[
    dict[str, Any] | None,
    typer.Option("--configuration", metavar="JSON", parser=json_object, help="Any object."),
]


def new_agent(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called.")],
    type: Annotated[str, typer.Option("--type", metavar="TYPE", help=_TYPES)],  # noqa: A002 - the document's name
    model: ModelOption = None,
    provider: ProviderOption = None,
    capabilities: CapabilitiesOption = None,
    specializations: SpecializationsOption = None,
    max_concurrent_tasks: MaxTasksOption = None,
    working_hours: HoursOption = None,
    configuration: ConfigurationOption = None,
) -> None:
    """What an agent is made of."""


def changed_agent(
    name: NameOption = None,
    type: TypeOption = None,  # noqa: A002 - the document's name
    model: ModelOption = None,
    provider: ProviderOption = None,
    capabilities: CapabilitiesOption = None,
    specializations: SpecializationsOption = None,
    max_concurrent_tasks: MaxTasksOption = None,
    working_hours: HoursOption = None,
    configuration: ConfigurationOption = None,
    clear: ClearOption = None,
) -> None:
    """What of an agent can be changed."""


def agent_filters(
    type: TypeOption = None,  # noqa: A002 - the document's name
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help="available, busy, offline or error."),
    ] = None,
    capabilities: CapabilitiesOption = None,
    available: Annotated[
        bool | None, typer.Option("--available/--unavailable", help="Whether it can take a task now.")
    ] = None,
) -> None:
    """By what agents are chosen."""


@command(app, "list", lists=True, body=agent_filters)
def list_agents(cli: Cli, given: dict[str, Any]) -> None:
    """List agents."""
    from ..views import AGENT_COLUMNS

    cli.show_pages(cli.client.agents.list, AGENT_COLUMNS, **given)


@command(app, "get")
def get_agent(
    cli: Cli,
    agent_id: IdArgument,
    include: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help="tasks, metrics or logs; may be repeated.")
    ] = None,
) -> None:
    """Show an agent."""
    cli.show(cli.client.agents.get(agent_id, include=cast("Any", include or None)))


@command(app, "create", body=new_agent)
def create_agent(cli: Cli, given: dict[str, Any]) -> None:
    """Create an agent and show it."""
    cli.show(cli.client.agents.create(given))


@command(app, "update", bulk=True, body=changed_agent)
def update_agents(cli: Cli, agent_ids: IdsArgument, given: dict[str, Any]) -> None:
    """Change fields of agents."""
    from ..bulk import each

    if not given:
        raise UsageError("there is nothing to change: give a field, such as --name NAME")
    each(cli, agent_ids, lambda agent_id: cli.client.agents.update(agent_id, given))


@command(app, "edit")
def edit_agent(cli: Cli, agent_id: IdArgument) -> None:
    """Change an agent in your editor: $VISUAL, else $EDITOR."""
    from ..editing import edited

    names = [name for name in changed_agent.__annotations__ if name not in {"clear", "return"}]
    changed = edited(cli.client.agents.get(agent_id), names, what=f"agent {agent_id}")
    if changed:
        cli.show(cli.client.agents.update(agent_id, changed))


@command(app, "enable", bulk=True)
def enable_agents(cli: Cli, agent_ids: IdsArgument) -> None:
    """Let agents work."""
    from ..bulk import each

    each(cli, agent_ids, cli.client.agents.enable)


@command(app, "disable", bulk=True)
def disable_agents(
    cli: Cli,
    agent_ids: IdsArgument,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for the record.")] = None,
) -> None:
    """Let agents rest."""
    from ..bulk import each

    sent: dict[str, Any] = {} if reason is None else {"reason": reason}
    each(cli, agent_ids, lambda agent_id: cli.client.agents.disable(agent_id, **sent))


@command(app, "tasks", lists=True)
def list_tasks_of_agent(
    cli: Cli,
    agent_id: IdArgument,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="pending, active, completed, failed or cancelled.")
    ] = None,
) -> None:
    """List the tasks of an agent."""
    from functools import partial

    from ..views import TASK_COLUMNS

    cli.show_pages(partial(cli.client.agents.tasks, agent_id), TASK_COLUMNS, status=status)


@command(app, "metrics")
def show_metrics(cli: Cli, agent_id: IdArgument) -> None:
    """Show how an agent performs."""
    cli.show(cli.client.agents.metrics(agent_id))
