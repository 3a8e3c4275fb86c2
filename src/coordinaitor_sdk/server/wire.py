"""Rows to JSON text, in the API document's shapes.

The strict schemas describe them; the tests hold both together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

from coordinaitor_sdk.server.domain.states import PRIORITY_NAME
from coordinaitor_sdk.server.domain.task import TaskRow

API_VERSION = "1.0.0"
"""`meta.version` of every answer: the version of the API, not of this package."""


def dumps(value: object) -> str:
    """Compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def text(value: str | None) -> str:
    """A JSON string, or null."""
    return "null" if value is None else encode_basestring(value)


def number(value: float | None) -> str:
    """A JSON number, whole ones without a fraction as in the document, or null."""
    if value is None:
        return "null"
    return repr(int(value)) if value.is_integer() else repr(value)


def plain(value: float | None) -> float | int | None:
    """A number as `number` writes it, for values that `dumps` writes."""
    return int(value) if value is not None and value.is_integer() else value


def task_json(task: TaskRow, extra: str = "") -> str:
    """A task as `GET /tasks/{taskId}` answers it; `extra` is further members, each with its leading comma."""
    error = agent = project = "null"
    if task.error_code is not None:
        error = f'{{"code":{text(task.error_code)},"message":{text(task.error_message)}}}'
    if task.agent_id is not None:
        agent = (
            f'{{"id":{text(task.agent_id)},"name":{text(task.agent_name)},"type":{text(task.agent_type)}}}'
        )
    if task.project_id is not None:
        project = f'{{"id":{text(task.project_id)},"name":{text(task.project_name)}}}'
    return (
        f'{{"id":{text(task.id)},"title":{text(task.title)},"description":{text(task.description)},'
        f'"status":"{task.status}","priority":"{PRIORITY_NAME[task.priority]}",'
        f'"projectId":{text(task.project_id)},"agentId":{text(task.agent_id)},"tags":{task.tags},'
        f'"estimatedHours":{number(task.estimated_hours)},"actualHours":{number(task.actual_hours)},'
        f'"progress":{number(task.progress)},"dueDate":{text(task.due_date)},'
        f'"createdAt":"{task.created_at}","updatedAt":"{task.updated_at}","createdBy":{text(task.created_by)},'
        f'"requirements":{task.requirements},"acceptanceCriteria":{task.acceptance_criteria},'
        f'"completedAt":{text(task.completed_at)},"error":{error},"version":{task.version},'
        f'"assignedAgent":{agent},"project":{project}{extra}}}'
    )


def members(extra: Mapping[str, object]) -> str:
    """Further members of an object whose JSON text is being written, each with its leading comma."""
    return "".join(f",{encode_basestring(name)}:{dumps(value)}" for name, value in extra.items())


def meta_json(request_id: str, timestamp: str) -> str:
    """The `meta` of an answer."""
    return f'{{"requestId":"{request_id}","timestamp":"{timestamp}","version":"{API_VERSION}"}}'


def envelope(data: str, meta: str) -> bytes:
    """A good answer around the JSON text of its data (API document, "Standard Response Format")."""
    return f'{{"success":true,"data":{data},"meta":{meta}}}'.encode()


def list_envelope(
    items: list[str], pagination: Mapping[str, Any], links: Mapping[str, Any], meta: str
) -> bytes:
    """A page around the JSON texts of its items (API document, "Pagination Format")."""
    return (
        f'{{"success":true,"data":[{",".join(items)}],"pagination":{dumps(pagination)},'
        f'"links":{dumps(links)},"meta":{meta}}}'
    ).encode()


def error_envelope(
    code: str, message: str, details: Mapping[str, Any] | None, meta: str, retry_after: int | None = None
) -> bytes:
    """A failure (API document, "Error Response Format"), `details` and `retryAfter` where there are any."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = {
            name: says if isinstance(says, str) else list(says) for name, says in details.items()
        }
    if retry_after is not None:
        error["retryAfter"] = retry_after
    return f'{{"success":false,"error":{dumps(error)},"meta":{meta}}}'.encode()
