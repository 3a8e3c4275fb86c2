"""The document's endpoints, the server's routes, the published OpenAPI and the methods of both clients: one
list, so that none can drift.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import contract
import pytest

from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor
from coordinaitor_sdk.server.openapi import document, endpoints
from coordinaitor_sdk.server.routes.api import api_routes

METHODS = {
    ("POST", "/auth/login"): "auth.login",
    ("POST", "/auth/refresh"): "auth.refresh",
    ("POST", "/auth/logout"): "auth.logout",
    ("POST", "/auth/api-keys"): "auth.create_api_key",
    ("GET", "/tasks"): "tasks.list",
    ("POST", "/tasks"): "tasks.create",
    ("GET", "/tasks/{taskId}"): "tasks.get",
    ("PUT", "/tasks/{taskId}"): "tasks.replace",
    ("PATCH", "/tasks/{taskId}"): "tasks.update",
    ("DELETE", "/tasks/{taskId}"): "tasks.delete",
    ("POST", "/tasks/{taskId}/assign"): "tasks.assign",
    ("POST", "/tasks/{taskId}/comments"): "tasks.add_comment",
    ("POST", "/tasks/{taskId}/files"): "tasks.upload_file",
    ("GET", "/agents"): "agents.list",
    ("POST", "/agents"): "agents.create",
    ("GET", "/agents/{agentId}"): "agents.get",
    ("PUT", "/agents/{agentId}"): "agents.update",
    ("POST", "/agents/{agentId}/enable"): "agents.enable",
    ("POST", "/agents/{agentId}/disable"): "agents.disable",
    ("GET", "/agents/{agentId}/tasks"): "agents.tasks",
    ("GET", "/agents/{agentId}/metrics"): "agents.metrics",
    ("GET", "/projects"): "projects.list",
    ("POST", "/projects"): "projects.create",
    ("GET", "/projects/{projectId}"): "projects.get",
    ("PUT", "/projects/{projectId}"): "projects.update",
    ("DELETE", "/projects/{projectId}"): "projects.delete",
    ("GET", "/projects/{projectId}/tasks"): "projects.tasks",
    ("POST", "/projects/{projectId}/members"): "projects.add_member",
    ("DELETE", "/projects/{projectId}/members/{userId}"): "projects.remove_member",
    ("GET", "/users"): "users.list",
    ("GET", "/users/me"): "users.me",
    ("PUT", "/users/me"): "users.update_me",
    ("POST", "/users/me/avatar"): "users.upload_avatar",
    ("GET", "/users/me/notifications"): "users.notifications",
    ("PUT", "/users/me/notifications/{notificationId}/read"): "users.mark_notification_read",
    ("GET", "/system/health"): "system.health",
    ("GET", "/system/metrics"): "system.metrics",
    ("GET", "/system/logs"): "system.logs",
    ("GET", "/system/status"): "system.status",
    ("POST", "/webhooks"): "webhooks.create",
}
"""Each endpoint, and the method that calls it."""

WITHOUT_ENDPOINT = {
    "auth.authorization_url",  # outside the API: RFC 6749
    "auth.exchange_code",
    "system.monitor",  # looks at the health now and then
    "tasks.watch",  # on the socket
    "tasks.watch_many",
    "tasks.watch_all",
    "tasks.as_completed",
    "tasks.wait",
    "agents.watch",
    "agents.watch_many",
    "agents.watch_all",
    "projects.watch",
    "projects.watch_many",
    "projects.watch_all",
    "projects.wait",
}
RESOURCES = ("auth", "tasks", "agents", "projects", "users", "system", "webhooks")

NOT_SENT = {
    "fields",  # all of them as one mapping
    "filename",  # within the part that holds the file
    "content_type",
    "prefetch",  # how pages are fetched
}
"""Parameters that are no field of the request."""

CALLED_BACK = {("tasks.upload_file", "progress"), ("users.upload_avatar", "progress")}
"""Parameters that are called while the request is sent; elsewhere the name is a field's."""

NOT_TAKEN = {("agents.enable", "reason")}
"""Fields for which a method has no parameter: why an agent is enabled is kept nowhere."""

OPTIONAL_HERE = {
    ("auth.login", "email"),  # the client's own, where none is given
    ("auth.login", "password"),
    ("auth.refresh", "refresh_token"),
    ("tasks.create", "title"),  # may stand in the mapping
    ("agents.create", "name"),
    ("agents.create", "type"),
    ("projects.create", "name"),
}
"""Required fields that a method takes in another way too."""

PUBLISHED = document()["paths"]
SCHEMAS = document()["components"]["schemas"]


def snake(name: str) -> str:
    """A wire name in Python's spelling."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def method_of(client: type[Any], name: str) -> Any:
    """A method, by `resource.method`."""
    with_key = client(base_url="http://127.0.0.1:9", api_key="ak_none")
    resource, _, method = name.partition(".")
    return getattr(type(getattr(with_key, resource)), method)


def parameters(client: type[Any], name: str) -> dict[str, inspect.Parameter]:
    """The parameters of a method, but for `self` and the options that all have."""
    found = dict(inspect.signature(method_of(client, name)).parameters)
    del found["self"]
    assert found.pop("options").kind is inspect.Parameter.VAR_KEYWORD
    return found


def taken(operation: dict[str, Any]) -> dict[str, bool]:
    """What a published operation takes, in Python's spelling, and whether each is required."""
    found = {
        snake(one["name"]): one["required"]
        for one in operation["parameters"]
        if one["in"] in ("path", "query")
    }
    body = operation.get("requestBody")
    if body is not None:
        (content,) = body["content"].values()
        schema = content["schema"]
        if "$ref" in schema:
            schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
        required = schema.get("required", []) if body["required"] else []
        found |= {snake(name): name in required for name in schema["properties"]}
    return found


def test_document_routes_openapi_and_clients_have_the_same_endpoints():
    """Nothing more and nothing less on any side."""
    documented = set(contract.endpoints())
    assert len(documented) == len(contract.endpoints())
    routes = {(method, route.path) for route in api_routes() for method in route.methods or ()}
    published = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in PUBLISHED.items()
        for method in methods
    }
    assert documented == set(METHODS)
    assert documented == {(one.method, one.path) for one in endpoints()}
    assert documented == published
    assert len(routes) == len(documented)


@pytest.mark.parametrize("client", [AsyncCoordinaitor, Coordinaitor])
def test_a_client_has_no_method_without_an_endpoint(client):
    """But for those that are named, with their reasons."""
    with_key = client(base_url="http://127.0.0.1:9", api_key="ak_none")
    found = {
        f"{resource}.{name}"
        for resource in RESOURCES
        for name, value in inspect.getmembers(type(getattr(with_key, resource)))
        if not name.startswith("_") and inspect.isfunction(value)
    }
    assert found == set(METHODS.values()) | WITHOUT_ENDPOINT


@pytest.mark.parametrize("client", [AsyncCoordinaitor, Coordinaitor])
def test_every_method_has_a_raw_form(client):
    """And there is no other."""
    with_key = client(base_url="http://127.0.0.1:9", api_key="ak_none")
    found = {
        f"{resource}.{name}"
        for resource in RESOURCES
        for name in vars(getattr(with_key, resource).with_raw_response)
    }
    assert found == set(METHODS.values()) | {"auth.exchange_code"}


@pytest.mark.parametrize("endpoint", METHODS, ids=METHODS.get)
def test_a_method_takes_what_its_operation_takes(endpoint):
    """The same names, required and optional ones alike."""
    method, path = endpoint
    name = METHODS[endpoint]
    wanted = taken(PUBLISHED[f"/api/v1{path}"][method.lower()])
    wanted = {one: required for one, required in wanted.items() if (name, one) not in NOT_TAKEN}
    if name == "users.upload_avatar":
        wanted = {"file": True}  # called as what it is
    given = parameters(AsyncCoordinaitor, name)
    assert {one for one in given if one not in NOT_SENT and (name, one) not in CALLED_BACK} == set(wanted)
    for one, required in wanted.items():
        here = given[one].default is inspect.Parameter.empty
        assert here == (required and (name, one) not in OPTIONAL_HERE), one


@pytest.mark.parametrize("name", sorted({*METHODS.values(), *WITHOUT_ENDPOINT}))
def test_both_clients_have_the_same_signature(name):
    """Names, order, kinds, defaults and types; but for `Async` in types, and the word async."""
    ours, other = (method_of(client, name) for client in (AsyncCoordinaitor, Coordinaitor))

    def told(method: Any) -> list[tuple[str, Any, str, str]]:
        return [
            (one.name, one.kind, repr(one.default), str(one.annotation).replace("Async", ""))
            for one in inspect.signature(method).parameters.values()
        ]

    assert told(ours) == [
        (parameter, kind, default, annotation.replace("Async", ""))
        for parameter, kind, default, annotation in told(other)
    ]


@pytest.mark.parametrize("endpoint", contract.query_parameters(), ids=lambda one: " ".join(one))
def test_every_documented_query_parameter_is_published(endpoint):
    """The server may take more."""
    method, path = endpoint
    published = PUBLISHED[f"/api/v1{path}"][method.lower()]["parameters"]
    names = {one["name"] for one in published if one["in"] == "query"}
    assert contract.query_parameters()[endpoint] <= names
