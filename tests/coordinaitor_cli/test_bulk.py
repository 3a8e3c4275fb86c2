"""One command over many ids: results, pace, confirmation."""

import json

import pytest
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor


@pytest.fixture
def at_work(cli, idle_server):
    return cli.use(idle_server)


@pytest.fixture
def made(idle_server):
    """Makes tasks; their ids."""

    def make(count):
        with Coordinaitor(idle_server.url, api_key=idle_server.api_key) as client:
            return [client.tasks.create(title=f"Bulk {number}").id for number in range(count)]

    return make


def test_update_of_one_is_as_of_any(at_work, made):
    """One id: the object, or the error, of that one."""
    (task,) = made(1)
    assert at_work.json("tasks", "update", task, "--priority", "high", "--tag", "x")["priority"] == "high"
    assert at_work("tasks", "update", "nope", "--priority", "high").returncode == 3
    assert at_work("tasks", "update", task).returncode == 2


def test_a_title_can_not_be_emptied(at_work, made):
    """Nothing is sent."""
    done = at_work("tasks", "update", *made(1), "--clear", "title")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: --clear title: this field can't be empty; give another by --title" in done.stderr


def test_update_of_many(at_work, made):
    """A result for each in the order of the ids; exit code 12 where one failed."""
    one, other = made(2)
    done = at_work("tasks", "update", one, "nope", other, "--priority", "high", "-o", "json")
    results = json.loads(done.stdout)
    assert [(row["id"], row["result"]) for row in results] == [
        (one, "done"),
        ("nope", "failed"),
        (other, "done"),
    ]
    assert results[0]["value"]["priority"] == "high"
    assert results[1]["error"]["exitCode"] == 3
    assert done.returncode == 12
    assert done.stderr == "error: 1 of 3 failed\n"


def test_ids_from_standard_input(at_work, made):
    """What a list prints is what a command takes; `-o id` prints what is done."""
    ids = made(3)
    lines = "".join(f"{one}\tsome title\n" for one in [*ids, ids[0]])
    done = at_work("tasks", "start", "-", "-j", "2", "-o", "id", stdin=lines)
    assert (done.returncode, done.stdout.split()) == (0, ids)
    assert at_work("tasks", "start", "-", stdin="\n").returncode == 2


def test_fail_fast(at_work, made):
    """After the first failure no other is begun, and that is told."""
    ids = made(3)
    done = at_work("tasks", "cancel", "nope", *ids, "-j", "1", "--fail-fast")
    assert done.returncode == 12
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["failed", *["skipped"] * 3]
    assert done.stderr == "error: 1 of 4 failed, 3 not tried\n"


def test_states(at_work, made):
    """start, complete, fail, cancel; what has ended is a conflict."""
    one, other = made(2)
    for verb, task, status in (
        ("start", one, "active"),
        ("complete", one, "completed"),
        ("fail", other, "failed"),
    ):
        assert at_work.json("tasks", verb, task)["status"] == status
    assert at_work("tasks", "cancel", one).returncode == 6


def test_clear(at_work, made, fails):
    """A field is emptied by its option's name; a wrong one is told."""
    (task,) = made(1)
    at_work.json("tasks", "update", task, "--due-date", "2030-01-01T00:00:00Z", "--tag", "y")
    cleared = at_work.json("tasks", "update", task, "--clear", "due-date", "--clear", "tag")
    assert (cleared["dueDate"], cleared["tags"]) == (None, [])
    (line,) = fails(at_work("tasks", "update", task, "--clear", "nope"), 2)
    assert line.startswith("error: --clear: there is no field nope; there are title, description")


def test_delete_asks(at_work, made):
    """At a terminal a question, whose answer counts; nothing entered is no."""
    (task,) = made(1)
    for answer, code in (("\n", 2), ("y\n", 0)):
        terminal = at_work.at_terminal("tasks", "delete", task)
        terminal.expect(f"delete task {task}? [y/N]")
        terminal.type(answer)
        assert terminal.end() == code
    assert at_work("tasks", "get", task).returncode == 3


def test_delete_without_a_terminal(at_work, made, fails):
    """Exit code 2 names the flag; --dry-run changes nothing, --yes does it."""
    ids = made(2)
    (line,) = fails(at_work("tasks", "delete", *ids), 2)
    assert line == "error: delete tasks: 2 of them: there is no terminal to ask at; --yes does it"
    rehearsed = at_work("tasks", "delete", *ids, "--dry-run")
    assert [line.split("\t")[1] for line in rehearsed.stdout.splitlines()] == ["would delete task"] * 2
    assert at_work("tasks", "get", ids[0]).returncode == 0
    assert at_work("tasks", "delete", *ids, "--yes").returncode == 0
    assert at_work("tasks", "get", ids[0]).returncode == 3


@pytest.fixture(scope="module")
def strict_server():
    """One that takes 10 requests a second, 50 at once."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test", rate_limit=36000, burst=50)


@pytest.mark.parametrize(
    "count", [60, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_bulk_is_paced(cli, strict_server, count):
    """More than a burst at once meets no 429 that the user sees."""
    with Coordinaitor(strict_server.url, api_key=strict_server.api_key, pacing=True) as client:
        ids = [client.tasks.create(title=f"Paced {number}").id for number in range(count)]
    cli.use(strict_server).patience = 300.0
    done = cli("tasks", "update", "-", "--tag", "x", "-j", "8", stdin="\n".join(ids))
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["done"] * count
