"""What is kept or sent between processes: models, pages, updates, settings."""

import copy
import pickle

import pytest

from coordinaitor_sdk import Cache, Coordinaitor, HttpResponse, RateLimit, Retry, Tokens
from coordinaitor_sdk.models.task import Task


@pytest.fixture(scope="module")
def answers(server):
    """An object of each kind that a server gives."""
    with Coordinaitor(server.url, email=server.admin_email, password=server.admin_password) as c:
        task = c.tasks.create(title="x", estimated_hours=2)
        return {
            "task": c.tasks.get("task-123", include=["comments", "files", "history", "metrics"]),
            "page": c.tasks.list(limit=3).first_page(),
            "update": next(c.tasks.watch(task.id)),
            "agent": c.agents.get("agent-123", include=["tasks", "metrics", "logs"]),
            "metrics": c.agents.metrics("agent-123"),
            "project": c.projects.get("proj-123"),
            "user": c.users.me(),
            "users": c.users.list().first_page(),
            "notifications": c.users.notifications().first_page(),
            "health": c.system.health(),
            "status": c.system.status(),
            "system metrics": c.system.metrics(),
            "logs": c.system.logs(limit=2),
            "raw": c.tasks.with_raw_response.get("task-123"),
        }


@pytest.mark.parametrize(
    "name",
    [
        *("task", "page", "update", "agent", "metrics", "project", "user", "users", "notifications"),
        *("health", "status", "system metrics", "logs", "raw"),
    ],
)
def test_what_a_server_gives_pickles(answers, name):
    """Unknown fields included."""
    given = answers[name]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(given, protocol)) == given
    assert copy.deepcopy(given) == given


def test_unknown_fields_and_odd_values_pickle():
    """They were kept as they came."""
    task = Task.model_validate({"id": "t", "newField": {"a": [1]}})
    again = pickle.loads(pickle.dumps(task))
    assert (again, again["newField"]) == (task, {"a": [1]})


@pytest.mark.parametrize(
    "value",
    [
        Retry(attempts=2),
        Cache(ttl=5),
        RateLimit(limit=5),
        Tokens(access="a", refresh="r", expires_at=1.0),
        HttpResponse(200, {"a": "b"}, b"x", "GET", "http://h/"),
    ],
)
def test_what_a_caller_holds_pickles(value):
    """For process pools."""
    assert pickle.loads(pickle.dumps(value)) == value
