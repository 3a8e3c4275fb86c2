"""`coordinaitor projects`."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..jsonvalues import json_object
from ..options import ClearOption, DryRunOption, IdsArgument, YesOption
from ..output import remark
from .tasks import SORTS, DescriptionOption, PriorityOption, TagsOption, task_filters

app: typer.Typer = typer.Typer(help="List, read, create and change projects.", no_args_is_help=True)
members: typer.Typer = typer.Typer(help="See and change a project's team.", no_args_is_help=True)
app.add_typer(members, name="members")

_STATES = "active, completed, archived or on-hold."
IdArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ID")]
StatusOption: TypeAlias = Annotated[str | None, typer.Option("--status", metavar="STATUS", help=_STATES)]
NameOption: TypeAlias = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What it is called.")
]
StartOption: TypeAlias = Annotated[
    str | None, typer.Option("--start-date", metavar="DATE", help="Such as 2024-02-20T00:00:00Z.")
]
EndOption: TypeAlias = Annotated[str | None, typer.Option("--end-date", metavar="DATE", help="Likewise.")]
BudgetOption: TypeAlias = Annotated[
    dict[str, Any] | None,
    typer.Option(
        "--budget", metavar="JSON", parser=json_object, help='Such as {"hours": 100, "cost": 5000}.'
    ),
]
AgentsOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--agent", metavar="ID", help="Agent that works in it; may be repeated.")
]


def new_project(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called.")],
    description: DescriptionOption = None,
    start_date: StartOption = None,
    end_date: EndOption = None,
    priority: PriorityOption = None,
    budget: BudgetOption = None,
    agents: AgentsOption = None,
    tags: TagsOption = None,
) -> None:
    """What a project is made of."""


def changed_project(
    name: NameOption = None,
    description: DescriptionOption = None,
    status: StatusOption = None,
    start_date: StartOption = None,
    end_date: EndOption = None,
    priority: PriorityOption = None,
    budget: BudgetOption = None,
    agents: AgentsOption = None,
    tags: TagsOption = None,
    clear: ClearOption = None,
) -> None:
    """What of a project can be changed."""


def project_filters(
    status: StatusOption = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="In name and description.")
    ] = None,
    member_id: Annotated[
        str | None, typer.Option("--member", metavar="USER-ID", help="With this user in the team.")
    ] = None,
) -> None:
    """By what projects are chosen."""


@command(app, "list", lists=True, body=project_filters)
def list_projects(cli: Cli, given: dict[str, Any]) -> None:
    """List projects."""
    from ..views import PROJECT_COLUMNS

    cli.show_pages(cli.client.projects.list, PROJECT_COLUMNS, **given)


@command(app, "get")
def get_project(cli: Cli, project_id: IdArgument) -> None:
    """Show a project."""
    cli.show(cli.client.projects.get(project_id))


@command(app, "create", body=new_project)
def create_project(cli: Cli, given: dict[str, Any]) -> None:
    """Create a project and show it."""
    cli.show(cli.client.projects.create(given))


@command(app, "update", bulk=True, body=changed_project)
def update_projects(cli: Cli, project_ids: IdsArgument, given: dict[str, Any]) -> None:
    """Change fields of projects."""
    from ..bulk import each

    if not given:
        raise UsageError("there is nothing to change: give a field, such as --name NAME")
    each(cli, project_ids, lambda project_id: cli.client.projects.update(project_id, given))


@command(app, "edit")
def edit_project(cli: Cli, project_id: IdArgument) -> None:
    """Change a project in your editor: $VISUAL, else $EDITOR."""
    from ..editing import edited

    names = [name for name in changed_project.__annotations__ if name not in {"clear", "return"}]
    changed = edited(cli.client.projects.get(project_id), names, what=f"project {project_id}")
    if changed:
        cli.show(cli.client.projects.update(project_id, changed))


@command(app, "delete", bulk=True)
def delete_projects(
    cli: Cli, project_ids: IdsArgument, yes: YesOption = False, dry_run: DryRunOption = False
) -> None:
    """Delete projects."""
    from ..bulk import confirmed, each

    ids = confirmed(cli, "delete project", project_ids, yes=yes, dry_run=dry_run)
    if ids is not None:
        each(cli, ids, lambda project_id: _delete(cli, project_id))


def _delete(cli: Cli, project_id: str) -> None:
    """Delete it; a profile that uses it would show no tasks any more, and not say why."""
    cli.client.projects.delete(project_id)
    from coordinaitor_sdk.profiles import Profile

    profile = Profile(cli.client.settings.profile)
    if profile.settings().get("project") == project_id:
        profile.unset("project")
        remark(f"profile {profile.name} uses no project any more: {project_id} was it")


@command(app, "tasks", lists=True, body=task_filters)
def list_tasks_of_project(cli: Cli, project_id: IdArgument, given: dict[str, Any]) -> None:
    """List the tasks of a project."""
    from functools import partial

    from ..views import TASK_COLUMNS

    cli.show_pages(partial(cli.client.projects.tasks, project_id), TASK_COLUMNS, sorts=SORTS, **given)


@command(app, "use", prints=False)
def use_project(
    cli: Cli,
    project_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Without one, none any more.")
    ] = None,
) -> None:
    """Let tasks be listed in and created in this project where none is named."""
    from coordinaitor_sdk.profiles import Profile

    profile = Profile(cli.client.settings.profile)
    if project_id is None:
        profile.unset("project")
        remark(f"profile {profile.name} uses no project")
        return
    project = cli.client.projects.get(project_id)
    profile.save_settings(project=str(project.id))
    remark(f"profile {profile.name} uses project {project.id}, {project.name}")


@members.callback()
def _members() -> None:
    """See and change a project's team."""


@command(members, "list", lists=True)
def list_members(cli: Cli, project_id: IdArgument) -> None:
    """List a project's team."""
    from ..views import MEMBER_COLUMNS

    cli.show_items(cli.client.projects.get(project_id).team_members or [], MEMBER_COLUMNS)


@command(members, "add")
def add_member(
    cli: Cli,
    project_id: IdArgument,
    user_id: Annotated[str, typer.Argument(metavar="USER-ID")],
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="What the user is in the team, such as developer.")
    ],
    permissions: Annotated[
        list[str] | None,
        typer.Option("--permission", metavar="NAME", help="Such as tasks:write; may be repeated."),
    ] = None,
) -> None:
    """Add a user to a project's team."""
    sent: dict[str, Any] = {"permissions": permissions} if permissions else {}
    cli.show(cli.client.projects.add_member(project_id, user_id, role=role, **sent))


@command(members, "remove", bulk=True)
def remove_members(
    cli: Cli,
    project_id: IdArgument,
    user_ids: IdsArgument,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take users out of a project's team."""
    from ..bulk import confirmed, each

    ids = confirmed(cli, "remove member", user_ids, yes=yes, dry_run=dry_run)
    if ids is not None:
        each(cli, ids, lambda user_id: cli.client.projects.remove_member(project_id, user_id))
