"""For schemathesis: what the formats of the published document mean on a server with the demo seed.

Loaded by its command, by the environment variable SCHEMATHESIS_HOOKS.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext

from coordinaitor_sdk.server.domain.working_hours import known_zones

MADE_AGENTS = 210
"""So many agents the test makes before."""

# A server that gives ids can't say in a schema which there are; these it has.
KNOWN = {
    "task-id": ["task-123", "task-456", "task-789", "task-790", "task-791"],
    # As many as a project may name, each once.
    "agent-id": ["agent-123", *(f"agent-{number}" for number in range(1001, 1001 + MADE_AGENTS))],
    "project-id": ["proj-123", "proj-456", "proj-789"],
    "user-id": ["user-123", "user-456", "user-789"],
    "notification-id": ["notification-1001"],
}
_letters = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_token = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=40)

for name, ids in KNOWN.items():
    schemathesis.openapi.format(name, st.sampled_from(ids))
schemathesis.openapi.format("time-zone", st.sampled_from(sorted(known_zones())))
schemathesis.openapi.format("idempotency-key", st.text(_letters, min_size=1, max_size=255))
schemathesis.openapi.format("header-name", _token.map("X-{}".format))
schemathesis.openapi.format(
    "web-address",
    st.builds("{}://{}.example/{}".format, st.sampled_from(["http", "https"]), st.just("h"), _token),
)

_picture = st.binary(max_size=100).map(b"\x89PNG\r\n\x1a\n".__add__)
schemathesis.openapi.media_type("image/png", _picture, aliases=["image/jpeg", "image/gif", "image/webp"])

_numbers = itertools.count(1)


KEY = "ak_test-key"


@schemathesis.hook
def filter_body(context: HookContext, body: Any) -> bool:
    """A form has no types: any value of a text part is the text that it is written as."""
    if context.operation.path.endswith("/files") and isinstance(body, dict):
        return isinstance(body.get("description", ""), str)
    return True


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Bring a request in line with what no schema can say: what was used, deleted or named twice before."""
    key = (case.headers or {}).get("Idempotency-Key")
    if key is not None and re.fullmatch(r"[!-~]{1,240}", key):
        case.headers["Idempotency-Key"] = f"{key}-{next(_numbers)}"
    if _is_meant_to_be_wrong(case):
        return
    if (
        case.method == "DELETE"
        and "members" not in case.path
        and (case.path_parameters or {}).get("projectId") in KNOWN["project-id"]
    ):
        case.path_parameters["projectId"] = _new_project(case)
    if isinstance(case.body, dict):
        _make_sense(case.body)


def _is_meant_to_be_wrong(case: Case) -> bool:
    if case.meta is None:
        return False
    modes = {case.meta.generation.mode, *(part.mode for part in case.meta.components.values())}
    return GenerationMode.NEGATIVE in modes


def _make_sense(body: dict[str, Any]) -> None:
    """Projects are deleted meanwhile; a member is named once; a project doesn't end before it starts."""
    if body.get("projectId") is not None:
        body["projectId"] = KNOWN["project-id"][0]
    if body.get("teamMembers"):
        body["teamMembers"] = list({member["userId"]: member for member in body["teamMembers"]}.values())
    if body.get("endDate") is not None:
        body["startDate"] = body["endDate"]
    elif body.get("startDate") is not None:
        body["endDate"] = None


def _new_project(case: Case) -> str:
    url = f"{str(case.operation.base_url).rstrip('/')}/api/v1/projects"
    made = httpx.post(url, json={"name": "To be deleted"}, headers={"X-API-Key": KEY})
    project_id: str = made.raise_for_status().json()["data"]["id"]
    return project_id
