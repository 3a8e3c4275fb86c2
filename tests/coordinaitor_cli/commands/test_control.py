"""`coordinaitor server worlds` and `coordinaitor server time`."""

import json

import pytest
from server_process import ServerProcess


@pytest.fixture(scope="module")
def url():
    """A server with a control API."""
    with ServerProcess() as process:
        yield process.start(control=True).url


def test_a_world_is_made_moved_put_back_and_removed(cli, url):
    """Each command prints what the server answers."""
    wanted = ("--seed", "empty", "--random-seed", "7", "--name", "Initech", "--now", "2024-01-15T10:30:00Z")
    made = cli.json("server", "worlds", "create", *wanted, "--url", url)
    world = made["world"]
    assert made["organization"]["name"] == "Initech"
    assert made["apiKey"].startswith("ak_")
    listed = cli.json("server", "worlds", "list", "--url", url)
    assert [one["randomSeed"] for one in listed if one["world"] == world] == [7]
    there = ("--world", world, "--url", url)
    assert cli.json("server", "time", "advance", "3600", *there) == {
        "now": "2024-01-15T11:30:00Z",
        "frozen": True,
        "ran": 0,
    }
    assert cli.json("server", "time", "run-until-idle", *there)["now"] == "2024-01-15T11:30:00Z"
    assert cli.json("server", "time", "resume", *there)["frozen"] is False
    assert cli.json("server", "time", "freeze", *there)["frozen"] is True
    reset = cli.json("server", "worlds", "reset", *there)
    assert reset["now"] == "2024-01-15T10:30:00Z"
    assert reset["epoch"] != made["epoch"]
    assert cli("server", "worlds", "delete", *there).returncode == 0
    gone = cli("server", "time", "freeze", *there)
    assert (gone.returncode, gone.stdout) == (3, "")
    assert f"error: There is no world {world}" in gone.stderr


def test_credentials_are_printed_once_for_reading(cli, url):
    """A line each."""
    done = cli("server", "worlds", "create", "--url", url)
    assert done.returncode == 0, done.stderr
    for label in ("World", "Admin", "Password", "API key", "Clock"):
        assert label in done.stdout
    table = cli("server", "worlds", "list", "--url", url).stdout
    assert "org-456\tGlobex\t" in table
    assert "ak_" not in table


def test_backwards_is_rejected(cli, url):
    """With the server's words."""
    world = json.loads(cli("server", "worlds", "create", "--url", url, "-o", "json").stdout)["world"]
    refused = cli("server", "time", "advance", "--world", world, "--url", url, "--", "-5")
    assert refused.returncode == 7
    assert "must be at least 0" in refused.stderr


def test_a_server_without_a_control_api_is_told_of(cli):
    """With the option that it lacks."""
    with ServerProcess() as process:
        process.start(agents="off")
        refused = cli("server", "worlds", "list", "--url", process.url)
    assert refused.returncode == 13
    assert "start it with --control" in refused.stderr
