"""Agents: list and get."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.schemas.answers import Agent, Answer, Page


def names(api, **params):
    """The ids that the list gives."""
    return [
        agent.id
        for agent in Page[Agent].model_validate_json(api("GET", "/agents", params=params).content).data
    ]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["agent-123", "agent-456", "agent-789"]),
        ({"type": "coding"}, ["agent-123", "agent-789"]),
        ({"type": "review"}, []),
        ({"capabilities": "react"}, ["agent-123"]),
        ({"capabilities": "Testing"}, ["agent-123", "agent-456"]),
        ({"capabilities": "testing,review"}, ["agent-456"]),
        ({"available": "true", "capabilities": "react"}, ["agent-123"]),
        ({"available": "false"}, []),
        ({"status": "available", "type": "qa"}, ["agent-456"]),
        ({"status": "offline"}, []),
        ({"limit": "2"}, ["agent-123", "agent-456"]),
        ({"limit": "2", "page": "2"}, ["agent-789"]),
    ],
)
def test_list_gives_what_passes_every_filter(api, params, expected):
    """Type, status, all of the capabilities, availability; by id; paged."""
    assert names(api, **params) == expected


@pytest.mark.parametrize("query", ["type=robot", "status=idle", "available=maybe", "sort=name", "limit=0"])
def test_wrong_parameter_is_400(api, query):
    """400 names the parameter."""
    assert list(api.details("GET", f"/agents?{query}", 400)) == [query.partition("=")[0]]


def test_get_answers_the_agent(api):
    """The documented fields, counted from the tasks."""
    agent = Answer[Agent].model_validate_json(api("GET", "/agents/agent-123").content).data
    assert (agent.name, agent.type, agent.max_concurrent_tasks) == ("Senior React Developer", "coding", 3)
    assert agent.working_hours is None
    assert api("GET", "/agents/agent-0").status_code == 404
    assert api.details("GET", "/agents/agent-123?include=tasks", 400) == {"include": ["Include is not known"]}


def test_agent_follows_its_work(api):
    """Active tasks make an agent busy, their end frees it, and what it did is counted."""
    before = api.get("/agents/agent-456")
    tasks = [api.task(agentId="agent-456") for _ in range(2)]
    assert api.get("/agents/agent-456")["currentTasks"] == 0
    for task in tasks:
        api.patch(f"/tasks/{task['id']}", {"status": "active"})
    busy = api.get("/agents/agent-456")
    assert (busy["status"], busy["currentTasks"]) == ("busy", 2)
    assert names(api, status="busy") == ["agent-456"]
    assert "agent-456" not in names(api, available="true")
    api.patch(f"/tasks/{tasks[0]['id']}", {"status": "completed"})
    api("DELETE", f"/tasks/{tasks[1]['id']}")
    after = api.get("/agents/agent-456")
    assert (after["status"], after["currentTasks"]) == ("available", 0)
    assert after["totalTasksCompleted"] == before["totalTasksCompleted"] + 1
    assert after["successRate"] == pytest.approx(0.5)
    assert after["averageResponseTime"] is not None
    assert after["lastActiveAt"] > before["lastActiveAt"]
