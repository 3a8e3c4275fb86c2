"""How data is printed: formats, selections, order, colours; the same for every command."""

import csv
import io
import json

import pytest
import yaml

from coordinaitor_cli.listing import ordered
from coordinaitor_cli.options import asks_for_json, hoisted
from coordinaitor_cli.output.records import put_csv, put_yaml
from coordinaitor_cli.output.selection import Selection, value_at


@pytest.fixture
def seeded(cli, idle_server):
    return cli.use(idle_server)


@pytest.fixture
def answers(cli, stub):
    """Commands to a server that has one task, with a title of one's choice."""

    def answer(title="A title", **fields):
        task = {"id": "t-1", "title": title, "status": "active", **fields}
        stub.says({"success": True, "data": [task], "pagination": {"page": 1, "hasNext": False}})
        return cli.use(stub)

    return answer


def test_every_format_has_the_same_tasks(seeded):
    """JSON, JSON lines, YAML, CSV, TSV and ids agree."""
    arguments = ("tasks", "list", "--project", "proj-456")
    printed = {
        form: seeded(*arguments, "-o", form).stdout for form in ("json", "jsonl", "yaml", "csv", "tsv")
    }
    (task,) = json.loads(printed["json"])
    assert task["id"] == "task-123"
    assert json.loads(printed["jsonl"]) == task
    assert printed["jsonl"].count("\n") == 1
    assert yaml.safe_load(printed["yaml"]) == [task]
    (row,) = csv.DictReader(io.StringIO(printed["csv"]))
    assert list(row.values()) == printed["tsv"].rstrip("\n").split("\t")
    assert (row["id"], row["title"]) == ("task-123", task["title"])
    assert seeded(*arguments, "-o", "id").stdout == "task-123\n"


def test_one_object_in_every_format(seeded):
    """As an object, or a line a field."""
    task = seeded.json("tasks", "get", "task-123")
    assert json.loads(seeded("tasks", "get", "task-123", "-o", "jsonl").stdout) == task
    assert yaml.safe_load(seeded("tasks", "get", "task-123", "-o", "yaml").stdout) == task
    rows = list(csv.reader(io.StringIO(seeded("tasks", "get", "task-123", "-o", "csv").stdout)))
    assert rows[:2] == [["field", "value"], ["ID", "task-123"]]


@pytest.mark.parametrize(
    ("form", "nothing"),
    [("json", "[]\n"), ("jsonl", ""), ("yaml", "[]\n"), ("tsv", ""), ("id", "")],
)
def test_nothing_is_no_sentence(seeded, form, nothing):
    """An empty list is `[]`, or no lines."""
    done = seeded("tasks", "list", "--search", "no such words anywhere", "-o", form)
    assert (done.returncode, done.stdout, done.stderr) == (0, nothing, "")


def test_shared_options_at_any_position(seeded):
    """Before the group, before the command, behind it."""
    expected = seeded("tasks", "list", "--limit", "1", "-o", "id").stdout
    for arguments in (
        ["-o", "id", "tasks", "list", "--limit", "1"],
        ["--limit=1", "tasks", "-o", "id", "list"],
    ):
        assert seeded(*arguments).stdout == expected


def test_hoisting_leaves_alone_what_is_the_commands_own():
    """Options behind the first of another kind stay; nothing is lost."""
    assert hoisted(["-o", "json", "tasks", "get", "x"]) == ["tasks", "get", "x", "-o", "json"]
    assert hoisted(["tasks", "create", "--title", "-o"]) == ["tasks", "create", "--title", "-o"]
    assert hoisted(["--version"]) == ["--version"]
    assert asks_for_json(["tasks", "-ojson"])
    assert not asks_for_json(["tasks", "-o", "yaml"])


def test_fields(seeded):
    """Paths in either spelling, in their order; a list of them in every format."""
    arguments = ("tasks", "get", "task-123", "--fields", "title,assignedAgent.name,project_id")
    values = ["Implement user authentication", "Senior Developer Bot", "proj-456"]
    assert list(seeded.json(*arguments).values()) == values
    assert [line.split("\t")[1] for line in seeded(*arguments).stdout.splitlines()] == values
    done = seeded("tasks", "list", "--project", "proj-456", "--fields", "title,tags", "-o", "csv")
    assert done.stdout.splitlines()[0] == "title,tags"


def test_field_that_is_none(seeded, fails):
    """A typo is told, with what there is."""
    (line,) = fails(seeded("tasks", "list", "--fields", "id,titel"), 2)
    assert line.startswith("error: --fields: there is no field titel; there are ")
    assert "title" in line
    for listed in (("tasks", "list"), ("webhooks", "events")):
        (line,) = fails(seeded(*listed, "--sort", "-nope"), 2)
        assert line.startswith("error: --sort: there is no field nope; there are ")


def test_jq(seeded, fails):
    """Texts as they are, all else as JSON; a program that isn't one is told."""
    done = seeded("tasks", "list", "--project", "proj-456", "--jq", ".[] | .id, .progress")
    assert done.stdout == "task-123\n0.4\n"
    (line,) = fails(seeded("tasks", "list", "--jq", ".["), 2)
    assert line.startswith("error: --jq: ")
    fails(seeded("tasks", "list", "--jq", ".", "-o", "csv"), 2)


def test_sort_by_any_field(seeded):
    """By what the server doesn't sort by, all are fetched before some are shown."""
    titles = [row["title"] for row in seeded.json("tasks", "list", "--all", "--fields", "title")]
    done = seeded("tasks", "list", "--sort", "-title", "--limit", "2", "--fields", "title")
    assert done.stdout.splitlines() == sorted(titles, reverse=True)[:2]
    assert done.stderr == f"showing 2 of {len(titles)}; --all shows all\n"


def test_order_of_what_is_missing():
    """What lacks the field comes last, in both directions; numbers are numbers."""
    rows = [{"n": 10}, {}, {"n": 9}]
    assert ordered(rows, "n") == [{"n": 9}, {"n": 10}, {}]
    assert ordered(rows, "-n") == [{"n": 10}, {"n": 9}, {}]


def test_paths():
    """Through objects and lists; None where nothing is."""
    value = {"a": {"bC": [{"d": 1}]}, "x.y": 2}
    assert value_at(value, "a.b_c.0.d") == 1
    assert value_at(value, "x.y") == 2
    assert value_at(value, "a.b_c.7.d") is None
    assert Selection.of("a, x.y", None).fields == ("a", "x.y")


def test_formulas_are_no_formulas_in_csv(capsys):
    """What a spreadsheet would compute is text; numbers stay numbers."""
    put_csv(("a",), [["=1+1"], ["+cmd"], ["-3.5"], ["@x"], ["-x"], ["1"]])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert [row[0] for row in rows] == ["a", "'=1+1", "'+cmd", "-3.5", "'@x", "'-x", "1"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml", "csv", "tsv"])
def test_terminal_obeys_nothing_in_any_format(answers, form):
    """Escape and direction characters of a server's text are shown, never written."""
    title = "\x1b]0;owned\x07 [bold] \u202egnp.exe\x9b31m"
    cli = answers(title)
    shown = cli("tasks", "list", "-o", form).stdout
    assert not set("\x1b\x07\u202e\x9b") & set(shown)
    assert "[bold]" in shown
    assert not set("\x1b\x07\u202e\x9b") & set(cli("tasks", "list", "--jq", ".[].title").stdout)


def test_yaml_reads_back_what_it_escapes(capsys):
    """Escaped is not changed."""
    put_yaml({"title": "\x1b \u202e \u00fc"})
    assert yaml.safe_load(capsys.readouterr().out) == {"title": "\x1b \u202e \u00fc"}


def test_colours_off_a_terminal(answers):
    """Only where they are forced; --color beats NO_COLOR, which beats FORCE_COLOR."""
    cli = answers()
    for arguments, env, coloured in (
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ):
        assert ("\x1b[36mactive" in cli("tasks", "list", *arguments, **env).stdout) is coloured


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_no_colours_at_a_terminal_that_wants_none(answers, env):
    """TERM=dumb and NO_COLOR leave plain text."""
    terminal = answers().at_terminal("tasks", "list", **env)
    assert terminal.end() == 0
    assert "\x1b" not in terminal.shown


def test_no_animation_in_ci(cli, idle_server):
    """With CI set a watch is one line a change, at a terminal too."""
    terminal = cli.use(idle_server).at_terminal("tasks", "watch", "task-789", CI="true", columns=200)
    assert terminal.end() == 0
    assert terminal.shown.startswith("task-789  completed")
    assert "\x1b[?25l" not in terminal.shown


def test_error_as_json(seeded):
    """With -o json one object on standard error, nothing on standard output."""
    done = seeded("tasks", "create", "--title", "x", "--priority", "urgent", "-o", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, done.stdout, error["exitCode"]) == (7, "", 7)
    assert error["details"] == {"--priority": ["must be one of: low, medium, high"]}
    assert error["requestId"].startswith("req-")
    assert (error["profile"], error["profileSource"]) == ("default", "default")
    wrong = seeded("-o", "json", "tasks", "get")
    assert json.loads(wrong.stderr)["error"]["message"] == "Missing argument 'ID'."
    assert json.loads(wrong.stderr)["error"]["exitCode"] == wrong.returncode == 2


def test_debug_tells_requests_without_secrets(seeded, idle_server):
    """A line for each call on standard error; no credential in it."""
    done = seeded("--debug", "tasks", "get", "task-123", "-o", "id")
    assert done.stdout == "task-123\n"
    assert "debug: GET /api/v1/tasks/task-123 200 in " in done.stderr
    assert idle_server.api_key not in done.stderr


def test_debug_tells_a_session_without_secrets(cli, idle_server):
    """Login, renewal and a refused call: neither password nor tokens, in trace and traceback."""
    done = cli(
        *("auth", "login", "--base-url", idle_server.url, "--email", "admin@orchestrator.com"),
        *("--password-stdin", "--debug"),
        stdin="admin123\n",
    )
    traced = done.stderr + cli("auth", "refresh", "--debug").stderr
    traced += cli("tasks", "get", "task-none", "--debug").stderr
    kept = json.loads((cli.config / "credentials" / "default.json").read_text())
    secrets = ("admin123", kept["access_token"], kept["refresh_token"])
    assert all(f"/auth/{call} 200 in " in traced for call in ("login", "refresh"))
    assert "Traceback" in traced
    assert [secret for secret in secrets if secret in traced] == []
