"""Agents moved by hand, and how often those that work by themselves fail."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from control import START, Controlled
from server_process import ServerProcess


@pytest.fixture(scope="module")
def control() -> Iterator[Controlled]:
    """The control API of a server whose agents work by hand unless a world says otherwise."""
    with ServerProcess() as process:
        found = Controlled(process.start(control=True, agents="manual").url)
        with found.http:
            yield found


def step(control, world, status=200, **order):
    """The task after a move, or what was answered instead."""
    answer = control.ask("POST", f"/worlds/{world.id}/agents/step", status, json=order)
    return answer["task"] if status == 200 else answer["error"]


def test_nothing_moves_by_itself(control):
    """Neither with the machine's time nor with the world's."""
    with control.world() as running, control.world(now=START) as frozen:
        for world in (running, frozen):
            world.task()
        assert frozen.time(runUntilIdle=True)["ran"] == 0
        assert frozen.time(advance=86_400)["ran"] == 0
        time.sleep(0.6)
        for world in (running, frozen):
            task = world.get("/tasks/task-1001")
            assert (task["status"], task["version"]) == ("pending", 1)


def test_each_call_is_one_move(control):
    """Start, steps, end; what is next is taken without a name, high priority first."""
    with control.world(now=START, seed="empty") as world:
        assert step(control, world) is None
        world.post("/agents", {"name": "Only", "type": "coding", "maxConcurrentTasks": 2})
        world.task(title="Later", priority="low")
        world.task(title="First", priority="high")
        started = step(control, world)
        assert (started["id"], started["status"], started["progress"]) == ("task-1002", "active", 0)
        assert step(control, world)["id"] == "task-1001"
        moved = step(control, world)
        assert (moved["id"], moved["version"]) == ("task-1002", 3)
        assert 0 < moved["progress"] < 1
        last = [step(control, world) for _ in range(30)]
        assert last[-1] is None
        ended = [task["id"] for task in last if task and task["status"] == "completed"]
        assert sorted(ended) == ["task-1001", "task-1002"]
        assert world.time(freeze=True)["now"] == START


def test_a_task_is_moved_as_told(control):
    """Started by the way; brought on, completed, or failed with an error."""
    with control.world(now=START) as world:
        for _ in range(3):
            world.task(estimatedHours=10)
        moved = step(control, world, task="task-1001", progress=0.4)
        assert (moved["status"], moved["progress"], moved["actualHours"]) == ("active", 0.4, 4)
        assert moved["agentId"] is not None
        assert step(control, world, task="task-1001")["progress"] > 0.4
        done = step(control, world, task="task-1001", complete=True)
        assert (done["status"], done["progress"], done["completedAt"]) == ("completed", 1, START)
        failed = step(
            control, world, task="task-1002", fail={"code": "NO_MEMORY", "message": "Out of memory."}
        )
        assert failed["status"] == "failed"
        assert failed["error"] == {"code": "NO_MEMORY", "message": "Out of memory."}
        pushed = [entry["to"] for entry in world.get("/tasks/task-1002?include=history")["history"]]
        assert pushed[-1] == "failed"


def test_a_scenario_says_the_steps_of_a_move(control):
    """Until it says no more."""
    steps = [{"after": 5, "progress": 0.2}, {"after": 9, "progress": 0.7}]
    scenario = {"version": 1, "tasks": [{"nth": 1, "agent": "agent-456", "steps": steps}]}
    with control.world(now=START, scenario=scenario) as world:
        world.task()
        moves = [step(control, world) for _ in range(3)]
        assert [(task["agentId"], task["progress"]) for task in moves] == [
            ("agent-456", 0),
            ("agent-456", 0.2),
            ("agent-456", 0.7),
        ]
        assert step(control, world) is None
        assert "leaves task task-1001 as it is" in step(control, world, 409, task="task-1001")["message"]
        assert step(control, world, task="task-1001", complete=True)["status"] == "completed"


def test_what_cannot_be_moved_is_told(control):
    """An ended task, one that isn't there, nobody to move it, agents that work by themselves."""
    with control.world(now=START, seed="empty") as world, control.world(agents="simulate") as other:
        world.task()
        assert "make an agent" in step(control, world, 409, task="task-1001")["message"]
        world.api.patch("/tasks/task-1001", json={"status": "cancelled"})
        assert "final" in step(control, world, 409, task="task-1001")["message"]
        step(control, world, 404, task="task-9")
        assert '"agents": "manual"' in step(control, other, 409)["message"]
        assert other.made["agents"] == "simulate"


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({"progress": 2}, "progress"),
        ({"complete": False}, "complete"),
        ({"fail": {"code": "low"}}, "fail.code"),
        ({"progress": 0.5, "complete": True}, "body"),
        ({"speed": 1}, "speed"),
    ],
)
def test_a_wrong_order_moves_nothing(control, order, named):
    """Each field is named."""
    with control.world(now=START) as world:
        world.task()
        answer = control.ask("POST", f"/worlds/{world.id}/agents/step", 422, json=order)
        assert list(answer["error"]["details"]) == [named]
        assert world.get("/tasks/task-1001")["version"] == 1


def test_agents_that_are_off_leave_work_where_it_is(control):
    """In a world of its own kind."""
    with control.world(now=START, agents="off") as world:
        world.task()
        assert world.time(advance=3_600)["ran"] == 0
        assert world.get("/tasks/task-1001")["status"] == "pending"


def test_a_share_of_tasks_fails_the_same_in_each_run(control):
    """About as many as told; none at 0, all at 1."""

    def failures(rate, seed):
        wanted = {"failureRate": rate, "randomSeed": seed, "agents": "simulate"}
        with control.world(now=START, **wanted) as world:
            for _ in range(40):
                world.task(estimatedHours=2)
            world.time(runUntilIdle=True)
            tasks = world.get("/tasks?limit=100&status=failed")
            return sorted(task["id"] for task in tasks if task["id"].startswith("task-1"))

    some = failures(0.3, 1)
    assert 4 <= len(some) <= 20
    assert some == failures(0.3, 1)
    assert some != failures(0.3, 2)
    assert failures(0, 1) == []
    assert len(failures(1, 1)) == 40


def test_worlds_keep_their_way_over_a_restart(server_process):
    """Of agents, speed and failures; what waits is gone on with where agents work by themselves again."""
    server_process.start(control=True)
    control = Controlled(server_process.url)
    with control.http, control.world(now=START, agents="manual", failureRate=1) as world:
        world.task()
        server_process.restart(agents="off")
        assert step(control, world)["status"] == "active"
        moves = [step(control, world) for _ in range(12)]
        assert "failed" in [task["status"] for task in moves if task]


def test_a_start_with_manual_agents_needs_the_control_api(server_process):
    """Nothing else would move them."""
    with pytest.raises(AssertionError, match="--agents manual needs --control"):
        server_process.start(agents="manual")


class TestChosenIds:
    def test_a_world_may_be_given_its_id_again_once_it_is_gone(self, control):
        """A second one of the same id is 409; a token of the first holds in no later one."""
        with control.world(id="org-mine", now=START) as world:
            assert world.id == "org-mine"
            login = control.http.post(control.url + "/api/auth/login", json=world.admin).json()
            refused = control.ask("POST", "/worlds", 409, json={"id": "org-mine"})
            assert "give another id" in refused["error"]["message"]
        with control.world(id="org-mine", now=START) as world:
            control.http.post(control.url + "/api/auth/login", json=world.admin)
            token = {"Authorization": f"Bearer {login['accessToken']}"}
            assert control.http.get(control.url + "/api/tasks", headers=token).status_code == 401

    @pytest.mark.parametrize("wrong", ["", "a/b", "Upper", "..", "ab", "a" * 41, "1abc"])
    def test_a_wrong_id_is_422(self, control, wrong):
        """It is a name of a folder too."""
        assert list(control.ask("POST", "/worlds", 422, json={"id": wrong})["error"]["details"]) == ["id"]
