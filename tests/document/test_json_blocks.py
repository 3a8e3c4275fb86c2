"""The document's JSON blocks against the published schemas: no unknown fields, no wrong types or words, and
what they leave out stands here, one reason each.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from contract import Block, answers_in_shells, blocks
from pydantic import BaseModel, ValidationError

from coordinaitor_sdk.server.openapi import endpoints, framed
from coordinaitor_sdk.server.schemas import answers

NOT_JSON = {"Pagination Format 1", "Response Format 1"}
"""Sketches: `[...]` in place of items, types in place of values."""

NAMED: dict[str, type[BaseModel]] = {
    "Standard Response Format 1": answers.Answer[answers.Task],
    "Error Response Format 1": answers.Failure,
    "Webhook Payload 1": answers.TaskDelivery,
    "1. JWT Bearer Token (Recommended) 1": answers.LoggedIn,
    "Handling Rate Limits 1": answers.Failure,
}
"""Blocks that stand under no endpoint."""

META = "answers carry it always; the block shows data alone"
LINKS = "lists carry it always; shown under Pagination Format"
OURS = "beyond the document: contract-decisions.md"
ELSEWHERE = "shown in another block of the same kind"
SKETCH = "the block shows the envelope, not a whole object"
OF_ANOTHER_SERVER = "ids of requests are the server's own: ours have 16 hexadecimal digits"
NO_SOURCE = "nothing here measures it: null, never invented"


def below(path: str, reason: str, *names: str) -> dict[str, str]:
    """One reason for several fields of an object."""
    return {f"{path}.{name}": reason for name in names}


NOT_OF_A_TASK = (
    *("priority", "projectId", "agentId", "tags", "estimatedHours", "actualHours", "progress", "dueDate"),
    *("updatedAt", "createdBy", "requirements", "acceptanceCriteria"),
)
TASK_OURS = ("completedAt", "error", "version")
BRIEFS = ("assignedAgent", "project")
CRITERIA = ("requirements", "acceptanceCriteria")

LEFT_OUT: dict[str, dict[str, str]] = {
    "Standard Response Format 1": below("data", SKETCH, *NOT_OF_A_TASK, *BRIEFS)
    | below("data", OURS, *TASK_OURS),
    "Error Response Format 1": {"meta.version": "good answers have it in the document: so do failures"},
    "1. JWT Bearer Token (Recommended) 1": {
        "user.role": OURS,
        "user.organizationId": ELSEWHERE,
    },
    "Handling Rate Limits 1": {"meta": META},
    "POST /api/v1/auth/login 2": {"data.user.role": OURS, "meta": META},
    "GET /api/v1/tasks 2": below("data.0", ELSEWHERE, *CRITERIA)
    | below("data.0", OURS, *TASK_OURS)
    | {"links": LINKS, "meta": META},
    "POST /api/v1/tasks 2": below("data", ELSEWHERE, *BRIEFS)
    | below("data", OURS, *TASK_OURS)
    | {"meta": META},
    "GET /api/v1/tasks/{taskId} 2": below("data", ELSEWHERE, *BRIEFS, *CRITERIA)
    | below("data", OURS, *TASK_OURS)
    | {
        "data.comments.0.mentions": "a comment is created with them",
        "data.files.0.description": "a file is uploaded with it",
        "data.files.0.uploadedBy": OURS,
        "data.history.0.field": OURS,
        "meta": META,
    },
    "GET /api/v1/agents 2": {
        "data.0.workingHours.days": "an agent is created with them",
        "data.0.configuration": "an agent is created with it",
        "pagination.hasNext": ELSEWHERE,
        "pagination.hasPrev": ELSEWHERE,
        "links": LINKS,
        "meta": META,
    }
    | below("data.0", OURS, "enabled", "disabledReason", "version"),
    "GET /api/v1/agents/{agentId}/metrics 1": {"meta": META},
    "GET /api/v1/projects 1": below(
        "data.0", "a project is created with it", "budget", "teamMembers", "agents", "tags"
    )
    | below("data.0", OURS, "createdBy", "version")
    | {"pagination": "lists carry it always; the parameters page and limit are listed", "links": LINKS}
    | {"meta": META},
    "GET /api/v1/users/me 1": {"data.tier": OURS, "meta": META},
    "GET /api/v1/system/health 1": {"meta": META},
    "Webhook Payload 1": below(
        "data",
        "a delivery carries the object as a GET answers it; the block shows a part",
        *("description", "createdAt", *NOT_OF_A_TASK, "assignedAgent"),
    )
    | below("data", OURS, "error", "version"),
}
"""By block: the path of each field that is left out, and why."""

DIFFERENT: dict[str, dict[str, str]] = {
    "Standard Response Format 1": {"meta.requestId": OF_ANOTHER_SERVER},
    "Error Response Format 1": {"meta.requestId": OF_ANOTHER_SERVER},
    "GET /api/v1/tasks/{taskId} 2": below("data.metrics", NO_SOURCE, "qualityScore", "changeRequests"),
    "GET /api/v1/agents/{agentId}/metrics 1": below(
        "data.performanceMetrics", NO_SOURCE, "qualityScore", "customerSatisfaction", "codeQualityScore"
    ),
    "GET /api/v1/system/health 1": {
        "data.environment": "this one is for development",
        "data.services.redis": "no such service runs here",
    },
}
"""By block: the path of each value that the reference server would not give, and why."""


def schema_of(block: Block) -> type[BaseModel]:
    """What the block should be."""
    if block.name in NAMED:
        return NAMED[block.name]
    method, _, path = block.heading.partition(" /api/v1")
    (endpoint,) = [one for one in endpoints() if (one.method, one.path) == (method, path)]
    found = endpoint.operation.body if block.label == "Request" else framed(endpoint.operation)
    assert found is not None
    return found


def in_our_form(value: Any) -> Any:
    """Times with milliseconds: the document writes none, and the server always does."""
    if isinstance(value, dict):
        return {name: in_our_form(item) for name, item in value.items()}
    if isinstance(value, list):
        return [in_our_form(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z$", r"\1.000Z", value)
    return value


def faults(block: Block) -> dict[str, str]:
    """By path, what keeps the block from being as published."""
    value = block.value if block.label == "Request" else in_our_form(block.value)
    try:
        schema_of(block).model_validate(value)
    except ValidationError as error:
        return {".".join(map(str, one["loc"])): one["type"] for one in error.errors()}
    return {}


BLOCKS = [*(block for block in blocks("json") if block.name not in NOT_JSON), *answers_in_shells()]


def test_two_blocks_are_not_json():
    """All others are."""
    broken = set()
    for block in blocks("json"):
        try:
            assert block.value is not None
        except ValueError:
            broken.add(block.name)
    assert broken == NOT_JSON


def test_answers_among_shell_commands_are_blocks_too():
    """The bare answer of a login, and what a request too many gets."""
    assert [block.name for block in answers_in_shells()] == [
        "1. JWT Bearer Token (Recommended) 1",
        "Handling Rate Limits 1",
    ]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_is_as_published_but_for_what_is_listed(block):
    """What is listed is really so: an entry that no longer holds fails too."""
    found = faults(block)
    missing = {path for path, kind in found.items() if kind == "missing"}
    assert missing == set(LEFT_OUT.get(block.name, {}))
    assert set(found) - missing == set(DIFFERENT.get(block.name, {}))


def test_the_tables_name_blocks_that_there_are():
    """None of them is left over."""
    assert (set(LEFT_OUT) | set(DIFFERENT)) <= {block.name for block in BLOCKS}
