"""TAB in real shells, at a terminal."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

INTO = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(coordinaitor completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(coordinaitor completion zsh)"'),
    "fish": (["--no-config", "-i"], "coordinaitor completion fish | source"),
}


@pytest.fixture(params=INTO)
def shell(request, cli, idle_server):
    """A shell at a terminal, which has read the script; it knows the ids that a list has shown."""
    cli.use(idle_server)("tasks", "list", "--all")
    name = shutil.which(request.param)
    assert name is not None, f"{request.param} is missing: .ci/run installs it"
    options, prepare = INTO[request.param]
    cli.env["PATH"] = f"{Path(sys.executable).parent}:{cli.env['PATH']}"
    terminal = cli.at_terminal_of([name, *options], columns=200, TERM="dumb")
    terminal.type(f"{prepare}; echo rea''dy\n")
    terminal.expect("ready\r\n")
    yield terminal
    terminal.kill(signal.SIGKILL)  # what was typed last may not be read yet
    terminal.end()


def test_a_command_is_completed(shell):
    """What can be meant is written out, and is run."""
    shell.type("coordinaitor completion fi\t")
    shell.type("--help\n")
    shell.expect("Usage: coordinaitor completion ")


def test_an_option_and_its_value_are_completed(shell):
    """After a command, and before it."""
    shell.type("coordinaitor tasks get task-123 --outp\tjsonl --fiel\tid\n")
    shell.expect('{"id": "task-123"}')


def test_an_id_is_completed(shell):
    """One that a list has shown."""
    shell.type("coordinaitor tasks get task-78\t-o id\n")
    shell.expect("\ntask-789\r\n")
