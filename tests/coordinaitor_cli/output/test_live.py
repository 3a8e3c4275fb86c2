"""The live table, drawn without a terminal."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from coordinaitor_cli.output.live import Board, clock
from coordinaitor_cli.watching import state_of
from coordinaitor_sdk import Task, TaskUpdate

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def update(task_id, kind="progress", **fields):
    """A change of a task."""
    fields = {
        "title": f"Title of {task_id}",
        "status": "active",
        "progress": 0.4,
        "created_at": BEGAN,
        **fields,
    }
    return TaskUpdate(kind, task_id, Task(id=task_id, **fields), "push")


def drawn(board, width=80, height=24):
    """The board's lines."""
    out = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    out.print(board, height=height)
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def see(board, *updates):
    for one in updates:
        board.see(one, state_of(one))


@pytest.mark.parametrize("width", [80, 120])
def test_a_row_tells_state_agent_progress_and_time(width):
    """The time stands still when the task has ended."""
    board = Board(["task-1"], with_ids=True)
    ended = {"status": "completed", "progress": 1.0, "completed_at": BEGAN + timedelta(seconds=67)}
    see(board, update("task-1", "completed", agent_id="agent-7", **ended))
    titles, row = drawn(board, width)
    assert titles.split()[0] == "ID"
    assert row.split()[0] == "task-1"
    assert all(word in row for word in ("completed", "agent-7", "━━━━━━━━━━━━", "100%", "1:07"))
    assert ("Title of task-1" in row) == (width == 120)


def test_why_a_task_failed_stands_below():
    """Under the table, after the task's title or id."""
    for with_ids, name in ((True, "task-1"), (False, "Title of task-1")):
        board = Board(["task-1"], with_ids=with_ids)
        see(board, update("task-1", "error", status="failed", error={"message": "It\x1b[31m broke"}))
        assert drawn(board)[-1] == f"{name}: It␛[31m broke"


def test_more_tasks_than_lines():
    """Those that go on come first; at the end all stand there."""
    board = Board([f"task-{number}" for number in range(50)], with_ids=True)
    see(board, *(update(f"task-{number}") for number in range(50)))
    see(board, *(update(f"task-{number}", "completed", status="completed") for number in range(40)))
    lines = drawn(board, height=12)
    assert len(lines) <= 11
    assert lines[1].startswith("task-40")
    assert lines[-1].startswith("and 4")
    board.is_final = True
    assert len(drawn(board, height=12)) == 51


@pytest.mark.parametrize("width", [60, 80])
def test_long_ids_go_on_below(width):
    """An id is never shortened, and no line is wider than the terminal."""
    long_id = "task-" + "0123456789" * 6
    board = Board([long_id], with_ids=True)
    see(board, update(long_id, agent_id="agent-with-a-long-name"))
    lines = drawn(board, width)
    assert max(map(len, lines)) <= width
    assert "".join(line.split(" ")[0] for line in lines[1:]) == long_id


def test_markup_in_data_is_text():
    """Titles and agents are shown as they are."""
    board = Board(["task-1"], with_ids=False)
    see(board, update("task-1", title="[red]x[/red]", assigned_agent={"name": "[b]y"}))
    assert "[red]x[/red]" in drawn(board)[1]
    assert "[b]y" in drawn(board)[1]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (67.9, "1:07"), (3600, "1:00:00"), (90061, "1d 1h")]
)
def test_clock(seconds, text):
    """Elapsed time stays short."""
    assert clock(seconds) == text
