"""Scenarios: which task does what, when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from control import START, Controlled
from server_process import ServerProcess

from coordinaitor_sdk.server.run import ScenarioError, read_scenario

EXAMPLE = Path(__file__).parents[3] / "examples" / "scenario.yaml"
QUICK = {"version": 1, "tasks": [{"title": "Quick", "steps": [{"after": "2s", "complete": True}]}]}


@pytest.fixture(scope="module")
def control() -> Iterator[Controlled]:
    """The control API of a server."""
    with ServerProcess() as process:
        found = Controlled(process.start(control=True).url)
        with found.http:
            yield found


def told(task):
    """What a scenario decides of a task."""
    error = task["error"] and (task["error"]["code"], task["error"]["message"])
    return task["status"], task["progress"], task["agentId"], error


def test_the_example_does_what_it_says(control):
    """By title, by order and by id; to the second."""
    with control.world(now=START, scenario=read_scenario(EXAMPLE)) as world:
        for title in ("Build user dashboard", "Second", "Third", "Nobody takes this"):
            world.task(title=title)

        def after(seconds):
            world.time(advance=seconds)
            return [told(world.get(f"/tasks/task-{number}")) for number in (1001, 1002, 1003, 1004)]

        assert after(0.9)[0] == ("pending", 0, None, None)
        assert after(0.1)[0] == ("active", 0, "agent-789", None)
        assert after(4.9)[0][1] == 0
        assert after(0.1)[0][1] == 0.3
        second = after(20)[1]
        assert second[:2] == ("failed", 0.5)
        assert second[3] == ("OUT_OF_MEMORY", "The agent ran out of memory.")
        world.time(runUntilIdle=True)
        first, _, third, fourth = after(86_400)
        assert first == ("completed", 1, "agent-789", None)
        assert third[:2] == ("active", 0.9)
        assert fourth == ("pending", 0, None, None)
        assert world.get("/tasks/task-1001")["completedAt"] == "2024-01-15T10:32:01.000Z"


def test_other_tasks_are_worked_as_ever(control):
    """In the same world, at once with those of the scenario."""
    with control.world(now=START, scenario=QUICK) as world:
        world.task(title="Other")
        world.task(title="Quick")
        world.time(runUntilIdle=True)
        other, quick = (world.get(f"/tasks/task-{number}") for number in (1001, 1002))
        assert other["status"] == quick["status"] == "completed"
        assert (other["version"] >= 9, quick["version"]) == (True, 3)
        assert quick["completedAt"] == "2024-01-15T10:30:02.300Z"


def test_speed_and_an_assignment_hold(control):
    """Ten times as fast, by the agent that was named; the start counts from the assignment."""
    with control.world(now=START, scenario=QUICK, simSpeed=10) as world:
        world.task(title="Quick", agentId="agent-456")
        world.time(runUntilIdle=True)
        task = world.get("/tasks/task-1001")
        assert (task["agentId"], task["completedAt"]) == ("agent-456", "2024-01-15T10:30:00.230Z")


def test_many_of_one_title_exceed_the_limits_of_agents(control):
    """A scenario says when, whoever is free."""
    with control.world(now=START, scenario=QUICK) as world:
        for _ in range(12):
            world.task(title="Quick")
        world.time(advance=3)
        assert {task["status"] for task in world.get("/tasks?search=quick&limit=100")} == {"completed"}


def test_a_task_that_hangs_keeps_nobody_from_work(control):
    """Those behind it are done, and it is not gone on with."""
    hangs = {"version": 1, "tasks": [{"nth": 1, "steps": [{"after": 1, "progress": 0.5}]}]}
    with control.world(now=START, scenario=hangs) as world:
        for _ in range(4):
            world.task(estimatedHours=2)
        world.time(runUntilIdle=True)
        first, *others = (world.get(f"/tasks/task-{number}") for number in range(1001, 1005))
        assert (first["status"], first["progress"], first["version"]) == ("active", 0.5, 3)
        assert {task["status"] for task in others} == {"completed"}


def test_a_scenario_outlives_a_reset_and_the_server(server_process):
    """It belongs to the world."""
    server_process.start(control=True)
    control = Controlled(server_process.url)
    with control.http, control.world(now=START, scenario=QUICK) as world:
        world.reset()
        world.task(title="Quick")
        server_process.kill()
        server_process.restart()
        world.time(runUntilIdle=True)
        assert world.get("/tasks/task-1001")["completedAt"] == "2024-01-15T10:30:02.300Z"


ONE_TASK = "version: 1\ntasks:\n- nth: 1\n  steps:\n"
WRONG = [
    ("", 1, "the file is empty"),
    ("version: 1\ntasks: [\n", 3, "not YAML"),
    ("tasks: []\n", 1, "version is required"),
    ("version: 2\ntasks: []\n", 1, "version must be one of: 1"),
    ("version: 1\ntasks: 7\n", 2, "tasks must be a list"),
    ("version: 1\nversion: 1\ntasks: []\n", 2, "version must be given once"),
    ("version: 1\ntasks:\n- title: A\n  steps: []\n  speed: 2\n", 5, "tasks[0].speed is not known"),
    ("version: 1\ntasks:\n- steps: []\n", 3, "tasks[0] must have exactly one of title, task and nth"),
    ("version: 1\ntasks:\n- title: 7\n  steps: []\n", 3, "tasks[0].title must be a string: put it in quotes"),
    ("version: 1\ntasks:\n- nth: 0\n  steps: []\n", 3, "tasks[0].nth must be at least 1"),
    ("version: 1\ntasks:\n- nth: 1\n  start: soon\n  steps: []\n", 4, "tasks[0].start must be a time"),
    (
        ONE_TASK + "  - after: 5 parsecs\n    progress: 0.1\n",
        5,
        "tasks[0].steps[0].after must be a time",
    ),
    (
        ONE_TASK + "  - after: 5s\n    progress: 1.0\n",
        6,
        "tasks[0].steps[0].progress must be below 1",
    ),
    (
        ONE_TASK + "  - {after: 5s}\n",
        5,
        "tasks[0].steps[0] must have exactly one of progress, complete and fail",
    ),
    (
        ONE_TASK + "  - after: 5s\n    fail: {code: low}\n",
        6,
        "tasks[0].steps[0].fail.code must be",
    ),
    (
        ONE_TASK + "  - {after: 5s, progress: 0.2}\n  - {after: 4s, progress: 0.3}\n",
        6,
        "tasks[0].steps[1].after must be at least 5s",
    ),
    (
        ONE_TASK + "  - {after: 5s, progress: 0.2}\n  - {after: 6s, progress: 0.2}\n",
        6,
        "tasks[0].steps[1].progress must be above 0.2",
    ),
    (
        ONE_TASK + "  - {after: 5s, complete: true}\n  - {after: 6s, progress: 0.2}\n",
        6,
        "tasks[0].steps[1] follows complete",
    ),
    (
        "version: 1\ntasks:\n- nth: 1\n  steps: []\n- nth: 1\n  steps: []\n",
        5,
        "tasks[1].nth names what tasks.0",
    ),
    ("version: 1\ntasks: &a\n- *a\n", 2, "must be written out"),
]


@pytest.mark.parametrize(("text", "line", "says"), WRONG, ids=[says for _, _, says in WRONG])
def test_what_does_not_fit_is_told_with_file_line_and_field(tmp_path, text, line, says):
    """And with what would be right."""
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        read_scenario(path)
    first = str(refused.value).splitlines()[0]
    assert first.startswith(f"{path}, line {line}: ")
    assert says in first


def test_every_problem_is_told(tmp_path):
    """In the order of lines."""
    path = tmp_path / "scenario.yaml"
    path.write_text("version: 1\ntasks:\n- nth: 0\n  steps: []\n- nth: 1\n  steps: 5\n")
    with pytest.raises(ScenarioError) as refused:
        read_scenario(path)
    lines = [line.removeprefix(f"{path}, line ").split(":")[0] for line in str(refused.value).splitlines()]
    assert lines == ["3", "6"]


@pytest.mark.parametrize("content", [None, b"version: \xff\n"])
def test_a_file_that_cannot_be_read_is_told_of(tmp_path, content):
    """Missing, or no text."""
    path = tmp_path / "scenario.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"scenario\.yaml"):
        read_scenario(path)


def test_a_body_that_does_not_fit_is_422_and_makes_nothing(control):
    """The fields are those of the body."""
    before = len(control.ask("GET", "/worlds", 200)["worlds"])
    wrong = {"version": 1, "tasks": [{"nth": 1, "steps": [{"after": "x", "complete": True}]}]}
    refused = control.ask("POST", "/worlds", 422, json={"scenario": wrong})
    assert list(refused["error"]["details"]) == ["scenario.tasks.0.steps.0.after"]
    assert len(control.ask("GET", "/worlds", 200)["worlds"]) == before


def test_a_server_does_not_start_with_a_wrong_one(tmp_path):
    """Exit code 2, one line, no database."""
    path = tmp_path / "scenario.yaml"
    path.write_text("version: 1\ntasks:\n- nth: 1\n  steps: 5\n")
    database = tmp_path / "server.db"
    command = [sys.executable, "-m", "coordinaitor_cli", "server", "start", "--port", "0"]
    done = subprocess.run(
        [*command, "--database", str(database), "--scenario", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    expected = f"error: {path}, line 4: tasks[0].steps must be a list\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert not database.exists()


def test_the_first_organization_of_a_start_has_the_scenario_given(server_process, tmp_path):
    """With clocks that stand from the start."""
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(QUICK))
    server_process.start(control=True, scenario=path, now=START, random_seed=5, api_key="ak_test")
    control = Controlled(server_process.url)
    with control.http:
        listed = {one["world"]: one for one in control.ask("GET", "/worlds", 200)["worlds"]}
        assert [(one["now"], one["frozen"], one["randomSeed"]) for one in listed.values()] == [
            (START, True, 5)
        ] * 2
        made = control.http.post(
            server_process.url + "/api/v1/tasks", json={"title": "Quick"}, headers={"X-API-Key": "ak_test"}
        ).json()["data"]
        control.ask("POST", "/worlds/org-456/time", 200, json={"advance": 2.3})
        task = control.http.get(
            server_process.url + f"/api/v1/tasks/{made['id']}", headers={"X-API-Key": "ak_test"}
        ).json()["data"]
        assert task["completedAt"] == "2024-01-15T10:30:02.300Z"
