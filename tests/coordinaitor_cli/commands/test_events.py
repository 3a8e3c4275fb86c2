"""`coordinaitor events`: what happens, live, in every format."""

import csv
import json
import signal

import pytest
import yaml

from coordinaitor_sdk import Coordinaitor


@pytest.fixture
def at_work(cli, idle_server):
    return cli.use(idle_server)


@pytest.fixture
def server_side(idle_server):
    with Coordinaitor(idle_server.url, api_key="ak_test") as client:
        yield client


@pytest.fixture
def following(at_work):
    """Starts `events --follow` and waits until it follows."""
    running = []

    def start(*arguments):
        process = at_work.start("events", "--follow", *arguments)
        running.append(process)
        said = process.stderr.readline()
        assert said.startswith("following "), said + process.stderr.read()
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def lines(process, count):
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def test_a_line_an_event(following, server_side):
    """Off a terminal, tab-separated: when, what, about which, in which state."""
    process = following("--channel", "tasks")
    made = server_side.tasks.create(title="Hello")
    updated, created = (line.split("\t") for line in lines(process, 2))
    assert updated[1:] == ["task.updated", made.id, "pending", "Hello"]
    assert created[1] == "task.created"


def test_all_channels_are_followed_where_none_is_named(following, server_side):
    """Those that the credential allows."""
    process = following("-o", "jsonl")
    server_side.projects.create(name="P")
    server_side.agents.create(name="B", type="coding", model="m")
    seen = [json.loads(line) for line in lines(process, 2)]
    assert {event["event"] for event in seen} == {"project.created", "agent.created"}
    assert seen[0]["organization"]["id"] == "org-456"


def test_filters_and_names_choose(following, server_side):
    """By what the object is, and by the event's name."""
    project = server_side.projects.create(name="P").id
    process = following("--project", project, "--event", "task.completed", "-o", "id")
    server_side.tasks.update(server_side.tasks.create(title="elsewhere").id, status="completed")
    made = server_side.tasks.create(title="x", project_id=project)
    server_side.tasks.update(made.id, status="completed")
    assert lines(process, 1) == [made.id]


@pytest.mark.parametrize("form", ["csv", "yaml", "json"])
def test_every_format(following, server_side, form):
    """As for lists: titles once in CSV, a document each in YAML, `--fields` in all."""
    process = following("--channel", "tasks", "-o", form, "--fields", "event,data.title")
    server_side.tasks.create(title="=1+1")
    if form == "csv":
        rows = list(csv.reader(lines(process, 3)))
        assert rows == [
            ["event", "data.title"], ["task.updated", "'=1+1"], ["task.created", "'=1+1"],
        ]  # fmt: skip
    elif form == "yaml":
        first = yaml.safe_load("\n".join(lines(process, 3)))
        assert first == {"event": "task.updated", "data.title": "=1+1"}
    else:
        assert json.loads(lines(process, 1)[0]) == {"event": "task.updated", "data.title": "=1+1"}


def test_jq(following, server_side):
    """Once for each event."""
    process = following("--channel", "tasks", "--jq", ".data.title")
    server_side.tasks.create(title="x y")
    assert lines(process, 2) == ["x y", "x y"]


def test_at_a_terminal_columns_are_aligned(at_work, server_side):
    """And Ctrl-C ends it without a word: exit code 130."""
    terminal = at_work.at_terminal("events", "--follow", "--channel", "tasks", columns=120)
    terminal.expect("Ctrl-C ends it")
    made = server_side.tasks.create(title="Look at me")
    terminal.expect(f"task.created          {made.id}")
    terminal.kill(signal.SIGINT)
    assert terminal.end() == 130
    assert "Traceback" not in terminal.shown


def test_a_reader_that_goes_away_ends_it(following, server_side):
    """Quietly, with exit code 141."""
    process = following("--channel", "tasks")
    server_side.tasks.create(title="x")
    lines(process, 2)
    process.stdout.close()
    server_side.tasks.create(title="y")
    assert process.wait(10) == 141
    assert process.stderr.read() == ""


def test_without_follow_there_is_nothing_to_print(at_work, fails):
    """The server keeps no list of events."""
    assert fails(at_work("events"), 2)[1] == "hint: coordinaitor events --follow"


def test_refusals_have_their_exit_codes(at_work, fails):
    """Unknown channels and filters that go with none, bad credentials, no server."""
    fails(at_work("events", "--follow", "--channel", "robots"), 7)
    fails(at_work("events", "--follow", "--priority", "high", "--type", "coding"), 2)
    fails(at_work("events", "--follow", COORDINAITOR_API_KEY="ak_wrong"), 4)
    fails(at_work("events", "--follow", COORDINAITOR_BASE_URL="http://127.0.0.1:9"), 11)


def test_what_the_credential_does_not_allow_is_left_out(at_work, server_side):
    """Unless it was asked for by name."""
    key = server_side.auth.create_api_key("k", ["tasks:read"]).key
    at_work.env["COORDINAITOR_API_KEY"] = key
    process = at_work.start("events", "--follow")
    assert process.stderr.readline() == "following tasks; Ctrl-C ends it\n"
    process.kill()
    process.communicate()
    assert at_work("events", "--follow", "--channel", "agents").returncode == 5
