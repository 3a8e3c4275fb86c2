"""The documented answers, changed at random, and read by the client (DESIGN 3.3)."""

import copy
import json
from datetime import datetime

import pytest
from contract import blocks
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinaitor_sdk import webhooks
from coordinaitor_sdk._core.response import HttpResponse, one, page
from coordinaitor_sdk.models.agent import Agent, AgentMetrics
from coordinaitor_sdk.models.auth import LoginResult
from coordinaitor_sdk.models.common import Model, Page
from coordinaitor_sdk.models.project import Project
from coordinaitor_sdk.models.system import Health
from coordinaitor_sdk.models.task import Task
from coordinaitor_sdk.models.user import User

CASTS = {
    "Standard Response Format 1": one(Task, "task"),
    "POST /api/v1/auth/login 2": one(LoginResult, "login"),
    "GET /api/v1/tasks 2": page(Task, "tasks"),
    "POST /api/v1/tasks 2": one(Task, "task"),
    "GET /api/v1/tasks/{taskId} 2": one(Task, "task"),
    "GET /api/v1/agents 2": page(Agent, "agents"),
    "GET /api/v1/agents/{agentId}/metrics 1": one(AgentMetrics, "metrics"),
    "GET /api/v1/projects 1": page(Project, "projects"),
    "GET /api/v1/users/me 1": one(User, "user"),
    "GET /api/v1/system/health 1": one(Health, "health"),
}
ANSWERS = {block.name: block.value for block in blocks("json") if block.name in CASTS}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["in_progress", "8", "true", "2024-01-15", "2024-01-15T10:30:00", "0", "-1", "NaN"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """The path of everything within a value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number)
            yield from places(item, (*path, number))


def changed(draw, answer):
    """A copy of an answer with a few fields dropped, replaced or added; `data` itself stays what it is."""
    answer = copy.deepcopy(answer)
    for _ in range(draw(st.integers(1, 5))):
        known = [path for path in places(answer) if path not in {("data",), ("success",)}]
        if not known:
            break
        path = draw(st.sampled_from(known))
        parent = answer
        for step in path[:-1]:
            parent = parent[step]
        kind = draw(st.sampled_from(["drop", "null", "retype", "add"]))
        if kind == "drop":
            del parent[path[-1]]
        elif kind == "add" and isinstance(parent, dict):
            parent[draw(st.text(max_size=12).map("x-{}".format))] = draw(VALUES)
        else:
            parent[path[-1]] = None if kind == "null" else draw(VALUES)
    return answer


def plain(value):
    """A value in which the same moments and numbers look the same."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def kept(found):
    """What the client gives back of what it read."""
    if isinstance(found, Page):
        return [kept(item) for item in found]
    return found.to_dict() if isinstance(found, Model) else found


def answered(raw):
    """The answer as it comes."""
    return HttpResponse(
        200, {"content-type": "application/json"}, json.dumps(raw).encode(), "GET", "http://h/"
    )


def test_every_documented_answer_is_among_them():
    """One that the document gains must be read here too."""
    responses = {block.name for block in blocks("json") if block.label in {"Response", "Request"}}
    assert {name for name in responses if name not in ANSWERS} == {
        block.name for block in blocks("json") if block.label == "Request"
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_a_documented_answer_is_given_back_as_it_came(name):
    """Text for text."""
    assert kept(CASTS[name].read(answered(ANSWERS[name]))) == ANSWERS[name]["data"]


@pytest.mark.parametrize("name", ANSWERS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_answer_is_read_and_loses_nothing(name, data):
    """Fields dropped, retyped, added, nulled: never an error, and every value is still there."""
    raw = changed(data.draw, ANSWERS[name])
    found = CASTS[name].read(answered(raw))
    assert plain(kept(found)) == plain(raw["data"])


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_delivery_is_parsed_and_loses_nothing(data):
    """As long as it names its event."""
    (payload,) = [block.value for block in blocks("json") if block.name == "Webhook Payload 1"]
    raw = changed(data.draw, payload)
    raw["event"] = payload["event"]
    assert plain(webhooks.parse(json.dumps(raw).encode()).to_dict()) == plain(raw)
