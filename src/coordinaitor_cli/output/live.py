"""The live table of watched tasks: state, agent, progress, elapsed time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from ..signals import unwinding
from ..views import agent_of, failure_of
from .table import LEAST_WIDTH, STATE_STYLES, Size, aligned, cell, fitted, open_console, total

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

    from coordinaitor_sdk import TaskUpdate

_WIDE: Final = 100
_BAR: Final = 12
_WIDE_BAR: Final = 24
_STATE: Final = len("completed")  # no jumping sideways when states change
_FRAME: Final = 3  # titles, "and 5 more", and the line of the cursor
_ELAPSED: Final = len("ELAPSED")
_REFRESHES_PER_SECOND: Final = 8


@dataclass(slots=True)
class _Row:
    """One task as it is shown; `since` and `until` are Unix times."""

    task_id: str
    title: str = ""
    state: str = "…"
    agent: str = ""
    progress: float = 0.0
    since: float | None = None
    until: float | None = None
    ended: bool = False
    error: str | None = None

    def elapsed(self, now: float) -> str:
        """Time from the task's creation to its end, or until now."""
        if self.since is None:
            return ""
        end = now if self.until is None else self.until
        return clock(max(0.0, end - self.since))


def clock(seconds: float) -> str:
    """Seconds as `0:07`, `12:30`, `1:02:03` or `3d 4h`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour}h"
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


class Board:
    """The table; a Rich renderable that reads the time whenever it is drawn.

    Args:
        task_ids: the tasks, in the order of their rows.
        with_ids: whether each row begins with the task's id.
    """

    def __init__(self, task_ids: Sequence[str], *, with_ids: bool) -> None:
        self._rows = {task_id: _Row(cell(task_id)) for task_id in task_ids}
        self._with_ids = with_ids
        self.is_final = False

    def see(self, update: TaskUpdate, state: str) -> None:
        """Take a change."""
        row = self._rows[update.task_id]
        row.state, row.ended = state, update.is_final
        row.progress = update.progress
        task = update.task
        if task is None:
            return
        row.title = cell(task.title)
        row.agent = cell(agent_of(task))
        row.since = _moment(task.created_at)
        if row.ended:
            row.until = _moment(task.completed_at) or _moment(task.updated_at) or time.time()
        if update.type == "error":
            row.error = failure_of(task) or cell(update.error)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = list(self._rows.values())
        named = "task_id" if self._with_ids else "title"
        errors = [Text(f"{getattr(row, named)}: {row.error}", "red") for row in rows if row.error]
        room = len(rows)
        if not self.is_final:
            errors = errors[-max(1, options.max_height // 4) :]
            room = max(1, options.max_height - len(errors) - _FRAME)
        shown = rows if len(rows) <= room else sorted(rows, key=lambda row: row.ended)[:room]
        parts: list[Any] = [self._table(shown, options.max_width)]
        if len(shown) < len(rows):
            parts.append(Text(f"and {len(rows) - len(shown)} more", "dim"))
        yield Group(*parts, *errors)

    def _table(self, rows: Sequence[_Row], width: int) -> Table:
        wide = width >= _WIDE
        bar = _WIDE_BAR if wide else _BAR
        leading = ["ID"] if self._with_ids else []
        leading += ["TASK"] if wide or not self._with_ids else []
        now = time.time()
        texts = [[*_leading(row, leading), row.state, row.agent, row.elapsed(now)] for row in rows]
        titles = [*leading, "STATE", "AGENT", "PROGRESS", "", "ELAPSED"]
        sizes = [_size(title, [text[at] for text in texts]) for at, title in enumerate(titles[:-3])]
        longest = max(_ELAPSED, *(len(text[-1]) for text in texts))
        sizes += [Size(bar, bar), Size(4, 4), Size(longest, longest)]
        widths = fitted(sizes, width)
        if self._with_ids:  # the last to give way; wider lines than the terminal's would spoil the drawing
            widths[0] = max(1, widths[0] - max(0, total(widths) - width))
        table = aligned(titles, widths)
        for row, (*shown, state, agent, elapsed) in zip(rows, texts, strict=True):
            style = STATE_STYLES.get(state, "")
            share = Text(f"{row.progress:.0%}", justify="right")
            texted = [Text(text) for text in shown]
            time_text = Text(elapsed, justify="right")
            table.add_row(*texted, Text(state, style), Text(agent), _bar(row, bar, style), share, time_text)
        return table


def _leading(row: _Row, titles: Sequence[str]) -> list[str]:
    return [row.task_id if title == "ID" else row.title for title in titles]


def _size(title: str, texts: Sequence[str]) -> Size:
    width = max(cell_len(text) for text in (title, *texts))
    if title == "STATE":
        width = max(width, _STATE)
    return Size(width, min(width, LEAST_WIDTH) if title in {"TASK", "AGENT"} else width)


def _bar(row: _Row, width: int, style: str) -> ProgressBar:
    return ProgressBar(
        total=1.0,
        completed=min(max(row.progress, 0.0), 1.0),
        width=width,
        complete_style=style or "cyan",
        finished_style=style or "green",
    )


def _moment(value: Any) -> float | None:
    """A date of the server's as Unix time; None where it isn't one with an offset."""
    return value.timestamp() if isinstance(value, datetime) and value.tzinfo is not None else None


@contextmanager
def shown_live(board: Board, *, transient: bool = False) -> Generator[None]:
    """Draw the board several times a second; at the end it stands whole, or goes if `transient`."""
    live = Live(board, console=open_console(), refresh_per_second=_REFRESHES_PER_SECOND, transient=transient)
    with unwinding():
        try:
            # Not `with live`: Ctrl-C within its start would leave the cursor hidden.
            live.start(refresh=True)
            yield
            board.is_final = True
            live.refresh()
        finally:
            live.stop()
