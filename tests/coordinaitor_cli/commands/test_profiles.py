"""`coordinaitor profiles`, `config` and `completion`."""

import json
from pathlib import Path

import pytest

from coordinaitor_cli.completing import SCRIPTS


def test_profiles_live(cli, idle_server, fails):
    """create, use, list, delete; what is active holds for commands and scripts."""
    fails(cli("profiles", "create", "here"), 2)
    assert cli("profiles", "create", "here", "--base-url", idle_server.url).returncode == 0
    fails(cli("profiles", "create", "here", "--base-url", idle_server.url), 6)
    fails(cli("profiles", "use", "nope"), 3)
    assert cli("profiles", "use", "here").returncode == 0
    (row,) = cli.json("profiles", "list")
    assert row == {"name": "here", "active": True, "baseUrl": idle_server.url, "credential": None}
    assert cli.json("ping")["url"] == idle_server.url
    script = cli.python("from coordinaitor_sdk import Coordinaitor; print(Coordinaitor().base_url)")
    assert script.stdout.strip() == idle_server.url
    done = cli("auth", "login", "--api-key-stdin", stdin=idle_server.api_key)
    assert "profile here" in done.stderr
    assert cli.json("profiles", "list")[0]["credential"] == "API key"
    fails(cli("profiles", "delete", "here"), 2)
    assert cli("profiles", "delete", "here", "--yes").returncode == 0
    assert cli.json("profiles", "list") == []
    assert not list((cli.config / "credentials").glob("*.json"))


def test_an_error_names_the_profile(cli, idle_server):
    """Where a profile was chosen, and how, is in the error."""
    cli("profiles", "create", "here", "--base-url", idle_server.url)
    done = cli("tasks", "list", "--profile", "here", "-o", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["profile"], error["profileSource"]) == (4, "here", "argument")
    assert error["hint"] == "coordinaitor auth login --profile here"


def test_a_plain_error_names_the_profile_and_its_source(cli, idle_server, fails):
    """Before and after a client is made: with the flag, the variable, the active profile, and none."""
    cli("profiles", "create", "here", "--base-url", idle_server.url)
    there = ("tasks", "list", "--base-url", "http://127.0.0.1:1")
    assert fails(cli(*there, "--profile", "here"), 11)[0].endswith("(profile here from --profile)")
    told = fails(cli(*there, COORDINAITOR_PROFILE="here"), 11)[0]
    assert told.endswith("(profile here from COORDINAITOR_PROFILE)")
    assert fails(cli(*there), 11)[0].endswith("(profile default by default)")
    cli("profiles", "use", "here")
    assert fails(cli(*there), 11)[0].endswith("(profile here from config.toml)")
    assert fails(cli(*there[:-1], "nonsense"), 13)[0].endswith("(profile here from config.toml)")


def test_config_live(cli, fails):
    """set, get, list with origins, unset, path."""
    assert cli("config", "set", "base-url", "https://api.example.com/").returncode == 0
    assert cli("config", "get", "base-url").stdout == "https://api.example.com\n"
    fails(cli("config", "get", "project"), 3)
    fails(cli("config", "set", "nope", "1"), 2)
    fails(cli("config", "set", "base-url", "nonsense"), 13)
    rows = cli.json("config", "list", "--show-origin")
    assert {"name": "base-url", "value": "https://api.example.com", "origin": "profile default"} in rows
    done = cli("config", "list", "--show-origin", COORDINAITOR_BASE_URL="http://localhost:1")
    assert "base-url\thttp://localhost:1\tCOORDINAITOR_BASE_URL\n" in done.stdout
    assert cli("config", "unset", "base-url").returncode == 0
    assert cli("config", "get", "base-url").stdout == "http://localhost:3000\n"
    assert Path(cli("config", "path").stdout.strip()) == cli.config / "config.toml"


def offered(cli, *words):
    """What TAB offers behind these words."""
    return cli("__complete", "bash", *words).stdout.split()


def test_completion_of_words(cli):
    """Commands, options and their values."""
    assert offered(cli, "ta") == ["tasks"]
    assert offered(cli, "tasks", "wa") == ["wait", "watch"]
    assert offered(cli, "tasks", "list", "--out") == ["--output"]
    assert offered(cli, "tasks", "list", "-o", "js") == ["json", "jsonl"]
    assert offered(cli, "tasks", "list", "--output", "=", "y") == ["yaml"]
    assert offered(cli, "projects", "members", "a") == ["add"]
    assert offered(cli, "completion", "") == ["bash", "zsh", "fish"]
    assert offered(cli, "nope", "x") == []


def test_completion_of_ids(cli, idle_server):
    """Ids that a list has shown, with their titles where the shell shows them."""
    cli.use(idle_server)
    assert offered(cli, "tasks", "get", "") == []
    cli("tasks", "list", "--project", "proj-456")
    assert offered(cli, "tasks", "get", "task-") == ["task-123"]
    done = cli("__complete", "fish", "tasks", "get", "task-")
    assert done.stdout == "task-123\tImplement user authentication\n"
    assert offered(cli, "agents", "get", "") == []


@pytest.mark.parametrize("shell", SCRIPTS)
def test_script_is_printed(cli, shell):
    """One for each shell."""
    assert cli("completion", shell).stdout == f"{SCRIPTS[shell]}\n"
