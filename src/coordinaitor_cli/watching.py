"""Following tasks: live on a terminal, else a line a change; and the exit code that their ends make."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import typer

from .errors import CommandError, Exit
from .output import Format, is_live, put, remark, show_json, show_list
from .output.table import cell, percent
from .views import agent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coordinaitor_sdk import Task, TaskUpdate, TaskWatch

    from .context import Cli

# Which end decides, where tasks ended in several ways.
_EXIT_CODES: Final = (
    ("error", Exit.TASK_FAILED),
    ("cancelled", Exit.TASK_CANCELLED),
    ("deleted", Exit.TASK_DELETED),
    ("missing", Exit.NOT_FOUND),
)
_STATES: Final = {"error": "failed", "completed": "completed", "cancelled": "cancelled", "deleted": "deleted"}


def followed(cli: Cli, task_ids: Sequence[str]) -> None:
    """Show each change of tasks until the last has ended.

    Raises:
        typer.Exit: always; its code tells how they ended.
    """
    watch = cli.client.tasks.watch_many(task_ids)
    if cli.output in {Format.JSON, Format.JSONL}:
        ends = follow_json(watch)
    else:
        ends = follow_live(watch) if is_live() and cli.output is Format.TABLE else follow_lines(watch)
    raise typer.Exit(exit_code(ends))


def awaited(cli: Cli, task_ids: Sequence[str], timeout: float | None) -> None:
    """Wait until the last of the tasks has ended, and show them.

    Raises:
        CommandError: code 8, time is up.
        typer.Exit: otherwise always; its code tells how they ended.
    """
    from .views import TASK_COLUMNS

    ended: dict[str, Task | None] = {}
    ends: list[str] = []
    with cli.client.tasks.watch_many(task_ids) as watch:
        timer = threading.Timer(timeout, watch.close) if timeout is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        for update in watch:
            if update.is_final:
                ended[update.task_id] = update.task
            _note_end(update, ends)
    tasks = [task for task in ended.values() if task is not None]
    show_list(tasks, TASK_COLUMNS, cli.output, cli.select)
    if len(ended) < len(set(task_ids)):
        left = [task_id for task_id in task_ids if task_id not in ended]
        raise CommandError(f"not ended after {timeout:g} s: {', '.join(left)}", code=Exit.TIMEOUT)
    raise typer.Exit(exit_code(ends))


def exit_code(ends: Iterable[str]) -> Exit:
    """The exit code for how tasks ended; see `end_of`."""
    seen = set(ends)
    return next((code for end, code in _EXIT_CODES if end in seen), Exit.OK)


def end_of(update: TaskUpdate) -> str | None:
    """How the task ended: `completed`, `error`, `cancelled`, `deleted`, `missing`; None while it goes on."""
    if not update.is_final:
        return None
    return "missing" if update.type == "deleted" and update.task is None else update.type


def state_of(update: TaskUpdate) -> str:
    """The state to show: ends in the API's words, others as the server names them."""
    if update.type == "deleted" and update.task is None:
        return "missing"
    return _STATES.get(update.type) or cell(update.task.status if update.task else None)


def line_of(update: TaskUpdate) -> str:
    """A change as one aligned line of text."""
    task = update.task
    agent = cell(agent_of(task)) if task else ""
    title = cell(task.title) if task else ""
    parts = [cell(update.task_id), f"{state_of(update):<9}"]
    parts += [f"{percent(update.progress):>4}", f"{agent or '-':<30}", title] if task else []
    if update.error:
        parts.append(f"error: {cell(update.error)}")
    return "  ".join(parts).rstrip()


def follow_json(watch: TaskWatch) -> list[str]:
    """One JSON object a line and change; returns the tasks' ends."""
    ends: list[str] = []
    for update in watch:
        show_json(
            {
                "type": update.type,
                "taskId": update.task_id,
                "progress": update.progress,
                "error": update.error,
                "task": update.task.to_dict() if update.task else None,
            },
            indent=None,
        )
        _note_end(update, ends)
    return ends


def follow_lines(watch: TaskWatch) -> list[str]:
    """One line of text a change; returns the tasks' ends."""
    ends: list[str] = []
    for update in watch:
        put(line_of(update))
        _note_end(update, ends)
    return ends


def follow_live(watch: TaskWatch) -> list[str]:
    """A table that changes with the tasks, and stays when they have ended; returns their ends."""
    from .output.live import Board, shown_live

    ends: list[str] = []
    board = Board(watch.task_ids, with_ids=True)
    with shown_live(board):
        for update in watch:
            board.see(update, state_of(update))
            _note_end(update, ends)
    return ends


def _note_end(update: TaskUpdate, ends: list[str]) -> None:
    end = end_of(update)
    if end is not None:
        ends.append(end)
        if end == "missing":
            remark(f"error: there is no task {update.task_id}")
