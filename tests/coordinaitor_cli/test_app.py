"""The command tree: what it lists, what it imports, how it answers wrong usage."""

import json
import subprocess
import sys

import pytest

from coordinaitor_cli.app import COMMANDS, load

HEAVY = (
    "anyio",
    "asyncio",
    "coordinaitor_cli.commands",
    "coordinaitor_cli.context",
    "coordinaitor_sdk.exceptions",
    "coordinaitor_sdk.profiles",
    "httpx",
    "pydantic",
    "rich",
    "websockets",
)


def imported_by(*arguments):
    """The modules that a command line has imported by its end."""
    code = (
        "import json, sys; sys.argv = ['coordinaitor', *json.loads(sys.argv[1])]\n"
        "from coordinaitor_cli.boot import main\n"
        "main(); print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def heavy(modules, *more):
    """Which of the modules that must not be there are."""
    return {name for name in modules for one in (*HEAVY, *more) if name == one or name.startswith(f"{one}.")}


def leaves(command):
    """The commands of a tree that have no others below them."""
    if not hasattr(command, "list_commands"):
        return [command]
    return [one for name in command.list_commands(None) for one in leaves(command.get_command(None, name))]


def test_version_imports_neither_typer_nor_a_client():
    """`--version` is answered before Typer is imported."""
    assert heavy(imported_by("--version"), "typer") == set()


def test_help_imports_no_command():
    """`--help` is written from the table alone."""
    assert heavy(imported_by("--help"), "keyring", "ssl") == set()


def test_help_of_a_group_imports_no_client_and_no_other_group():
    """A group's help needs neither HTTP nor models."""
    assert heavy(imported_by("tasks", "--help")) == {
        "coordinaitor_cli.commands",
        "coordinaitor_cli.commands.tasks",
        "coordinaitor_cli.context",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_table_tells_what_the_group_tells(name):
    """The help in the table is the first line of the command's own."""
    command = load(name)
    assert command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_for_itself_and_its_options(name):
    """Nothing in the help pages is left unexplained."""
    for one in leaves(load(name)):
        assert one.help
        assert [
            option.name for option in one.params if option.param_type_name == "option" and not option.help
        ] == []


def test_version(cli):
    """It is the package's."""
    from coordinaitor_sdk import __version__

    done = cli("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"coordinaitor {__version__}\n", "")


def test_version_beside_other_words(cli):
    """`--version` counts wherever the root's options stand."""
    assert cli("--version", "tasks").stdout == cli("--version").stdout


def test_module_can_be_run(cli):
    """`python -m coordinaitor_cli` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "coordinaitor_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == cli("--version").stdout


def test_help_lists_every_group(cli):
    """Help is data: on standard output, exit code 0."""
    done = cli("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"  {name}" in done.stdout for name in COMMANDS)


def test_nothing_asked_for_shows_the_help(cli):
    """Without a command the help stands on standard error: usage, exit code 2."""
    for arguments in ((), ("tasks",), ("auth",)):
        done = cli(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: coordinaitor")


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["tsks"], "No such command 'tsks'. Did you mean 'tasks'?", "coordinaitor --help"),
        (["agents", "lst"], "No such command 'lst'. Did you mean 'list'?", "coordinaitor agents --help"),
        (["tasks", "list", "--nope"], "No such option: --nope", "coordinaitor tasks list --help"),
        (["tasks", "get"], "Missing argument 'ID'.", "coordinaitor tasks get --help"),
        (["tasks", "create"], "Missing option '--title'.", "coordinaitor tasks create --help"),
    ],
)
def test_wrong_usage(cli, fails, arguments, error, hint):
    """One line, and the help that helps; exit code 2."""
    assert fails(cli(*arguments), 2) == [f"error: {error}", f"hint: {hint}"]


def test_list_as_json_imports_what_one_call_needs(cli, idle_server, monkeypatch):
    """Neither a loop, a socket, another format nor another group."""
    for name, value in cli.use(idle_server).env.items():
        monkeypatch.setenv(name, value)
    forbidden = {
        *("asyncio", "filelock", "jq", "keyring", "sqlite3", "tomli_w", "websockets", "yaml"),
        *("coordinaitor_cli.bulk", "coordinaitor_cli.hints", "coordinaitor_cli.output.records"),
        *(
            "coordinaitor_sdk._async",
            "coordinaitor_sdk._sync.caching",
            "coordinaitor_sdk.server",
            "coordinaitor_sdk.webhooks",
        ),
        *(module for name, (module, _) in COMMANDS.items() if name != "tasks"),
    }
    found = imported_by("tasks", "list", "-o", "json")
    assert {name for name in found for one in forbidden if name == one or name.startswith(f"{one}.")} == set()


def test_tab_imports_no_client_and_no_keyring():
    """What completes a word needs Typer and the group it stands in."""
    found = imported_by("__complete", "bash", "tasks", "get", "x")
    assert heavy(found, "keyring", "filelock", "ssl") <= {
        *("coordinaitor_cli.commands", "coordinaitor_cli.commands.tasks", "coordinaitor_cli.context"),
        *(
            name
            for name in found
            if name.startswith(("coordinaitor_sdk.profiles", "coordinaitor_sdk.exceptions"))
        ),
    }


@pytest.mark.parametrize(
    ("arguments", "alias"),
    [
        (["tasks", "list", "--help"], ["task", "ls", "--help"]),
        (["projects", "members", "list", "--help"], ["project", "member", "ls", "--help"]),
        (["agents", "get", "--help"], ["agents", "show", "--help"]),
    ],
)
def test_aliases_are_hidden(cli, arguments, alias):
    """The singular, and ls, show and rm, work; no help names them."""
    lines = cli(*arguments).stdout.splitlines()
    assert cli(*alias).stdout.splitlines()[1:] == lines[1:]
    assert f"  {alias[-2]} " not in cli(*arguments[:-2], "--help").stdout
