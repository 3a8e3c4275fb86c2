"""`coordinaitor tasks`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast

import typer

from ..context import Cli, command
from ..errors import UsageError
from ..options import ClearOption, DryRunOption, IdsArgument, YesOption

if TYPE_CHECKING:
    from coordinaitor_sdk.models.task import TaskInclude

app: typer.Typer = typer.Typer(help="List, read, create, change, work and watch tasks.", no_args_is_help=True)

_DATE = "2024-02-20T00:00:00Z"
SORTS: Final = frozenset({"createdAt", "updatedAt", "priority", "dueDate"})

IdArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ID")]
StatusOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--status", metavar="STATUS", help="pending, active, completed, failed or cancelled."),
]
PriorityOption: TypeAlias = Annotated[
    str | None, typer.Option("--priority", metavar="PRIORITY", help="low, medium or high.")
]
TitleOption: TypeAlias = Annotated[
    str | None, typer.Option("--title", metavar="TEXT", help="What is to be done.")
]
DescriptionOption: TypeAlias = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is about.")
]
ProjectOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--project", metavar="ID", help="Project that it belongs to. [default: `projects use`]"),
]
AgentOption: TypeAlias = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="Agent that it is assigned to.")
]
TagsOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="A short word; may be repeated.")
]
EstimatedOption: TypeAlias = Annotated[
    float | None, typer.Option("--estimated-hours", metavar="HOURS", help="0 or more.")
]
ActualOption: TypeAlias = Annotated[
    float | None, typer.Option("--actual-hours", metavar="HOURS", help="0 or more.")
]
DueOption: TypeAlias = Annotated[
    str | None, typer.Option("--due-date", metavar="DATE", help=f"Such as {_DATE}.")
]
RequirementsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--requirement", metavar="TEXT", help="What is wanted; may be repeated."),
]
CriteriaOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--acceptance-criterion", metavar="TEXT", help="How it is judged; may be repeated."),
]


def new_task(
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What is to be done.")],
    description: DescriptionOption = None,
    priority: PriorityOption = None,
    project_id: ProjectOption = None,
    agent_id: AgentOption = None,
    tags: TagsOption = None,
    estimated_hours: EstimatedOption = None,
    due_date: DueOption = None,
    requirements: RequirementsOption = None,
    acceptance_criteria: CriteriaOption = None,
) -> None:
    """What a task is made of."""


def changed_task(
    title: TitleOption = None,
    description: DescriptionOption = None,
    status: StatusOption = None,
    priority: PriorityOption = None,
    project_id: ProjectOption = None,
    agent_id: AgentOption = None,
    tags: TagsOption = None,
    estimated_hours: EstimatedOption = None,
    actual_hours: ActualOption = None,
    progress: Annotated[
        float | None, typer.Option("--progress", metavar="SHARE", help="From 0 to 1.")
    ] = None,
    due_date: DueOption = None,
    requirements: RequirementsOption = None,
    acceptance_criteria: CriteriaOption = None,
    clear: ClearOption = None,
) -> None:
    """What of a task can be changed."""


def task_filters(
    status: StatusOption = None,
    priority: PriorityOption = None,
    agent_id: AgentOption = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="In title and description.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="With this tag; may be repeated.")
    ] = None,
    created_after: Annotated[
        str | None, typer.Option("--created-after", metavar="DATE", help=f"Such as {_DATE}.")
    ] = None,
    created_before: Annotated[
        str | None, typer.Option("--created-before", metavar="DATE", help="Likewise.")
    ] = None,
) -> None:
    """By what tasks are chosen; `projects tasks` has these too."""


@command(app, "list", lists=True, body=task_filters)
def list_tasks(cli: Cli, given: dict[str, Any], project_id: ProjectOption = None) -> None:
    """List tasks."""
    from ..views import TASK_COLUMNS

    project = project_id or cli.default_project
    cli.show_pages(cli.client.tasks.list, TASK_COLUMNS, sorts=SORTS, project_id=project, **given)


@command(app, "get")
def get_task(
    cli: Cli,
    task_id: IdArgument,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="comments, files, history or metrics; may be repeated."),
    ] = None,
) -> None:
    """Show a task."""
    from ..views import task_fields

    wanted = cast("list[TaskInclude]", include or [])
    cli.show(cli.client.tasks.get(task_id, include=wanted or None), task_fields)


@command(app, "create", body=new_task)
def create_task(cli: Cli, given: dict[str, Any]) -> None:
    """Create a task and show it."""
    from ..views import task_fields

    if cli.default_project is not None:
        given.setdefault("project_id", cli.default_project)
    cli.show(cli.client.tasks.create(given), task_fields)


@command(app, "update", bulk=True, body=changed_task)
def update_tasks(cli: Cli, task_ids: IdsArgument, given: dict[str, Any]) -> None:
    """Change fields of tasks."""
    _change(cli, task_ids, given)


@command(app, "edit")
def edit_task(cli: Cli, task_id: IdArgument) -> None:
    """Change a task in your editor: $VISUAL, else $EDITOR."""
    from ..editing import edited
    from ..views import task_fields

    names = [name for name in changed_task.__annotations__ if name not in {"clear", "return"}]
    task = cli.client.tasks.get(task_id)
    changed = edited(task, names, what=f"task {task_id}")
    if changed:
        cli.show(cli.client.tasks.update(task_id, changed), task_fields)


@command(app, "delete", bulk=True)
def delete_tasks(
    cli: Cli,
    task_ids: IdsArgument,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for the record.")] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Delete tasks."""
    from ..bulk import confirmed, each

    ids = confirmed(cli, "delete task", task_ids, yes=yes, dry_run=dry_run)
    if ids is not None:
        each(cli, ids, lambda task_id: cli.client.tasks.delete(task_id, reason=reason))


@command(app, "assign", bulk=True)
def assign_tasks(
    cli: Cli,
    task_ids: IdsArgument,
    agent_id: Annotated[str, typer.Option("--agent", metavar="ID", help="Agent that shall do them.")],
    priority: PriorityOption = None,
    due_date: DueOption = None,
) -> None:
    """Assign tasks to an agent."""
    from ..bulk import each
    from ..views import task_fields

    given = {"priority": priority, "due_date": due_date}
    sent: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    each(cli, task_ids, lambda task_id: cli.client.tasks.assign(task_id, agent_id, **sent), task_fields)


@command(app, "comment")
def comment_on_task(
    cli: Cli,
    task_id: IdArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; - reads standard input.")],
    mentions: Annotated[
        list[str] | None,
        typer.Option("--mention", metavar="USER-ID", help="Tell this user; may be repeated."),
    ] = None,
) -> None:
    """Comment on a task."""
    content = sys.stdin.read().strip() if text == "-" else text
    sent: dict[str, Any] = {"mentions": mentions} if mentions else {}
    cli.show(cli.client.tasks.add_comment(task_id, content, **sent))


@command(app, "attach")
def attach_file(
    cli: Cli,
    task_id: IdArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What to attach; - reads standard input, and needs --name.")
    ],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name. [default: the file's]")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it shows.")] = None,
    content_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Its media type. [default: by its name]")
    ] = None,
) -> None:
    """Attach a file to a task."""
    from ..uploading import progress_shown

    if file == "-" and name is None:
        raise UsageError("a file from standard input needs a name: give --name")
    sent: dict[str, Any] = {} if description is None else {"description": description}
    content = iter(lambda: sys.stdin.buffer.read(65536), b"") if file == "-" else Path(file)
    with progress_shown() as progress:
        attached = cli.client.tasks.upload_file(
            task_id, content, filename=name, content_type=content_type, progress=progress, **sent
        )
    cli.show(attached)


@command(app, "start", bulk=True)
def start_tasks(cli: Cli, task_ids: IdsArgument) -> None:
    """Set tasks to work: status active."""
    _change(cli, task_ids, {"status": "active"})


@command(app, "complete", bulk=True)
def complete_tasks(cli: Cli, task_ids: IdsArgument, actual_hours: ActualOption = None) -> None:
    """End tasks as done: status completed."""
    hours = {} if actual_hours is None else {"actual_hours": actual_hours}
    _change(cli, task_ids, {"status": "completed", **hours})


@command(app, "fail", bulk=True)
def fail_tasks(cli: Cli, task_ids: IdsArgument) -> None:
    """End tasks as not done: status failed."""
    _change(cli, task_ids, {"status": "failed"})


@command(app, "cancel", bulk=True)
def cancel_tasks(cli: Cli, task_ids: IdsArgument) -> None:
    """End tasks as no longer wanted: status cancelled."""
    _change(cli, task_ids, {"status": "cancelled"})


@command(app, "wait")
def wait_for_tasks(
    cli: Cli,
    task_ids: IdsArgument,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, metavar="SECONDS", help="Give up then, with exit code 8.")
    ] = None,
) -> None:
    """Wait until the last task has ended, and show them; the exit code tells how, as that of watch does."""
    from ..bulk import ids_of
    from ..watching import awaited

    awaited(cli, ids_of(task_ids), timeout)


@command(app, "watch")
def watch_tasks(cli: Cli, task_ids: IdsArgument) -> None:
    """Watch tasks until the last has ended; the exit code tells how.

    0: all completed, 20: one failed, 21: one was cancelled, 22: one was deleted, 3: one does not exist.
    """
    from ..bulk import ids_of
    from ..watching import followed

    followed(cli, ids_of(task_ids))


def _change(cli: Cli, task_ids: list[str], given: dict[str, Any]) -> None:
    from ..bulk import each
    from ..views import task_fields

    if not given:
        raise UsageError("there is nothing to change: give a field, such as --title TEXT")
    each(cli, task_ids, lambda task_id: cli.client.tasks.update(task_id, given), task_fields)
