"""The published document, and the page that shows it."""

from __future__ import annotations

import re

import httpx
import pytest
from openapi_spec_validator import validate

from coordinaitor_sdk.server.openapi import document, endpoints


@pytest.fixture(scope="module")
def published(api):
    """The document as the server publishes it, without a credential."""
    answer = httpx.get(f"{api.url}/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_it_is_valid_openapi(published):
    """Version 3.1, by a validator of others."""
    assert published["openapi"].startswith("3.1.")
    validate(published)


def test_it_is_what_the_routes_say(published):
    """No second source."""
    assert published == document()
    assert {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in published["paths"].items()
        for method in methods
    } == {(endpoint.method, endpoint.path) for endpoint in endpoints()}


def test_its_schemas_are_strict(published):
    """Every object closed, but for free maps; everything that answers always have is required."""
    schemas = published["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["additionalProperties"] is False, name
    task = schemas["Task"]
    assert set(task["required"]) == set(task["properties"])
    assert schemas["TaskCreate"]["required"] == ["title"]
    assert task["properties"]["status"]["enum"] == ["pending", "active", "completed", "failed", "cancelled"]


def test_it_tells_who_may_call(published):
    """By permission; health needs no credential."""
    paths = published["paths"]
    assert paths["/api/v1/tasks"]["post"]["security"] == [
        {"bearer": []},
        {"apiKey": []},
        {"oauth": ["tasks:write"]},
    ]
    assert paths["/api/v1/system/health"]["get"]["security"] == []


def test_put_and_patch_of_a_task_are_two_operations(published):
    """With names of their own."""
    methods = published["paths"]["/api/v1/tasks/{taskId}"]
    assert (methods["put"]["operationId"], methods["patch"]["operationId"]) == ("replace_task", "update_task")


def test_references_name_what_they_refer_to(published):
    """So that a client, or a fuzzer, can be told ids that exist."""
    create = published["components"]["schemas"]["TaskCreate"]["properties"]
    assert {one.get("format") for one in create["projectId"]["anyOf"]} == {"project-id", None}
    (task_id,) = published["paths"]["/api/v1/tasks/{taskId}/files"]["post"]["parameters"][:1]
    assert (task_id["name"], task_id["schema"]["format"]) == ("taskId", "task-id")


def test_the_page_shows_every_operation_and_needs_no_network(api, published):
    """Nothing is loaded from anywhere, nothing runs."""
    shown = httpx.get(f"{api.url}/api/docs")
    assert shown.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for methods in published["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in shown.text
    assert "<script" not in shown.text
    assert not re.search(r'(src|href)="(https?:)?//', shown.text)
    linked = set(re.findall(r'href="#([^"]+)"', shown.text))
    assert linked <= set(re.findall(r'id="([^"]+)"', shown.text))
