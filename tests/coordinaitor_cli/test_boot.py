"""How the process ends: quietly on a closed pipe and on Ctrl-C, in one line on a full disk."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("coordinaitor")


def test_closed_pipe_ends_quietly(cli, server):
    """`| head -1` gives no traceback; exit code 141."""
    cli.use(server)
    process = cli.start("tasks", "list", "--all", "-o", "json")
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


def test_closed_pipe_in_a_shell(cli, server):
    """The shell sees nothing but the line that it asked for."""
    cli.use(server)
    script = f"{COMMAND} tasks list --all -o json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=cli.env, check=True)
    assert done.stdout.splitlines()[0] == "["
    assert done.stdout.splitlines()[1] in {"0", "141"}
    assert done.stderr == ""


def test_ctrl_c_ends_a_watch_quietly_and_soon(cli, idle_server):
    """Exit code 130, no traceback, at once."""
    process = cli.use(idle_server).start("tasks", "watch", "task-123")
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(3.0) == 130
    assert process.communicate() == ("", "")


@pytest.fixture
def silent():
    """A server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        yield listening


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "list"),
        ("tasks", "wait", "task-123"),
        ("tasks", "watch", "task-123", "-o", "json"),
        ("tasks", "cancel", "task-123", "task-456", "task-789", "-j", "2"),
        ("system", "logs", "--follow"),
    ],
)
def test_ctrl_c_while_a_server_is_silent(cli, silent, arguments):
    """Nothing is printed, on either stream; exit code 130."""
    cli.env |= {
        "COORDINAITOR_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        "COORDINAITOR_API_KEY": "ak_x",
    }
    process = cli.start(*arguments)
    taken, _ = silent.accept()
    with taken:
        assert taken.recv(1)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130


@pytest.mark.parametrize("command", [("system", "logs", "-f"), ("system", "status", "--watch")])
def test_ctrl_c_between_two_looks(cli, idle_server, command):
    """What goes on without end ends so; exit code 130."""
    process = cli.use(idle_server).start(*command)
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 130


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "watch", "task-123"),
        ("tasks", "wait", "task-789"),
        ("tasks", "delete", "task-123", "task-789", "--dry-run"),
        ("tasks", "update", "task-none", "task-gone", "--priority", "low"),
        ("system", "logs", "--follow"),
        ("system", "status", "--watch", "--interval", "0.1"),
        ("--help",),
    ],
)
def test_closed_pipe_of_every_kind_of_command(cli, idle_server, arguments):
    """Nothing is told; exit code 141."""
    process = cli.use(idle_server).start(*arguments)
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["tasks", "list"]])
def test_full_disk_is_one_line(cli, server, arguments):
    """What can't be written is told; exit code 1."""
    cli.use(server)
    with Path("/dev/full").open("w") as full:
        process = cli.start(*arguments, stdout=full)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (1, "error: [Errno 28] No space left on device\n")


def test_closed_streams_are_borne(cli, server):
    """With standard output or error closed nothing else is written to."""
    cli.use(server)
    for redirection, code in ((">&-", "0"), ("2>&-", "7")):
        script = f"{COMMAND} tasks list --all {'--status x' if code == '7' else ''} {redirection}; echo $?"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=cli.env, check=True)
        assert (done.stdout, done.stderr) == (f"{code}\n", "")


def test_terminal_without_unicode(cli, stub):
    """What the encoding lacks is written in another way; JSON stays JSON."""
    stub.says({"success": True, "data": {"id": "t", "title": "Schlüssel ☃"}})
    cli.use(stub).env |= {"PYTHONIOENCODING": "ascii"}
    assert "Title\tSchl\\xfcssel \\u2603\n" in cli("tasks", "get", "t").stdout
    assert cli.json("tasks", "get", "t")["title"] == "Schlüssel ☃"
