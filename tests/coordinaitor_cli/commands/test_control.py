"""`coordinaitor server worlds`, `coordinaitor server time` and `coordinaitor server agents`."""

import json

import httpx
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


def test_agents_are_moved_by_hand(cli, url):
    """Started, brought on, ended; then nothing is to be done."""
    wanted = ("--agents", "manual", "--id", "org-by-hand", "--seed", "empty", "--now", "2024-01-15T10:30:00Z")
    made = cli.json("server", "worlds", "create", *wanted, "--url", url)
    assert (made["world"], made["agents"]) == ("org-by-hand", "manual")
    step = ("server", "agents", "step", "--world", "org-by-hand", "--url", url)
    idle = cli(*step)
    assert (idle.returncode, idle.stdout) == (0, "")
    assert "nothing is to be done" in idle.stderr
    headers = {"X-API-Key": made["apiKey"]}
    with httpx.Client(base_url=url + "/api/v1", headers=headers) as api:
        api.post("/agents", json={"name": "Only", "type": "coding"})
        for title in ("One", "Two"):
            api.post("/tasks", json={"title": title})
    assert cli.json(*step, "--task", "task-1001")["task"]["status"] == "active"
    assert cli.json(*step, "--task", "task-1001", "--progress", "0.3")["task"]["progress"] == 0.3
    shown = cli(*step, "--task", "task-1001", "--complete").stdout
    assert "task-1001" in shown
    assert "completed" in shown
    failed = cli.json(*step, "--task", "task-1002", "--fail", "Out of memory", "--code", "NO_MEMORY")
    assert failed["task"]["error"] == {"code": "NO_MEMORY", "message": "Out of memory"}
    assert cli(*step, "--complete", "--progress", "1").returncode == 2
    assert cli(*step, "--task", "task-1001").returncode == 6


def test_a_world_is_made_with_a_scenario(cli, url, tmp_path):
    """A wrong one is refused with its line, and makes nothing."""
    path = tmp_path / "scenario.yaml"
    path.write_text("version: 1\ntasks:\n- nth: 1\n  steps:\n  - {after: 2s, complete: true}\n")
    wanted = ("--scenario", str(path), "--sim-speed", "2", "--failure-rate", "0.5")
    made = cli.json("server", "worlds", "create", *wanted, "--now", "2024-01-15T10:30:00Z", "--url", url)
    with httpx.Client(base_url=url + "/api/v1", headers={"X-API-Key": made["apiKey"]}) as api:
        api.post("/tasks", json={"title": "One"})
        cli.json("server", "time", "run-until-idle", "--world", made["world"], "--url", url)
        task = api.get("/tasks/task-1001").json()["data"]
    assert (task["status"], task["completedAt"]) == ("completed", "2024-01-15T10:30:01.150Z")
    before = cli.json("server", "worlds", "list", "--url", url)
    path.write_text("version: 1\ntasks:\n- nth: 1\n  steps:\n  - {after: soon, complete: true}\n")
    refused = cli("server", "worlds", "create", "--scenario", str(path), "--url", url)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"error: {path}, line 5: tasks[0].steps[0].after must be a time")
    assert len(cli.json("server", "worlds", "list", "--url", url)) == len(before)
