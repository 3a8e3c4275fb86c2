"""`coordinaitor tasks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..options import AllOption, LimitOption
from ..output import Format, is_live, remark, show_list, show_one

if TYPE_CHECKING:
    from coordinaitor_sdk.models.task import TaskInclude

app: typer.Typer = typer.Typer(help="List, read, create and watch tasks.", no_args_is_help=True)

_DATE = "2024-02-20T00:00:00Z"
_DEFAULT_LIMIT = 30


@command(app, "list")
def list_tasks(
    cli: Cli,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="pending, active, completed, failed or cancelled.")
    ] = None,
    priority: Annotated[str | None, typer.Option(metavar="PRIORITY", help="low, medium or high.")] = None,
    project_id: Annotated[
        str | None, typer.Option("--project", metavar="ID", help="Of this project.")
    ] = None,
    agent_id: Annotated[
        str | None, typer.Option("--agent", metavar="ID", help="Assigned to this agent.")
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="WORDS", help="In title and description.")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="With this tag; may be repeated.")
    ] = None,
    created_after: Annotated[str | None, typer.Option(metavar="DATE", help=f"Such as {_DATE}.")] = None,
    created_before: Annotated[str | None, typer.Option(metavar="DATE", help="Likewise.")] = None,
    sort_by: Annotated[
        Literal["createdAt", "updatedAt", "priority", "dueDate"] | None, typer.Option(help="Order by this.")
    ] = None,
    sort_order: Annotated[Literal["asc", "desc"] | None, typer.Option(help="In this direction.")] = None,
    limit: LimitOption = None,
    everything: AllOption = False,
) -> None:
    """List tasks."""
    from ..listing import take
    from ..views import TASK_COLUMNS

    if everything and limit is not None:
        raise UsageError("--all and --limit exclude each other")
    most = None if everything else limit or _DEFAULT_LIMIT
    pager = cli.client.tasks.list(
        limit=min(most or 100, 100),
        status=status,
        priority=priority,
        project_id=project_id,
        agent_id=agent_id,
        search=search,
        tags=tags or None,
        created_after=created_after,
        created_before=created_before,
        sort_by=sort_by,
        sort_order=sort_order,
    )
    found = take(pager, most)
    show_list(found.items, TASK_COLUMNS, cli.output)
    if found.remark:
        remark(found.remark)


@command(app, "get")
def get_task(
    cli: Cli,
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="comments, files, history or metrics; may be repeated."),
    ] = None,
) -> None:
    """Show a task."""
    from ..views import task_fields

    wanted = cast("list[TaskInclude]", include or [])
    show_one(cli.client.tasks.get(task_id, include=wanted or None), task_fields, cli.output)


@command(app, "create")
def create_task(
    cli: Cli,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What is to be done.")],
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is about.")] = None,
    priority: Annotated[str | None, typer.Option(metavar="PRIORITY", help="low, medium or high.")] = None,
    project_id: Annotated[
        str | None, typer.Option("--project", metavar="ID", help="Project that it belongs to.")
    ] = None,
    agent_id: Annotated[
        str | None, typer.Option("--agent", metavar="ID", help="Agent that shall do it.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="A short word; may be repeated.")
    ] = None,
    estimated_hours: Annotated[float | None, typer.Option(metavar="HOURS", help="0 or more.")] = None,
    due_date: Annotated[str | None, typer.Option(metavar="DATE", help=f"Such as {_DATE}.")] = None,
    requirements: Annotated[
        list[str] | None,
        typer.Option("--requirement", metavar="TEXT", help="What is wanted; may be repeated."),
    ] = None,
    acceptance_criteria: Annotated[
        list[str] | None,
        typer.Option("--acceptance-criterion", metavar="TEXT", help="How it is judged; may be repeated."),
    ] = None,
) -> None:
    """Create a task and show it."""
    from ..views import task_fields

    given: dict[str, Any] = {
        "title": title,
        "description": description,
        "priority": priority,
        "project_id": project_id,
        "agent_id": agent_id,
        "tags": tags or None,
        "estimated_hours": estimated_hours,
        "due_date": due_date,
        "requirements": requirements or None,
        "acceptance_criteria": acceptance_criteria or None,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    show_one(cli.client.tasks.create(fields), task_fields, cli.output)


@command(app, "watch")
def watch_tasks(cli: Cli, task_ids: Annotated[list[str], typer.Argument(metavar="ID...")]) -> None:
    """Watch tasks until the last has ended; the exit code tells how.

    0: all completed, 20: one failed, 21: one was cancelled, 22: one was deleted, 3: one does not exist.
    """
    from ..watching import exit_code, follow_json, follow_lines, follow_live

    watch = cli.client.tasks.watch_many(task_ids)
    if cli.output is Format.JSON:
        ends = follow_json(watch)
    else:
        ends = follow_live(watch) if is_live() else follow_lines(watch)
    raise typer.Exit(exit_code(ends))
