"""The published document against the server, by a fuzzer of others: all its checks find nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .fuzzing import KEY, MADE_AGENTS

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")


@pytest.fixture
def server(server_process):
    """A server whose admin was told something, so that there is a notification to read."""
    server_process.start(api_key=KEY, agents="off")
    command = [
        sys.executable,
        "-c",
        "from coordinaitor_cli.commands.server import app; app()",
        "users",
        "add",
    ]
    given = ["--email", "dora@example.com", "--database", str(server_process.database), "--password-stdin"]
    subprocess.run([*command, *given], input="a password\n", text=True, check=True, capture_output=True)
    login = {"email": "dora@example.com", "password": "a password"}
    token = httpx.post(f"{server_process.url}/api/auth/login", json=login).json()["accessToken"]
    comment = {"content": "Look", "mentions": ["user-123"]}
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{server_process.url}/api/v1/tasks/task-123/comments"
    httpx.post(url, json=comment, headers=headers).raise_for_status()
    with httpx.Client(base_url=f"{server_process.url}/api/v1", headers={"X-API-Key": KEY}) as admin:
        for _ in range(MADE_AGENTS):
            admin.post("/agents", json={"name": "Made", "type": "qa"}).raise_for_status()
    return server_process


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_found_with_all_checks_on(server, tmp_path):
    """Documented statuses, headers and bodies; bad data refused, good data accepted; credentials needed."""
    command = [Path(sys.executable).with_name("schemathesis"), "--no-color", "run"]
    options = ["--header", f"X-API-Key: {KEY}", "--checks", "all", "--max-examples", str(EXAMPLES)]
    # The header above is the credential; made-up ones beside it would not count, since X-API-Key decides.
    options += ["--generation-with-security-parameters", "false", "--generation-database", "none"]
    options += ["--seed", SEED, "--continue-on-failure"]
    done = subprocess.run(
        [*command, f"{server.url}/api/openapi.json", *options],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "fuzzing", "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = "\n".join(line[:400] for line in (done.stdout + done.stderr).splitlines())
    assert done.returncode == 0, said
    assert "No issues found" in said
    assert "Traceback" not in server.stderr
