"""`coordinaitor tasks`, against the real server."""

import json
import re

import pytest

from coordinaitor_sdk import Coordinaitor

SEEDED = {"task-123", "task-456", "task-789", "task-790", "task-791"}


@pytest.fixture
def seeded(cli, idle_server):
    """Commands to a server whose tasks stay as they are."""
    return cli.use(idle_server)


def ids(rows):
    """The ids of JSON objects, or of TSV lines."""
    return (
        {row["id"] for row in rows}
        if isinstance(rows, list)
        else {r.split("\t")[0] for r in rows.splitlines()}
    )


def create(server, **fields):
    """Create a task; its id."""
    with Coordinaitor(server.url, api_key=server.api_key) as client:
        return client.tasks.create(title="Made by a test", **fields).id


def test_list_off_a_terminal_is_tsv(seeded):
    """One line a task, six columns, no colour, no title line."""
    done = seeded("tasks", "list", "--project", "proj-456")
    assert done.stdout == "task-123\tactive\thigh\t40%\tSenior Developer Bot\tImplement user authentication\n"
    assert done.stderr == ""


def test_list_in_json_is_what_the_server_sent(seeded):
    """An array of whole tasks, under the wire's names."""
    (task,) = seeded.json("tasks", "list", "--project", "proj-456")
    assert task["assignedAgent"] == {"id": "agent-789", "name": "Senior Developer Bot", "type": "coding"}
    assert task["createdBy"] == "user-123"


@pytest.mark.parametrize("position", [0, 1, 2])
def test_output_may_stand_anywhere(seeded, position):
    """Before, between and behind other words of the command."""
    words = ["--project=proj-456", "--status=active"]
    words.insert(position, "-ojson")
    assert ids(json.loads(seeded("tasks", "list", *words).stdout)) == {"task-123"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--status", "failed"], {"task-790"}),
        (["--priority", "high"], {"task-123"}),
        (["--project", "proj-123", "--agent", "agent-123"], {"task-789"}),
        (["--search", "dashboard"], {"task-456"}),
        (["--tag", "frontend", "--tag", "dashboard"], {"task-456"}),
        (["--created-after", "2124-01-01T00:00:00Z"], set()),
        (["--created-before", "2024-01-01T00:00:00+01:00"], set()),
    ],
)
def test_every_filter(seeded, filters, found):
    """Each documented filter is an option; nothing found is `[]`."""
    done = seeded("tasks", "list", *filters, "-o", "json")
    assert ids(json.loads(done.stdout)) & SEEDED == found
    assert found or done.stdout == "[]\n"


def test_sorting(seeded):
    """By the documented fields, in both directions."""
    up, down = (
        [row["createdAt"] for row in seeded.json("tasks", "list", "--sort", order + "createdAt")]
        for order in ("", "-")
    )
    assert up == sorted(up)
    assert down == up[::-1]


def test_limit_is_the_total(seeded):
    """What is left out is told on standard error."""
    done = seeded("tasks", "list", "--limit", "2")
    assert len(done.stdout.splitlines()) == 2
    assert re.fullmatch(r"showing 2 of \d+; --all shows all\n", done.stderr)


def test_limit_over_several_pages(cli, server):
    """More than a page is fetched where it is asked for; 30 without a limit; all with --all."""
    cli.use(server)
    with Coordinaitor(server.url, api_key=server.api_key) as client:
        for number in range(104):
            client.tasks.create(title=f"Page {number}", tags=["pages"], estimated_hours=1)
    for arguments, count in (
        ([], 30),
        (["--limit", "102"], 102),
        (["--all"], 104),
        (["--limit", "104"], 104),
    ):
        done = cli("tasks", "list", "--tag", "pages", *arguments)
        assert len(ids(done.stdout)) == count
        assert done.stderr == ("" if count == 104 else f"showing {count} of 104; --all shows all\n")


def test_get_for_reading(seeded):
    """Label and value; what has no value is left out."""
    done = seeded("tasks", "get", "task-790")
    fields = dict(line.split("\t") for line in done.stdout.splitlines())
    assert fields["ID"] == "task-790"
    assert fields["Status"] == "failed"
    assert fields["Error"] == "The staging site did not answer within 60 seconds"
    assert fields["Agent"] == "Quality and Documentation Bot (agent-456)"
    assert "Completed" not in fields


def test_get_with_everything(seeded):
    """`--include` may be repeated, or hold several."""
    done = seeded("tasks", "get", "task-123", "--include", "comments,history", "--include", "metrics")
    assert "Started working on the login component" in done.stdout
    assert "status_changed  pending -> active" in done.stdout
    assert "timeSpent: 3.5" in done.stdout
    task = seeded.json("tasks", "get", "task-123", "--include", "comments")
    assert task["comments"][0]["author"] == "agent-789"


def test_create_with_every_field(cli, idle_server):
    """All documented fields arrive."""
    given = {
        "--title": "Build [it]",
        "--description": "One line\nand another",
        "--priority": "high",
        "--project": "proj-123",
        "--agent": "agent-123",
        "--estimated-hours": "2.5",
        "--due-date": "2030-01-01T00:00:00+02:00",
    }
    words = [word for pair in given.items() for word in pair]
    words += ["--tag", "a", "--tag", "b", "--requirement", "r", "--acceptance-criterion", "c"]
    task = cli.use(idle_server).json("tasks", "create", *words)
    assert task["title"] == "Build [it]"
    assert task["description"] == "One line\nand another"
    assert (task["priority"], task["projectId"], task["agentId"]) == ("high", "proj-123", "agent-123")
    assert (task["tags"], task["requirements"], task["acceptanceCriteria"]) == (["a", "b"], ["r"], ["c"])
    assert task["estimatedHours"] == 2.5
    assert task["dueDate"].startswith("2029-12-31T22:00:00")
    assert cli("tasks", "get", task["id"]).stdout.startswith(f"ID\t{task['id']}\nTitle\tBuild [it]\n")


@pytest.mark.parametrize(
    ("arguments", "code", "lines"),
    [
        (["list", "--status", "nonsense"], 7, r"  --status: must be one of: pending, active, .*"),
        (
            ["list", "--created-after", "yesterday"],
            7,
            r"error: --created-after is not a date: 'yesterday'; .*",
        ),
        (["list", "--limit", "0"], 2, r"error: Invalid value for '--limit'.*"),
        (["list", "--all", "--limit", "3"], 2, r"error: --all and --limit exclude each other"),
        (["list", "-o", "xml"], 2, r"error: Invalid value for '--output'.*"),
        (
            ["get", "task-none"],
            3,
            r"error: Task task-none does not exist \(HTTP 404, request req-\w+, profile default by default\)",
        ),
        (["get", ""], 7, r"error: .*must be a non-empty string.*"),
        (["create", "--title", ""], 7, r"error: --title must not be empty, got '' .*"),
        (
            ["create", "--title", "x", "--estimated-hours", "-3"],
            7,
            r"error: --estimated-hours must be .*-3\.0 .*",
        ),
        (
            ["create", "--title", "x", "--estimated-hours", "nan"],
            7,
            r"error: --estimated-hours must be .*nan .*",
        ),
        (["create", "--title", "x", "--due-date", "2024-13-45"], 7, r"error: --due-date is not a date.*"),
        (
            ["create", "--title", "x", "--due-date", "2024-01-05"],
            7,
            r"error: --due-date has no time zone.*00Z .*",
        ),
        (
            ["create", "--title", "x", "--priority", "urgent"],
            7,
            r"  --priority: must be one of: low, medium, high",
        ),
        (["create", "--title", "x", "--project", "proj-0"], 7, r"  --project: .*"),
        (["create", "--title", "x", "--agent", "agent-0"], 7, r"  --agent: .*"),
        (["create", "--title", "x\x1b[31m"], 7, r"  --title: .*"),
    ],
)
def test_bad_input(seeded, idle_server, fails, arguments, code, lines):
    """One clear error of the right kind; nothing is created."""
    with Coordinaitor(base_url=idle_server.url, api_key=idle_server.api_key) as client:
        before = client.tasks.list().first_page().pagination.total
        found = fails(seeded("tasks", *arguments), code)
        assert any(re.fullmatch(lines, line) for line in found), found
        assert client.tasks.list().first_page().pagination.total == before


def test_forged_token(cli, server, fails):
    """Exit code 4, with the command that helps."""
    cli.env |= {
        "COORDINAITOR_BASE_URL": server.url,
        "COORDINAITOR_ACCESS_TOKEN": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    }
    assert "coordinaitor auth login" in fails(cli("tasks", "list"), 4)[-1]


def test_expired_token(cli, server, fails):
    """A session that has ended says how to begin another."""
    cli.env |= {"COORDINAITOR_BASE_URL": server.url, "COORDINAITOR_REFRESH_TOKEN": "ended"}
    assert "coordinaitor auth login" in fails(cli("tasks", "list"), 4)[-1]


def test_not_logged_in(cli, server, fails):
    """Without a credential the server's 401 is exit code 4."""
    lines = fails(cli("tasks", "list", "--base-url", server.url), 4)
    assert lines[-1] == "hint: coordinaitor auth login"


def test_server_that_is_down(cli, fails):
    """Exit code 11, and how to start one."""
    lines = fails(cli("tasks", "list", "--base-url", "http://127.0.0.1:1", COORDINAITOR_API_KEY="ak_x"), 11)
    assert "127.0.0.1:1" in lines[0]
    assert lines[-1] == "hint: coordinaitor server start"


@pytest.mark.parametrize("status", [200, 404])
def test_page_of_html(cli, stub, fails, status):
    """What answers is no API: said so, with the way to name another."""
    stub.status, stub.kind, stub.body = status, "text/html", b"<html><h1>Hi</h1></html>"
    lines = fails(cli.use(stub)("tasks", "list"), 10 if status == 200 else 3)
    assert "web page" in lines[0]
    assert "--base-url" in lines[-1]


@pytest.mark.parametrize(("status", "code"), [(403, 5), (409, 6), (413, 7), (422, 7), (501, 10), (418, 1)])
def test_exit_code_of_a_refusal(cli, stub, fails, status, code):
    """The kind of refusal can be told from the exit code."""
    stub.says({"success": False, "error": {"code": "X", "message": "No\x1b[31m"}}, status)
    told = f"error: No␛[31m (HTTP {status}, profile default by default)"
    assert fails(cli.use(stub)("tasks", "get", "t"), code)[0] == told


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://u:p@x"])
def test_base_url_that_is_none(cli, fails, url):
    """A setting that can't be used is exit code 13."""
    assert "--base-url" in fails(cli("tasks", "list", "--base-url", url), 13)[0]


def test_odd_values_are_shown_as_they_are(cli, stub):
    """Fields of unexpected types and missing ones never fail a command."""
    task = {"id": 7, "title": None, "status": ["x"], "progress": "half", "tags": {"a": 1}, "history": "none"}
    stub.says({"success": True, "data": [task]})
    done = cli.use(stub)("tasks", "list")
    assert (done.returncode, done.stdout) == (0, "7\tx\t\thalf\t\t\n")
    stub.says({"success": True, "data": task})
    done = cli("tasks", "get", "7")
    assert (done.returncode, done.stderr) == (0, "")
    assert "History\tnone" in done.stdout


# --- watch ---


def test_watch_off_a_terminal(cli, server):
    """One line a change, to the end; exit code 0 when completed."""
    first, second = create(server, estimated_hours=2), create(server, estimated_hours=2)
    done = cli.use(server)("tasks", "watch", first, second)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    for task_id in (first, second):
        own = [line for line in lines if line.startswith(task_id)]
        assert own[-1].split("  ")[1:3] == ["completed", "100%"]
        assert [line for line in own if "  completed  " in line] == own[-1:]


def test_watch_in_json_is_one_object_a_line(cli, server):
    """Type, id, progress, error and the whole task; a failure is exit code 20."""
    task_id = create(server, estimated_hours=2, tags=["simulate-failure"])
    done = cli.use(server)("tasks", "watch", task_id, "-o", "json")
    assert done.returncode == 20
    updates = [json.loads(line) for line in done.stdout.splitlines()]
    assert {update["taskId"] for update in updates} == {task_id}
    assert updates[-1]["type"] == "error"
    assert "simulate-failure" in updates[-1]["error"]
    assert updates[-1]["task"]["status"] == "failed"


@pytest.mark.parametrize(
    ("task_ids", "code"),
    [
        (["task-789"], 0),
        (["task-790", "task-791"], 20),
        (["task-791", "task-789"], 21),
        (["task-none", "task-789"], 3),
        (["task-none", "task-790"], 20),
    ],
)
def test_watch_of_what_has_ended(seeded, task_ids, code):
    """The end comes at once, and the exit code tells the worst."""
    done = seeded("tasks", "watch", *task_ids)
    assert done.returncode == code
    assert len(done.stdout.splitlines()) == len(task_ids)
    assert (done.stderr == "error: there is no task task-none\n") == ("task-none" in task_ids)


def test_watch_of_a_task_that_is_deleted(seeded, idle_server):
    """Exit code 22."""
    task_id = create(idle_server)
    process = seeded.start("tasks", "watch", task_id)
    assert "pending" in process.stdout.readline()
    with Coordinaitor(idle_server.url, api_key=idle_server.api_key) as client:
        client.tasks.delete(task_id)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (22, "")
    assert f"{task_id}  deleted" in out


def test_watch_without_a_login(cli, server):
    """The first look's failure is the command's."""
    done = cli("tasks", "watch", "task-123", "--base-url", server.url)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines()[-1] == "hint: coordinaitor auth login"


def test_watch_at_a_terminal(cli, server):
    """A table that moves: state, agent, bar, time; it stays when the task has ended."""
    task_id = create(server, estimated_hours=120)
    terminal = cli.use(server).at_terminal("tasks", "watch", task_id, columns=120)
    terminal.expect("active")
    assert terminal.end() == 0
    for word in ("STATE", "AGENT", "PROGRESS", "ELAPSED", "━", "completed", "100%", "\x1b[?25h"):
        assert word in terminal.shown


@pytest.mark.parametrize("how", ["ctrl-c", "sigterm"])
def test_leaving_a_watch_at_a_terminal(seeded, how):
    """The cursor comes back, and nothing is said."""
    terminal = seeded.at_terminal("tasks", "watch", "task-123")
    terminal.expect("task-123")
    if how == "ctrl-c":
        terminal.type("\x03")
    else:
        terminal.kill()
    assert terminal.end() == (130 if how == "ctrl-c" else 143)
    assert "Traceback" not in terminal.shown
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")


def test_watch_at_a_dumb_terminal(seeded):
    """Where the cursor can't be moved, lines are written."""
    terminal = seeded.at_terminal("tasks", "watch", "task-789", TERM="dumb")
    assert terminal.end() == 0
    assert "\x1b" not in terminal.shown
    assert "completed  100%" in terminal.shown
