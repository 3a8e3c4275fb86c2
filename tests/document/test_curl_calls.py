"""Every curl call of the document, run as it is printed but for the address and what stands for a secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import consent
import httpx
import pytest
from contract import blocks
from server_process import ServerProcess

from coordinaitor_sdk.server.schemas import answers

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="the examples call curl")

HOST = "http://localhost:3000"
CALL = re.compile(r"""^curl (?:\\\n|'[^']*'|"[^"]*"|[^'"\\\n])*""", re.MULTILINE)


@dataclass(frozen=True)
class Printed:
    """A call as the document prints it."""

    heading: str
    text: str


CALLS = [
    Printed(block.heading, text)
    for block in blocks("bash")
    if block.heading != "cURL Examples"  # a script, run as one: test_examples.py
    for text in CALL.findall(block.text)
]

ANSWERS: list[tuple[int, Any]] = [
    (200, answers.LoggedIn),
    (200, answers.Page[answers.Task]),
    (201, answers.ApiKey),
    (200, answers.Page[answers.Task]),
    (200, None),  # RFC 6749: neither in the envelope nor published
    (200, answers.Refreshed),
    (201, answers.Answer[answers.Task]),
    *[(200, answers.Page[answers.Task])] * 4,
    *[(200, answers.Answer[answers.TaskDetail])] * 2,
    (201, answers.Answer[answers.File]),
    *[(200, answers.Page[answers.Agent])] * 2,
]
"""Status and form of the answers, in the order of the calls."""


@pytest.fixture(scope="module")
def printed_client():
    """A server with the OAuth client that the document's example names."""
    with ServerProcess() as process:
        client = "YOUR_CLIENT_ID:YOUR_CLIENT_SECRET:http://127.0.0.1/callback"
        yield process.start(agents="off", oauth_client=client)


@pytest.fixture(scope="module")
def secrets(printed_client):
    """What stands in place of the document's placeholders."""
    url = printed_client.url
    login = {"email": "admin@orchestrator.com", "password": "admin123"}
    tokens = httpx.post(f"{url}/api/auth/login", json=login).json()
    (link,) = [
        line
        for block in blocks("bash")
        for line in block.text.splitlines()
        if line.startswith("https://your-orchestrator.com/")
    ]
    page = link.replace("https://your-orchestrator.com", url)
    code = consent.told(consent.answer(page))["code"]
    return {
        HOST: url,
        "YOUR_TOKEN": tokens["accessToken"],
        "YOUR_JWT_TOKEN": tokens["accessToken"],
        "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...": f"Bearer {tokens['accessToken']}",
        '"refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."': (
            f'"refreshToken": "{tokens["refreshToken"]}"'
        ),
        "ak_1234567890abcdef...": printed_client.api_key,
        "AUTH_CODE": code,
    }


def run(call: Printed, secrets: dict[str, str], folder: Path) -> tuple[int, str]:
    """Status and body of the answer."""
    text = call.text
    for as_printed, here in secrets.items():
        text = text.replace(as_printed, here)
    assert HOST not in text
    (folder / "design-mockup.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    # As a user's own settings would do it: the call itself stays as it is.
    settings = folder / "curlrc"
    settings.write_text('silent\nwrite-out = "\\n%{http_code}"\n')
    command = text.replace("curl ", f"curl --config {settings} ", 1)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=30, check=True
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_every_call_is_found():
    """As many as lines that begin with the command."""
    lines = [line for block in blocks("bash") for line in block.text.splitlines() if line.startswith("curl ")]
    assert len(CALLS) == len(lines) == len(ANSWERS)


@pytest.mark.parametrize(
    ("call", "status", "schema"),
    [(call, *answer) for call, answer in zip(CALLS, ANSWERS, strict=True)],
    ids=[f"{call.heading} {number}" for number, call in enumerate(CALLS)],
)
def test_a_call_is_answered_in_the_documented_form(call, status, schema, secrets, tmp_path):
    """With the status and the fields that the document gives."""
    found, body = run(call, secrets, tmp_path)
    assert found == status, body
    if schema is None:
        assert {"access_token", "refresh_token", "expires_in", "token_type"} <= set(json.loads(body))
    else:
        schema.model_validate_json(body)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (8, {"task-123"}),  # status=active&priority=high
        (9, set()),  # the second page of a search that fills one
        (10, {"task-789"}),  # both tags, in this project
        (14, {"agent-123", "agent-789"}),
        (15, {"agent-123"}),
    ],
)
def test_a_filter_of_the_examples_gives_what_it_says(number, expected, secrets, tmp_path):
    """Among the seeded tasks and agents; a task made by another example carries an id of its own."""
    _, body = run(CALLS[number], secrets, tmp_path)
    seeded = {item["id"] for item in json.loads(body)["data"] if int(item["id"].partition("-")[2]) < 1_000}
    assert seeded == expected
