"""The operations of the published document, each with a good request: for tests that go over all of them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coordinaitor_sdk.server.openapi import Endpoint, document, endpoints

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
DOCUMENT = document()
_SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]

BODIES: dict[str, dict[str, Any]] = {
    "login": {"email": "admin@orchestrator.com", "password": "admin123"},
    "refresh": {"refreshToken": "none"},
    "logout": {"refreshToken": "none"},
    "create_api_key": {"name": "A key", "permissions": ["tasks:read"], "rateLimit": 1_000, "burst": 10},
    "create_task": {
        "title": "Title",
        "description": "Description",
        "priority": "high",
        "projectId": "{project}",
        "agentId": "{agent}",
        "tags": ["tag"],
        "estimatedHours": 2.5,
        "dueDate": "2030-02-20T00:00:00Z",
        "requirements": ["Requirement"],
        "acceptanceCriteria": ["Criterion"],
    },
    "assign_task": {"agentId": "{agent}", "priority": "low", "dueDate": "2030-02-20T00:00:00Z"},
    "add_comment": {"content": "Content", "mentions": ["{user}"]},
    "create_agent": {
        "name": "Name",
        "type": "coding",
        "model": "m",
        "provider": "p",
        "capabilities": ["python"],
        "specializations": ["backend"],
        "maxConcurrentTasks": 2,
        "workingHours": {"timezone": "UTC", "start": "09:00", "end": "17:00", "days": ["monday"]},
        "configuration": {"temperature": 0.5},
    },
    "disable_agent": {"reason": "Reason"},
    "enable_agent": {"reason": "Reason"},
    "create_project": {
        "name": "Name",
        "description": "Description",
        "startDate": "2030-01-01T00:00:00Z",
        "endDate": "2030-12-31T00:00:00Z",
        "priority": "low",
        "budget": {"hours": 1, "cost": 2},
        "teamMembers": [{"userId": "{user}", "role": "developer", "permissions": ["tasks:read"]}],
        "agents": ["{agent}"],
        "tags": ["tag"],
    },
    "add_member": {"userId": "{outsider}", "role": "developer", "permissions": ["tasks:read"]},
    "update_me": {"name": "Name", "email": "someone@example.com", "preferences": {"theme": "dark"}},
    "create_webhook": {
        "url": "https://hooks.example/x",
        "events": ["task.created"],
        "secret": "a secret",
        "active": False,
        "headers": {"X-Mine": "1"},
    },
}
BODIES["update_task"] = {**BODIES["create_task"], "status": "active", "actualHours": 1.5, "progress": 0.5}
BODIES["replace_task"] = BODIES["update_task"]
BODIES["update_agent"] = BODIES["create_agent"]
BODIES["update_project"] = {**BODIES["create_project"], "status": "on-hold"}

FILES: dict[str, dict[str, Any]] = {
    "add_file": {"file": ("name.txt", b"content", "text/plain")},
    "upload_avatar": {"avatar": ("me.png", PNG, "image/png")},
}


@dataclass(frozen=True)
class Operation:
    """An operation, as the document publishes it."""

    endpoint: Endpoint

    @property
    def name(self) -> str:
        """Its id."""
        return self.endpoint.name

    @property
    def method(self) -> str:
        """GET, POST, ..."""
        return self.endpoint.method

    @property
    def refers(self) -> bool:
        """Whether its body names ids of other things."""
        return re.search(r'"\{\w+\}"', json.dumps(BODIES.get(self.name))) is not None

    @property
    def published(self) -> dict[str, Any]:
        """What the document says of it."""
        found: dict[str, Any] = DOCUMENT["paths"][f"/api/v1{self.endpoint.path}"][self.method.lower()]
        return found

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"\{(\w+)\}", self.endpoint.path)

    @property
    def query(self) -> dict[str, Any]:
        """Its query parameters, and their schemas."""
        return {one["name"]: one["schema"] for one in self.published["parameters"] if one["in"] == "query"}

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of its JSON body."""
        content = self.published.get("requestBody", {}).get("content", {})
        return resolved(content["application/json"]["schema"]) if "application/json" in content else None

    def path(self, ids: dict[str, str]) -> str:
        """Its path, with ids filled in by name."""
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], self.endpoint.path)

    def request(self, names: dict[str, str]) -> dict[str, Any]:
        """What httpx sends for a good request; `names` are the ids in the body: agent, project, user, ..."""
        if self.name in FILES:
            return {"files": FILES[self.name]}
        if self.name in BODIES:
            return {"json": _filled(BODIES[self.name], names)}
        return {}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its own reference followed."""
    return _SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def operations() -> Iterator[Operation]:
    """Every one of them."""
    for endpoint in endpoints():
        yield Operation(endpoint)


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        return names[value[1:-1]]
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return copy.copy(value)
