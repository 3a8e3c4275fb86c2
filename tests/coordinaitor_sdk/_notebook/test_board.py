"""What a live output shows of the updates that come."""

import os
import subprocess
import sys

from coordinaitor_sdk import Agent, AgentUpdate, Task, TaskUpdate
from coordinaitor_sdk._notebook.board import Board


def update(task_id, kind="progress", progress=0.0, **fields):
    task = Task(
        id=task_id, title="<b>x</b>", progress=progress, status=fields.pop("status", "active"), **fields
    )
    return TaskUpdate(kind, task_id, task, "push")


def filled(total, *updates, state="live"):
    board = Board(total)
    board.take(updates, state)
    return board


def test_the_newest_state_of_each_task_is_shown():
    """Escaped."""
    html = filled(1, update("t", progress=0.2), update("t", progress=0.4)).html()
    assert "40%" in html
    assert "20%" not in html
    assert "<b>x</b>" not in html


def test_one_that_failed_tells_why():
    """As `update.error` does."""
    failed = TaskUpdate("error", "t", Task(id="t", status="failed", error={"message": "<disk> full"}), "push")
    assert "&lt;disk&gt; full" in filled(1, failed).html()


def test_agents_and_projects_are_shown_by_name():
    """They have no progress of their own."""
    board = Board(1, "agent")
    board.take([AgentUpdate("status", "a", Agent(id="a", name="<i>", status="online"), "push")], "live")
    html = board.html()
    assert "agent" in html
    assert "&lt;i&gt;" in html
    assert "online" in html


def test_a_task_that_was_never_seen_is_shown_as_deleted():
    """It has no state and no title."""
    assert "<td>deleted</td>" in filled(1, TaskUpdate("deleted", "t", None, "snapshot")).html()


def test_the_whole_is_the_mean_of_all_tasks():
    """What has ended counts as done, what was not seen yet as not begun."""
    board = filled(4, update("a", progress=0.5), update("b", "cancelled", progress=0.1))
    assert board.fraction == 0.375
    assert "1 of 4 ended" in board.html()
    assert filled(None).fraction == 0.0


def test_of_many_those_that_run_come_first():
    """Twenty rows."""
    board = filled(
        5000, *(update(f"e{n}", "completed") for n in range(50)), *(update(f"r{n}") for n in range(15))
    )
    html = board.html()
    assert html.count("<tr>") == 21
    assert all(f"<td>r{n}</td>" in html for n in range(15))
    assert "and 45 more" in html


def test_a_server_that_is_away_is_told():
    """Until it is there again."""
    board = filled(1, update("t"), state="stale")
    assert "out of date" in board.html()
    board.take([], "live")
    assert "out of date" not in board.html()


def test_a_terminal_has_the_repr(tmp_path):
    """IPython there has no outputs that could change."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from coordinaitor_sdk import Coordinaitor\n"
        "watch = Coordinaitor(api_key='k').tasks.watch('t')\n"
        "print(InteractiveShell.instance().display_formatter.format(watch)[0])"
    )
    command = [sys.executable, "-c", code]
    environment = os.environ | {"IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=True)
    assert done.stdout == "{'text/plain': '<TaskWatch of t: open>'}\n"
