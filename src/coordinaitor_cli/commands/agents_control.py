"""`coordinaitor server agents`: the simulated agents of a world, moved by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from ..options import OutputOption
from ..output import Format, remark, show_one
from .control import URL, UrlOption, WorldOption, controlling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinaitor_sdk.testing import AgentStep

    from ..output.table import Field

agents: typer.Typer = typer.Typer(
    help="Simulated agents of a running server that work by hand.", no_args_is_help=True
)


@agents.callback()
def _group() -> None:
    """Simulated agents of a running server that work by hand."""


@agents.command("step")
def step(
    world: WorldOption,
    task: Annotated[
        str | None, typer.Option("--task", metavar="ID", help="Which task. [default: the one that is next]")
    ] = None,
    progress: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Bring it to this progress, 0 to 1.")
    ] = None,
    complete: Annotated[bool, typer.Option("--complete", help="Complete it.")] = False,
    fail: Annotated[
        str | None, typer.Option("--fail", metavar="MESSAGE", help="Let it fail with this error.")
    ] = None,
    code: Annotated[str, typer.Option(metavar="CODE", help="Code of that error.")] = "AGENT_ERROR",
    url: UrlOption = URL,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let a task make one move: its own next step, or what is told."""
    if [progress is not None, complete, fail is not None].count(True) > 1:
        raise UsageError("--progress, --complete and --fail can't be given together: leave all but one out")
    with controlling(url) as control:
        moved = control.step(
            world, task=task, progress=progress, complete=complete, fail=fail, code=code if fail else None
        )
        if moved.task is None:
            remark("nothing is to be done: no task waits, and none is worked on")
        if moved.task is not None or output is not Format.TABLE:
            show_one(moved, _fields, output)


def _fields(moved: AgentStep) -> Iterator[Field]:
    if moved.task is not None:
        yield "Task", moved.task.id
        yield "Title", moved.task.title
        yield "Status", moved.task.status
        yield "Progress", moved.task.progress
        yield "Agent", moved.task.agent_id
