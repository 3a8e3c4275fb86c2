"""Agents: list, get, create, update, enable and disable, what they work on and what they did."""

from __future__ import annotations

import json

import pytest
from websockets.sync.client import connect

from coordinaitor_sdk.server.domain.working_hours import WEEKDAYS
from coordinaitor_sdk.server.schemas.answers import (
    Agent,
    AgentDetail,
    AgentMetrics,
    Answer,
    Page,
    Push,
    Task,
)

KEY = "ak_test-key"


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
    assert api.details("GET", "/agents/agent-123?with=tasks", 400) == {"with": ["With is not known"]}


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


BODY = {
    "name": "Full Stack Developer Bot",
    "type": "coding",
    "model": "gpt-4",
    "provider": "openai",
    "capabilities": ["react", "nodejs", "python", "postgresql", "aws"],
    "specializations": ["full-stack", "microservices", "devops"],
    "maxConcurrentTasks": 2,
    "workingHours": {
        "timezone": "America/New_York",
        "start": "09:00",
        "end": "17:00",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    },
    "configuration": {"temperature": 0.7, "maxTokens": 4000, "codeStyle": "clean-code", "own": {"a": [None]}},
}


def agent_of(answer, status=200):
    """The agent of an answer, checked."""
    assert answer.status_code == status, answer.text
    return Answer[Agent].model_validate_json(answer.content).data.model_dump(by_alias=True)


def make(own, **fields):
    """A new agent."""
    return agent_of(own("POST", "/agents", json={"name": "A", "type": "qa"} | fields), 201)


def pushes(server, agent_id, act):
    """What is pushed of an agent while `act` does something."""
    with connect(server.ws_url, additional_headers={"X-API-Key": KEY}) as raw:
        json.loads(raw.recv())
        raw.send(json.dumps({"type": "subscribe", "channel": "agents", "filters": {"agentId": agent_id}}))
        json.loads(raw.recv())
        act()
        raw.send(json.dumps({"type": "ping"}))
        found = []
        while (message := raw.recv(5)) and json.loads(message)["type"] != "pong":
            push = Push[Agent].model_validate_json(message)
            found.append((push.type, push.data.status, push.data.version))
        return found


def test_creation_answers_the_whole_agent(own):
    """The document's body gives 201 and an agent that has done nothing yet."""
    agent = agent_of(own("POST", "/agents", json=BODY), 201)
    assert {name: agent[name] for name in BODY} == BODY
    assert agent["id"].startswith("agent-")
    assert (agent["status"], agent["enabled"], agent["version"]) == ("available", True, 1)
    assert (agent["currentTasks"], agent["totalTasksCompleted"], agent["lastActiveAt"]) == (0, 0, None)
    assert (agent["successRate"], agent["averageResponseTime"], agent["disabledReason"]) == (None, None, None)
    assert own.get(f"/agents/{agent['id']}") == agent
    assert agent["id"] in names(own, capabilities="AWS,react")


def test_creation_needs_name_and_type_alone(own):
    """The rest has defaults; repeated names are dropped, days come in their order."""
    agent = make(own)
    assert (agent["model"], agent["provider"], agent["workingHours"]) == (None, None, None)
    assert (agent["capabilities"], agent["maxConcurrentTasks"], agent["configuration"]) == ([], 1, {})
    hours = {"timezone": "UTC", "start": "22:00", "end": "06:00"}
    assert make(own, workingHours=hours)["workingHours"] == hours | {"days": list(WEEKDAYS)}
    agent = make(
        own,
        capabilities=["a", "b", "a"],
        workingHours=hours | {"days": ["sunday", "monday", "monday"]},
    )
    assert (agent["capabilities"], agent["workingHours"]["days"]) == (["a", "b"], ["monday", "sunday"])


HOURS = {"timezone": "UTC", "start": "09:00", "end": "17:00"}
WRONG = [
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"type": "robot"}, "type"),
    ({"model": ""}, "model"),
    ({"model": 4}, "model"),
    ({"capabilities": ["a,b"]}, "capabilities.0"),
    ({"capabilities": "react"}, "capabilities"),
    ({"capabilities": ["x"] * 51}, "capabilities"),
    ({"specializations": [""]}, "specializations.0"),
    ({"maxConcurrentTasks": 0}, "maxConcurrentTasks"),
    ({"maxConcurrentTasks": 101}, "maxConcurrentTasks"),
    ({"maxConcurrentTasks": 1.5}, "maxConcurrentTasks"),
    ({"maxConcurrentTasks": "2"}, "maxConcurrentTasks"),
    ({"maxConcurrentTasks": True}, "maxConcurrentTasks"),
    ({"workingHours": "always"}, "workingHours"),
    ({"workingHours": {}}, "workingHours.timezone"),
    ({"workingHours": HOURS | {"timezone": "Mars/Olympus"}}, "workingHours.timezone"),
    ({"workingHours": HOURS | {"timezone": "../../etc/passwd"}}, "workingHours.timezone"),
    ({"workingHours": HOURS | {"timezone": "America"}}, "workingHours.timezone"),
    ({"workingHours": HOURS | {"timezone": ""}}, "workingHours.timezone"),
    ({"workingHours": HOURS | {"start": "9:00"}}, "workingHours.start"),
    ({"workingHours": HOURS | {"end": "24:00"}}, "workingHours.end"),
    ({"workingHours": HOURS | {"end": "09:00:00"}}, "workingHours.end"),
    ({"workingHours": HOURS | {"end": 17}}, "workingHours.end"),
    ({"workingHours": HOURS | {"days": []}}, "workingHours.days"),
    ({"workingHours": HOURS | {"days": ["Monday"]}}, "workingHours.days.0"),
    ({"workingHours": HOURS | {"lunch": "12:00"}}, "workingHours.lunch"),
    ({"configuration": []}, "configuration"),
    ({"configuration": {"a": "x" * 65_536}}, "configuration"),
    ({"status": "busy"}, "status"),
    ({"enabled": False}, "enabled"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_wrong_field_is_422_and_stores_nothing(own, change, field):
    """The field is named, in POST and PUT; no agent appears, none changes."""
    before = own("GET", "/agents").json()["pagination"]["total"]
    assert field in own.details("POST", "/agents", json=BODY | change)
    assert own("GET", "/agents").json()["pagination"]["total"] == before
    agent = own.get("/agents/agent-456")
    assert field in own.details("PUT", "/agents/agent-456", json=change)
    assert own.get("/agents/agent-456") == agent


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 400, "9" * 5_000])
def test_configuration_with_a_number_that_is_none_is_refused(own, number):
    """What JSON can't say never gets in."""
    body = f'{{"name": "A", "type": "qa", "configuration": {{"a": [{number}]}}}}'
    answer = own("POST", "/agents", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


def test_configuration_is_nested_no_deeper_than_readers_follow(own):
    """100 levels; one more would keep others from reading a list that the agent is in."""

    def nested(levels):
        inner = {}
        for _ in range(levels - 1):
            inner = {"a": inner}
        return BODY | {"configuration": inner}

    agent = agent_of(own("POST", "/agents", json=nested(100)), 201)
    assert agent["configuration"] == nested(100)["configuration"]
    assert own.details("POST", "/agents", json=nested(101)) == {
        "configuration": ["Configuration must be nested at most 100 levels deep"]
    }


def test_update_changes_the_fields_given(own, own_server):
    """Those left out stay; the version counts; agent.updated tells."""
    agent = agent_of(own("POST", "/agents", json=BODY), 201)
    changes = {"name": "New", "type": "review", "model": None, "capabilities": ["Go"], "workingHours": None}
    told = pushes(
        own_server,
        agent["id"],
        lambda: agent_of(own("PUT", f"/agents/{agent['id']}", json=changes)),
    )
    assert told == [("agent.updated", "available", 2)]
    assert own.get(f"/agents/{agent['id']}") == agent | changes | {"version": 2}
    assert agent["id"] in names(own, capabilities="go")
    assert agent["id"] not in names(own, capabilities="aws")


def test_update_that_changes_nothing_is_none(own, own_server):
    """Same values, or none: same version, no event."""
    agent = agent_of(own("POST", "/agents", json=BODY), 201)
    path = f"/agents/{agent['id']}"
    assert pushes(own_server, agent["id"], lambda: [own("PUT", path, json=body) for body in ({}, BODY)]) == []
    assert own.get(path) == agent


def test_limit_that_is_reached_makes_busy(own, own_server):
    """The status follows when the limit changes, and its own event follows agent.updated."""
    agent = make(own, maxConcurrentTasks=2)
    task = own.task(agentId=agent["id"])
    own.patch(f"/tasks/{task['id']}", {"status": "active"})
    path = f"/agents/{agent['id']}"
    told = pushes(own_server, agent["id"], lambda: own("PUT", path, json={"maxConcurrentTasks": 1}))
    assert told == [("agent.updated", "busy", 2), ("agent.status_changed", "busy", 2)]
    assert agent_of(own("PUT", path, json={"maxConcurrentTasks": 3}))["status"] == "available"


def test_agent_is_disabled_and_enabled(own, own_server):
    """Offline with a reason; its tasks stay active; enabled it is what its work makes of it."""
    agent = make(own)
    task = own.task(agentId=agent["id"])
    own.patch(f"/tasks/{task['id']}", {"status": "active"})
    path = f"/agents/{agent['id']}"
    told = pushes(
        own_server,
        agent["id"],
        lambda: own("POST", f"{path}/disable", json={"reason": "Maintenance required"}),
    )
    assert told == [("agent.updated", "offline", 3), ("agent.status_changed", "offline", 3)]
    disabled = own.get(path)
    assert (disabled["enabled"], disabled["disabledReason"]) == (False, "Maintenance required")
    assert (disabled["status"], disabled["currentTasks"]) == ("offline", 1)
    assert own.get(f"/tasks/{task['id']}")["status"] == "active"
    assert agent["id"] in names(own, status="offline")
    enabled = agent_of(own("POST", f"{path}/enable"))
    assert (enabled["enabled"], enabled["disabledReason"], enabled["status"]) == (True, None, "busy")


def test_work_that_ends_leaves_a_disabled_agent_offline(own):
    """Its status is not that of its work."""
    agent = make(own)
    task = own.task(agentId=agent["id"])
    own.patch(f"/tasks/{task['id']}", {"status": "active"})
    own.post(f"/agents/{agent['id']}/disable", {})
    own.patch(f"/tasks/{task['id']}", {"status": "completed"})
    found = own.get(f"/agents/{agent['id']}")
    assert (found["status"], found["currentTasks"], found["totalTasksCompleted"]) == ("offline", 0, 1)


def test_doing_it_twice_changes_nothing_but_the_reason(own):
    """Same version; another reason is a change, none keeps it."""
    path = f"/agents/{make(own)['id']}"
    first = agent_of(own("POST", f"{path}/disable", json={"reason": "one"}))
    assert agent_of(own("POST", f"{path}/disable")) == first
    assert agent_of(own("POST", f"{path}/disable", json={"reason": "one"})) == first
    other = agent_of(own("POST", f"{path}/disable", json={"reason": "two"}))
    assert (other["disabledReason"], other["version"]) == ("two", first["version"] + 1)
    enabled = agent_of(own("POST", f"{path}/enable", json={"reason": "back"}))
    assert agent_of(own("POST", f"{path}/enable")) == enabled


@pytest.mark.parametrize("body", [{"reason": 5}, {"reason": ""}, {"reason": "x" * 1_001}, {"why": "x"}, []])
def test_wrong_reason_is_422(own, body):
    """And changes nothing."""
    agent = make(own)
    for action in ("disable", "enable"):
        assert own.details("POST", f"/agents/{agent['id']}/{action}", json=body)
    assert own("POST", f"/agents/{agent['id']}/disable", content=b"{").status_code == 400
    assert own.get(f"/agents/{agent['id']}") == agent


def test_tasks_of_an_agent_are_a_page(own):
    """Newest first, by status if given."""
    agent = make(own)
    path = f"/agents/{agent['id']}/tasks"
    made = [own.task(agentId=agent["id"])["id"] for _ in range(3)]
    own.patch(f"/tasks/{made[1]}", {"status": "cancelled"})
    own.task(agentId="agent-123")

    def ids(query=""):
        page = Page[Task].model_validate_json(own("GET", path + query).content)
        return [task.id for task in page.data]

    assert ids() == made[::-1]
    assert ids("?status=cancelled") == [made[1]]
    assert ids("?limit=1&page=3") == [made[0]]
    links = own("GET", f"{path}?status=pending&limit=1").json()["links"]
    assert links["next"] == f"/api/v1{path}?status=pending&page=2&limit=1"
    assert list(own.details("GET", f"{path}?status=done", 400)) == ["status"]
    assert list(own.details("GET", f"{path}?agentId=agent-123", 400)) == ["agentId"]


def test_metrics_of_an_agent_that_did_nothing(own):
    """Zeros where something is counted, null where nothing can be computed."""
    agent = make(own)
    metrics = (
        Answer[AgentMetrics].model_validate_json(own("GET", f"/agents/{agent['id']}/metrics").content).data
    )
    assert metrics.period.start == agent["createdAt"]
    assert (metrics.task_metrics.total_tasks, metrics.task_metrics.success_rate) == (0, None)
    assert metrics.task_metrics.average_completion_time is None
    assert (metrics.utilization_metrics.active_hours, metrics.utilization_metrics.peak_hours) == (0, [])


def test_metrics_tell_what_happened(own):
    """Tasks by their end; hours from the first start to the last end."""
    agent = make(own, maxConcurrentTasks=10)
    for ends in (["active", "completed"], ["active", "failed"], ["cancelled"], ["completed"], ["active"], []):
        task = own.task(agentId=agent["id"])
        for status in ends:
            own.patch(f"/tasks/{task['id']}", {"status": status})
    metrics = (
        Answer[AgentMetrics].model_validate_json(own("GET", f"/agents/{agent['id']}/metrics").content).data
    )
    tasks = metrics.task_metrics
    assert (tasks.total_tasks, tasks.completed_tasks, tasks.failed_tasks) == (6, 2, 1)
    assert tasks.cancelled_tasks == 1
    assert tasks.success_rate == pytest.approx(2 / 3, abs=1e-4)
    assert tasks.average_completion_time is not None
    assert metrics.performance_metrics.average_response_time is not None
    used = metrics.utilization_metrics
    assert 0 <= used.active_hours <= used.total_hours < 0.1
    assert len(used.peak_hours) in (1, 2)


def test_metrics_of_the_seed_are_those_of_its_tasks(own):
    """agent-123 completed task-789, which took six hours."""
    metrics = own.get("/agents/agent-123/metrics")
    assert metrics["taskMetrics"]["completedTasks"] == 1
    assert metrics["taskMetrics"]["averageCompletionTime"] == 6
    assert metrics["utilizationMetrics"]["activeHours"] == 6
    assert metrics["utilizationMetrics"]["totalHours"] == pytest.approx(24 * 60, abs=1)
    assert own.get("/agents/agent-456/metrics")["utilizationMetrics"]["activeHours"] == 2


def test_related_data_come_with_the_agent(own):
    """include=tasks,metrics,logs; the newest first."""
    agent = make(own)
    tasks = [own.task(agentId=agent["id"])["id"] for _ in range(2)]
    answer = own("GET", f"/agents/{agent['id']}?include=tasks,metrics,logs")
    found = Answer[AgentDetail].model_validate_json(answer.content).data
    assert [task.id for task in found.tasks] == tasks[::-1]
    assert found.metrics.agent_id == agent["id"]
    assert found.logs == []
    assert list(own.details("GET", "/agents/agent-123?include=comments", 400)) == ["include"]
    assert set(own.get(f"/agents/{agent['id']}", include="logs")) == set(agent) | {"logs"}


def test_logs_tell_what_the_agent_did(own):
    """What the seed's agents did to its tasks, newest first."""
    whole = (
        Answer[AgentDetail]
        .model_validate_json(own("GET", "/agents/agent-456?include=tasks,metrics,logs").content)
        .data
    )
    logs = [(log.level, log.message, log.task_id) for log in whole.logs]
    assert logs == [
        ("error", "Failed at the task", "task-790"),
        ("info", "Started the task", "task-790"),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", ""),
        ("POST", "/enable"),
        ("POST", "/disable"),
        ("GET", "/tasks"),
        ("GET", "/metrics"),
        ("GET", "?include=tasks"),
    ],
)
def test_unknown_agent_is_404(own, method, path):
    """404 NOT_FOUND."""
    answer = own(method, f"/agents/agent-0{path}", **({} if method == "GET" else {"json": {}}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
