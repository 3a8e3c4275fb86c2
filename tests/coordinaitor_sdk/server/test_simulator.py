"""Simulated agents, end to end."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from server_process import ServerProcess

KEY = "ak_test-key"


@pytest.fixture(scope="module")
def sim() -> Iterator[ServerProcess]:
    """A server whose agents work twenty times as fast."""
    with ServerProcess() as process:
        process.start(api_key=KEY, sim_speed=20)
        yield process


@pytest.fixture(scope="module")
def api(sim):
    """Requests to that server."""
    with httpx.Client(base_url=sim.url + "/api/v1", headers={"X-API-Key": KEY}) as client:
        yield client


def make(api, **fields):
    """A new task's id."""
    answer = api.post("/tasks", json={"title": "Simulated", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def task_of(api, task_id):
    """The task now, with its history."""
    return api.get(f"/tasks/{task_id}?include=history").json()["data"]


def ended(api, task_id):
    """The task once it has ended."""

    def look():
        task = task_of(api, task_id)
        return task if task["status"] in ("completed", "failed", "cancelled") else None

    return look


def test_task_is_taken_by_the_agent_that_fits_and_worked_to_the_end(api, eventually):
    """A pending task without an agent: taken by tags, started, brought on in steps, completed with its
    estimate.
    """
    task = eventually(ended(api, make(api, tags=["react"], estimatedHours=6)))
    assert (task["status"], task["agentId"], task["progress"]) == ("completed", "agent-123", 1)
    assert task["actualHours"] == 6
    assert 9 <= task["version"] <= 14
    actions = [(entry["action"], entry["to"], entry["user"]) for entry in task["history"]]
    assert actions == [
        ("created", "pending", "user-123"),
        ("assigned", "agent-123", "agent-123"),
        ("status_changed", "active", "agent-123"),
        ("status_changed", "completed", "agent-123"),
    ]


def test_assigned_task_is_worked_by_its_agent(api, eventually):
    """Its own agent takes it, whatever the tags say."""
    task = eventually(ended(api, make(api, tags=["react"], agentId="agent-456", estimatedHours=2)))
    assert (task["status"], task["agentId"]) == ("completed", "agent-456")


def test_task_tagged_for_failure_fails_halfway(api, eventually):
    """status failed with an error, short of full progress."""
    task = eventually(ended(api, make(api, tags=["simulate-failure"], estimatedHours=4)))
    assert task["status"] == "failed"
    assert task["error"]["code"] == "AGENT_ERROR"
    assert task["error"]["message"]
    assert 0 < task["progress"] <= 0.6
    assert task["completedAt"] is None


def test_agents_never_work_more_than_they_may(api, eventually):
    """Ten tasks at once: nobody exceeds maxConcurrentTasks, status follows, and all are done in the end."""
    ids = [make(api, estimatedHours=4) for _ in range(10)]
    busy = set()

    def done():
        for agent in api.get("/agents").json()["data"]:
            assert agent["currentTasks"] <= agent["maxConcurrentTasks"]
            assert (agent["status"] == "busy") == (agent["currentTasks"] >= agent["maxConcurrentTasks"])
            busy.update([agent["id"]] if agent["status"] == "busy" else [])
        return all(task_of(api, task)["status"] == "completed" for task in ids)

    eventually(done, within=20)
    assert busy


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed"])
def test_user_who_ends_a_task_stops_the_work(api, eventually, status):
    """After a user's own change nothing more happens to the task."""
    task_id = make(api, estimatedHours=40)
    eventually(lambda: task_of(api, task_id)["progress"] > 0)
    ended_task = api.patch(f"/tasks/{task_id}", json={"status": status}).json()["data"]
    other = make(api, estimatedHours=4)
    eventually(ended(api, other))
    assert task_of(api, task_id)["version"] == ended_task["version"]


def test_deleted_task_stops_the_work_without_an_error(api, sim, eventually):
    """The agent is free again, and the server logs nothing."""
    task_id = make(api, agentId="agent-123", estimatedHours=40)
    eventually(lambda: task_of(api, task_id)["progress"] > 0)
    assert api.delete(f"/tasks/{task_id}").status_code == 204
    eventually(lambda: api.get("/agents/agent-123").json()["data"]["currentTasks"] == 0)
    assert "failed" not in sim.stderr


def test_reassigned_task_is_gone_on_with_by_the_other_agent(api, eventually):
    """Progress is kept; the new agent completes it."""
    task_id = make(api, agentId="agent-123", estimatedHours=20)
    eventually(lambda: task_of(api, task_id)["progress"] > 0.1)
    before = api.post(f"/tasks/{task_id}/assign", json={"agentId": "agent-789"}).json()["data"]
    task = eventually(ended(api, task_id))
    assert (task["status"], task["agentId"]) == ("completed", "agent-789")
    assert before["status"] == "active"
    assert task["actualHours"] == pytest.approx(20, abs=2.5)


def test_seeded_tasks_are_left_alone_until_assigned(api, eventually):
    """The seed stays as it is; assigning a seeded task anew makes it work."""
    eventually(ended(api, make(api, estimatedHours=4)))
    assert [task_of(api, name)["version"] for name in ("task-123", "task-456")] == [3, 1]
    api.post("/tasks/task-456/assign", json={"agentId": "agent-123"})
    assert eventually(ended(api, "task-456"))["status"] == "completed"


def test_task_that_is_taken_from_its_agent_is_left_to_its_user(api, eventually):
    """An active task without an agent is nobody's to simulate: it stays active, untouched."""
    task_id = make(api, estimatedHours=40)
    eventually(lambda: task_of(api, task_id)["progress"] > 0)
    task = api.patch(f"/tasks/{task_id}", json={"agentId": None}).json()["data"]
    eventually(ended(api, make(api, estimatedHours=4)))
    assert (task["status"], task["agentId"]) == ("active", None)
    assert task_of(api, task_id)["version"] == task["version"]
