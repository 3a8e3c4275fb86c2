"""Tables: what gives way on a narrow terminal, and what never does."""

import re
from datetime import UTC, datetime

import pytest

from coordinaitor_cli.output.table import Size, cell, fitted, percent, total


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (8.0, "8"),
        (3.25, "3.25"),
        (["a", "b\n"], "a, b"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02T03:04:05Z"),
        (datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), "2024-01-02T03:04:05.678Z"),
        (datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2024-01-02T03:04:05.678901Z"),
        ({"odd": 1}, "{'odd': 1}"),
    ],
)
def test_cell(value, text):
    """Any value fits on one line; odd ones as they are."""
    assert cell(value) == text


def test_percent_of_what_is_no_number():
    """It stays readable."""
    assert (percent(0.4), percent("half"), percent(None)) == ("40%", "half", "")


def test_the_widest_column_gives_way_first():
    """None goes below its least width."""
    sizes = [Size(9, 9), Size(40, 12), Size(20, 12)]
    assert fitted(sizes, 100) == [9, 40, 20]
    assert fitted(sizes, 63) == [9, 30, 20]
    assert fitted(sizes, 45) == [9, 16, 16]
    assert total(fitted(sizes, 45)) == 45
    assert fitted(sizes, 10) == [9, 12, 12]


LONG_ID = "task-" + "0123456789" * 6


def tasks(title="A title that is a good deal longer than a narrow terminal is wide"):
    return {
        "success": True,
        "data": [
            {
                "id": LONG_ID,
                "title": title,
                "status": "active",
                "priority": "high",
                "progress": 0.5,
                "assignedAgent": {"name": "An agent with a long name"},
            }
        ],
        "pagination": {"page": 1, "limit": 20, "total": 1, "pages": 1, "hasNext": False},
    }


def plain(shown):
    """What is left without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "")


@pytest.mark.parametrize("columns", [40, 120])
def test_ids_are_whole_at_any_width(cli, stub, columns):
    """A narrow terminal breaks the line rather than cut an id."""
    stub.says(tasks())
    terminal = cli.use(stub).at_terminal("tasks", "list", columns=columns)
    assert terminal.end() == 0
    assert LONG_ID in plain(terminal.shown).replace("\n", "")


def test_titles_are_cut_on_a_terminal_only(cli, stub):
    """Off a terminal nothing is cut, whatever COLUMNS says."""
    answer = tasks()
    answer["data"][0]["id"] = "task-1"
    stub.says(answer)
    terminal = cli.use(stub).at_terminal("tasks", "list")
    assert terminal.end() == 0
    lines = plain(terminal.shown).splitlines()
    assert lines[0].split() == ["ID", "STATUS", "PRIORITY", "PROGRESS", "AGENT", "TITLE"]
    assert lines[1].endswith("…")
    assert max(map(len, lines)) <= 80
    assert answer["data"][0]["title"] in cli("tasks", "list", COLUMNS="20").stdout


def test_markup_and_escapes_in_data_are_shown_as_they_are(cli, stub):
    """A title can neither colour, clear nor hide anything."""
    stub.says(tasks("[bold]x[/] :smile: \x1b]0;owned\x07 \x1b[2J"))
    terminal = cli.use(stub).at_terminal("tasks", "list", columns=200)
    assert terminal.end() == 0
    assert "[bold]x[/] :smile: ␛]0;owned␇ ␛[2J" in terminal.shown
    assert "\x1b]0;" not in terminal.shown
    assert "\x1b[2J" not in terminal.shown


def test_no_color_is_honoured(cli, stub):
    """With NO_COLOR a terminal gets no colours."""
    stub.says(tasks())
    coloured, plain_one = (
        cli.use(stub).at_terminal("tasks", "list", columns=200, **env) for env in ({}, {"NO_COLOR": "1"})
    )
    assert (coloured.end(), plain_one.end()) == (0, 0)
    assert "\x1b[36m" in coloured.shown
    assert not re.search(r"\x1b\[(3|4|9)\d", plain_one.shown)


def test_nothing_found_is_a_remark_on_a_terminal(cli, server):
    """Off a terminal an empty table is empty."""
    terminal = cli.use(server).at_terminal("tasks", "list", "--search", "zzzzzz")
    assert (terminal.end(), terminal.shown) == (0, "nothing found\r\n")
    done = cli("tasks", "list", "--search", "zzzzzz")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
