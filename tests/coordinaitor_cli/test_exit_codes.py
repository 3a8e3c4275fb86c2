"""The exit codes: the installed command, a real server, and one way to each."""

import json
import re
import signal
from pathlib import Path

import pytest
from control import Controlled
from server_process import ServerProcess

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


@pytest.fixture(scope="module")
def control():
    """A server whose worlds are made and go wrong as a test wants it."""
    with ServerProcess() as process:
        found = Controlled(process.start(control=True, agents="off").url)
        with found.http:
            yield found


class At:
    """The command with the key of a world's admin, and the world.

    Attributes:
        stub: a server that answers whatever it is told to.
    """

    def __init__(self, cli, control, world, stub):
        self.cli, self.world, self.stub, self._control = cli, world, stub, control
        cli.env |= {"COORDINAITOR_BASE_URL": control.url, "COORDINAITOR_API_KEY": world.key}

    def __call__(self, *arguments, **env):
        """The exit code; no traceback, whatever it is."""
        done = self.cli(*arguments, **env)
        assert "Traceback" not in done.stderr
        return done.returncode

    def goes_wrong(self, kind, operation, **fields):
        """Let the server do this at the next call of the operation."""
        path = f"/worlds/{self.world.id}/faults"
        self._control.ask("POST", path, 201, json={"kind": kind, "operation": operation, **fields})

    def ended(self, how):
        """The id of a task that has ended so."""
        task = self.world.task()["id"]
        assert self("tasks", how, task) == 0
        return task


@pytest.fixture
def at(cli, control, stub):
    with control.world() as world:
        yield At(cli, control, world, stub)


def done(at):
    return at("tasks", "list")


def another_failure(at):
    at.stub.says({"success": False, "error": {"code": "TEAPOT", "message": "No"}}, status=418)
    return at("tasks", "list", "--base-url", at.stub.url)


def wrong_usage(at):
    return at("tasks", "list", "--nope")


def unconfirmed(at):
    return at("tasks", "delete", at.world.task()["id"])


def not_there(at):
    return at("tasks", "get", "task-none")


def not_logged_in(at):
    return at("tasks", "list", COORDINAITOR_API_KEY="")


def refused_credential(at):
    return at("tasks", "list", COORDINAITOR_API_KEY="ak_wrong")


def not_allowed(at):
    created = at.cli("auth", "api-keys", "create", "reader", "--permission", "tasks:read", "-o", "json")
    return at("tasks", "create", "--title", "x", COORDINAITOR_API_KEY=json.loads(created.stdout)["key"])


def wrong_state(at):
    return at("tasks", "complete", at.ended("cancel"))


def rejected_by_the_server(at):
    return at("tasks", "create", "--title", "x", "--priority", "urgent")


def rejected_before(at):
    return at("tasks", "create", "--title", "")


def still_pending(at):
    return at("tasks", "wait", at.world.task()["id"], "--timeout", "0.5")


def too_many_requests(at):
    at.goes_wrong("rate-limit", "list_tasks", retryAfter=1000)
    return at("tasks", "list")


def server_failed(at):
    at.goes_wrong("status", "create_task", status=500)
    return at("tasks", "create", "--title", "x")


def no_api(at):
    at.stub.kind, at.stub.body = "text/html", b"<html>"
    return at("tasks", "list", "--base-url", at.stub.url)


def nobody_there(at):
    return at("tasks", "list", "--base-url", "http://127.0.0.1:1")


def some_failed(at):
    return at("tasks", "cancel", at.world.task()["id"], "task-none")


def unusable_setting(at):
    return at("tasks", "list", "--base-url", "nonsense")


def unusable_file(at):
    at.cli.config.mkdir()
    (at.cli.config / "config.toml").write_text("[")
    return at("tasks", "list")


def unhealthy(at):
    at.stub.says({"status": "unhealthy", "services": {}}, status=503)
    return at("system", "health", "--base-url", at.stub.url)


def task_failed(at):
    return at("tasks", "watch", at.ended("fail"))


def task_cancelled(at):
    return at("tasks", "watch", at.ended("cancel"))


def task_deleted(at):
    task = at.world.task()["id"]
    process = at.cli.start("tasks", "watch", task)
    assert process.stdout.readline()
    assert at("tasks", "delete", task, "--yes") == 0
    process.communicate(timeout=30)
    return process.returncode


def interrupted(at):
    process = at.cli.start("tasks", "watch", at.world.task()["id"])
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    return process.returncode


def reader_gone(at):
    process = at.cli.start("tasks", "list")
    process.stdout.close()
    process.wait(30)
    process.stderr.close()
    return process.returncode


WAYS = {
    0: [done],
    1: [another_failure],
    2: [wrong_usage, unconfirmed],
    3: [not_there],
    4: [not_logged_in, refused_credential],
    5: [not_allowed],
    6: [wrong_state],
    7: [rejected_by_the_server, rejected_before],
    8: [still_pending],
    9: [too_many_requests],
    10: [server_failed, no_api],
    11: [nobody_there],
    12: [some_failed],
    13: [unusable_setting, unusable_file],
    14: [unhealthy],
    20: [task_failed],
    21: [task_cancelled],
    22: [task_deleted],
    130: [interrupted],
    141: [reader_gone],
}


@pytest.mark.parametrize(
    ("code", "way"),
    [(code, way) for code, ways in WAYS.items() for way in ways],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_exit_code(at, code, way):
    """What the table in the docs says is what happens."""
    assert way(at) == code


def test_the_docs_list_these_exit_codes():
    """Neither one that nothing leads to, nor one that isn't documented."""
    rows = re.findall(r"^\| (\d+) \| .+ \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert [int(code) for code in rows] == list(WAYS)
