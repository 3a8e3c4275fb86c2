"""agents, projects, users, notifications, system, ping: every command, against the real server."""

import json

import pytest

from coordinaitor_sdk import Coordinaitor


@pytest.fixture
def at_work(cli, idle_server):
    return cli.use(idle_server)


@pytest.fixture
def library(idle_server):
    with Coordinaitor(idle_server.url, api_key=idle_server.api_key) as client:
        yield client


def editor(cli, tmp_path, script):
    """Let the user's editor do this with the file, by sed."""
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\nsed -i '{script}' \"$1\"\n")
    path.chmod(0o755)
    cli.env["EDITOR"] = str(path)


def test_agents_live(at_work):
    """create, get, update, disable, enable, tasks, metrics, list."""
    agent = at_work.json(
        *("agents", "create", "--name", "A", "--type", "qa", "--capability", "x", "--capability", "y"),
        *("--configuration", '{"Free_Key": 1}'),
    )
    assert (agent["capabilities"], agent["configuration"]) == (["x", "y"], {"Free_Key": 1})
    assert (
        at_work.json("agents", "update", agent["id"], "--max-concurrent-tasks", "7")["maxConcurrentTasks"]
        == 7
    )
    assert at_work.json("agents", "disable", agent["id"], "--reason", "rest")["enabled"] is False
    assert at_work.json("agents", "enable", agent["id"])["enabled"] is True
    assert at_work.json("agents", "tasks", agent["id"]) == []
    assert at_work.json("agents", "metrics", agent["id"])["agentId"] == agent["id"]
    listed = at_work("agents", "list", "--type", "qa", "--capability", "y", "-o", "id").stdout.split()
    assert listed == [agent["id"]]
    assert f"ID\t{agent['id']}\n" in at_work("agent", "show", agent["id"]).stdout


def test_wrong_json_option(at_work, fails):
    """What is no object is told, with the flag."""
    lines = fails(at_work("agents", "update", "agent-123", "--working-hours", "[]"), 2)
    assert lines[0].startswith("error: Invalid value for '--working-hours'")


def test_projects_live(at_work, idle_server):
    """create, get, update, members, use, tasks, delete, list."""
    project = at_work.json("projects", "create", "--name", "P", "--budget", '{"hours": 8}', "--tag", "t")[
        "id"
    ]
    assert at_work.json("projects", "get", project)["budget"]["hours"] == 8
    assert at_work.json("projects", "update", project, "--status", "on-hold")["status"] == "on-hold"
    member = at_work.json("projects", "members", "add", project, "user-456", "--role", "developer")
    assert member["userId"] == "user-456"
    assert "user-456" in at_work("projects", "members", "list", project, "-o", "id").stdout.split()
    assert at_work("projects", "members", "remove", project, "user-456", "--yes").returncode == 0
    assert at_work("projects", "use", project).returncode == 0
    task = at_work.json("tasks", "create", "--title", "In it")
    assert task["projectId"] == project
    assert at_work("tasks", "list", "-o", "id").stdout.split() == [task["id"]]
    assert at_work("projects", "tasks", project, "-o", "id").stdout.split() == [task["id"]]
    assert at_work("projects", "use").returncode == 0
    assert (
        at_work("projects", "list", "--search", "P", "--status", "on-hold", "-o", "id").stdout
        == f"{project}\n"
    )
    assert at_work("projects", "delete", project).returncode == 2


def test_a_project_that_is_deleted_is_used_no_more(at_work):
    """Lists would be empty, and not say why."""
    project = at_work.json("projects", "create", "--name", "Short")["id"]
    assert at_work("projects", "use", project).returncode == 0
    done = at_work("projects", "delete", project, "--yes")
    assert done.returncode == 0
    assert f"uses no project any more: {project} was it" in done.stderr
    assert at_work("config", "get", "project").stdout.strip() == ""


def test_project_is_deleted(at_work):
    """With --yes; afterwards there is none."""
    project = at_work.json("projects", "create", "--name", "Short")["id"]
    done = at_work("projects", "rm", project, "--yes")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"done: {project}\n")
    assert at_work("projects", "get", project).returncode == 3


def test_task_is_assigned_commented_and_has_a_file(at_work, library, tmp_path):
    """assign, comment from an argument and from standard input, attach a file and what comes in a pipe."""
    task = library.tasks.create(title="Worked on").id
    assert at_work.json("tasks", "assign", task, "--agent", "agent-123")["agentId"] == "agent-123"
    assert at_work.json("tasks", "comment", task, "Well", "--mention", "user-456")["content"] == "Well"
    assert at_work("tasks", "comment", task, "-", stdin="Piped\n").returncode == 0
    (tmp_path / "note.txt").write_text("text")
    assert at_work.json("tasks", "attach", task, str(tmp_path / "note.txt"))["name"] == "note.txt"
    assert at_work("tasks", "attach", task, "-", "--name", "piped.txt", stdin="abc").returncode == 0
    assert at_work("tasks", "attach", task, "-", stdin="abc").returncode == 2
    missing = at_work("tasks", "attach", task, "file.pdf").stderr
    assert missing.startswith("error: file.pdf can't be read: No such file")
    found = library.tasks.get(task, include=["comments", "files"])
    assert [one.content for one in found.comments] == ["Well", "Piped"]
    assert sorted(one.name for one in found.files) == ["note.txt", "piped.txt"]


def test_edit(at_work, library, tmp_path, fails):
    """Only what was changed in the editor is sent; no change is none; no editor is told."""
    task = library.tasks.create(title="Before", description="Kept", tags=["a"]).id
    lines = fails(at_work("tasks", "edit", task), 2)
    assert lines[0].startswith("error: no editor is named")
    editor(at_work, tmp_path, "s/^title: .*/title: After/")
    done = at_work.json("tasks", "edit", task)
    assert (done["title"], done["description"], done["tags"]) == ("After", "Kept", ["a"])
    unchanged = at_work("tasks", "edit", task)
    assert (unchanged.returncode, unchanged.stderr) == (0, "nothing was changed\n")
    editor(at_work, tmp_path, "s/.*/{/")
    assert at_work("tasks", "edit", task).returncode == 1


def test_edit_of_agents_and_projects(at_work, library, tmp_path):
    """As of tasks."""
    project = library.projects.create(name="Before").id
    editor(at_work, tmp_path, "s/^name: .*/name: After/")
    assert at_work.json("projects", "edit", project)["name"] == "After"
    editor(at_work, tmp_path, "s/^$//")
    unchanged = at_work("agents", "edit", "agent-123")
    assert (unchanged.returncode, unchanged.stderr) == (0, "nothing was changed\n")
    assert at_work("projects", "delete", project, "--yes").returncode == 0


def test_wait(at_work, library):
    """The exit code is the end's; time that is up is 8, with what is left."""
    task = library.tasks.create(title="Waited for").id
    done = at_work("tasks", "wait", task, "task-789", "--timeout", "4")
    assert done.returncode == 8
    assert done.stdout.startswith("task-789\tcompleted")
    assert done.stderr == f"error: not ended after 4 s: {task} (profile default by default)\n"
    library.tasks.update(task, status="failed")
    assert at_work("tasks", "wait", task, "task-789").returncode == 20
    assert at_work("tasks", "wait", "task-789", "-o", "id").stdout == "task-789\n"


def test_users(cli, server):
    """list, me, update-me, avatar."""
    cli.use(server)
    me = cli.json("users", "me")
    assert me["email"] == server.admin_email
    assert me["id"] in cli("users", "list", "--role", "admin", "-o", "id").stdout.split()
    changed = cli.json("users", "update-me", "--preferences", '{"theme": "dark"}')
    assert changed["preferences"]["theme"] == "dark"
    assert cli("users", "update-me").returncode == 2
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    path = cli.config.parent / "me.png"
    path.write_bytes(picture)
    assert "avatar" in cli.json("users", "avatar", str(path))


def test_notifications(cli, idle_server):
    """What one is told is listed and ticked off."""
    cli.logged_in(idle_server)
    with Coordinaitor(
        idle_server.url, email=idle_server.admin_email, password=idle_server.admin_password
    ) as client:
        task = client.tasks.create(title="Told").id
        client.tasks.add_comment(task, "Look", mentions=["user-456"])
    rows = cli.json("notifications", "list", "--unread")
    for row in rows:
        assert cli.json("notifications", "read", row["id"])["read"] is True
    assert cli.json("notifications", "list", "--unread") == []
    assert cli("notifications", "read", "nope").returncode == 3


def test_system(at_work):
    """health, status, metrics, logs."""
    assert at_work.json("system", "health")["status"] == "healthy"
    assert "Database\thealthy" in at_work("system", "status").stdout
    assert at_work("system", "metrics", "--jq", ".tasks.total > 0").stdout == "true\n"
    entries = at_work.json("system", "logs", "--limit", "2", "--service", "api")
    assert [entry["service"] for entry in entries] == ["api", "api"]


def test_unhealthy_is_14(cli, stub):
    """It is data, and an exit code."""
    stub.says({"status": "unhealthy", "services": {"database": {"status": "down"}}}, status=503)
    cli.use(stub)
    done = cli("system", "health")
    assert (done.returncode, done.stdout) == (14, "Status\tunhealthy\nDatabase\tdown\n")
    assert cli("ping").returncode == 14


def test_ping(at_work, cli):
    """Who answers and how soon; exit code 11 where nobody does."""
    told = at_work.json("ping")
    assert (told["status"], told["milliseconds"] > 0) == ("healthy", True)
    assert at_work("ping", "--base-url", "http://127.0.0.1:9").returncode == 11


def test_health_is_watched(at_work):
    """A line at once, then until Ctrl-C."""
    process = at_work.start("system", "health", "--watch", "-o", "json")
    assert json.loads(process.stdout.readline())["status"] == "healthy"
    process.send_signal(2)
    assert process.wait(5) == 130
    assert process.communicate() == ("", "")


@pytest.mark.parametrize(("what", "known"), [("status", "status"), ("metrics", "tasks")])
def test_status_and_metrics_are_watched(at_work, what, known):
    """One object a line and look, until Ctrl-C."""
    process = at_work.start("system", what, "--watch", "--interval", "0.1", "-o", "json")
    assert all(known in json.loads(process.stdout.readline()) for _ in range(3))
    process.send_signal(2)
    assert process.wait(5) == 130
    assert process.communicate()[1] == ""


def test_status_is_watched_for_reading(at_work):
    """Off a terminal an empty line parts one look from the next; a terminal shows the newest alone."""
    process = at_work.start("system", "status", "--watch", "--interval", "0.1")
    lines = [process.stdout.readline()]
    while "\n" not in lines:
        lines.append(process.stdout.readline())
    shown = {"Status\thealthy\n", "Status\tdegraded\n"}  # as the machine is loaded
    assert {lines[0], process.stdout.readline()} <= shown
    process.send_signal(2)
    process.communicate()
    terminal = at_work.at_terminal("system", "status", "--watch", "--interval", "0.1")
    terminal.expect("\x1b[H\x1b[2J")
    terminal.expect("Database")
    terminal.type("\x03")
    assert terminal.end() == 130


def test_watching_outlasts_a_server_that_fails(cli, stub):
    """It is told on standard error, and looked at again."""
    stub.says({"error": {"code": "INTERNAL_ERROR", "message": "No"}}, status=501)
    process = cli.use(stub).start("system", "metrics", "--watch", "--interval", "0.1", "-o", "jsonl")
    assert json.loads(process.stderr.readline())["error"]["status"] == 501
    stub.says({"tasks": {"total": 1}})
    assert json.loads(process.stdout.readline()) == {"tasks": {"total": 1}}
    process.send_signal(2)
    process.communicate()
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--fields", "service"), "api\n"),
        (("--jq", ".service"), "api\n"),
        (("-o", "jsonl", "--fields", "service"), '{"service": "api"}\n'),
    ],
)
def test_logs_are_followed_in_every_format(at_work, options, line):
    """As those of a list are selected."""
    process = at_work.start("system", "logs", "-f", "--service", "api", "--limit", "1", *options)
    assert process.stdout.readline() == line
    process.send_signal(2)
    process.communicate()
    assert process.returncode == 130


def test_logs_are_followed(at_work):
    """What is there, then what comes."""
    process = at_work.start("system", "logs", "--follow", "--interval", "0.1", "--limit", "1", "-o", "json")
    first = json.loads(process.stdout.readline())
    second = json.loads(process.stdout.readline())
    assert first["timestamp"] <= second["timestamp"]
    process.send_signal(2)
    assert process.wait(5) == 130
    process.communicate()
