"""The document's own examples, run as they stand against the reference server.

Only what each example leaves to its user is filled in: the address and the key.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api-documentation.md").read_text("utf-8")


def example(heading: str, language: str) -> str:
    """The first code block of a language below a heading."""
    section = DOCUMENT[DOCUMENT.index(f"### {heading}\n") :]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_python_example_runs_but_for_its_import_line(server):
    """With its base URL and key set; without a warning."""
    code = example("Python", "python")
    for as_printed, here in (
        ("from orchestrator_sdk import", "from coordinaitor_sdk import"),
        ("http://localhost:3000", server.url),
        ("your-api-key", "ak_test"),
    ):
        assert as_printed in code
        code = code.replace(as_printed, here)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    # asyncio's debug mode also tells of a step over 0.1 s, which a busy machine is enough for.
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, told) == (0, [])
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Task created: task-\d+", lines[0])
    assert all(re.fullmatch(r"Progress: [\d.]+%", line) for line in lines[1:-1])
    assert len(lines) > 2
    assert lines[-1] == "Task completed!"


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="the script calls jq and curl")
def test_the_shell_script_runs_with_its_two_variables_set(server):
    """It creates a task and polls it to its end, every five seconds."""
    script = example("cURL Examples", "bash")
    for as_printed, here in (
        ('API_BASE="http://localhost:3000/api/v1"', f'API_BASE="{server.url}/api/v1"'),
        ('API_KEY="your-api-key"', 'API_KEY="ak_test"'),
    ):
        assert as_printed in script
        script = script.replace(as_printed, here)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Created task: task-\d+", lines[0])
    assert re.fullmatch(r"Task task-\d+: completed \(1% complete\)", lines[-1])


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples call curl")
@pytest.mark.parametrize("path", ["/api/tasks", "/api/v1/tasks", "/api/v1/tasks?status=active&priority=high"])
def test_the_curl_calls_answer_in_the_documented_form(server, path):
    """Under both prefixes, with a token of the documented login."""
    login = json.dumps({"email": "admin@orchestrator.com", "password": "admin123"})
    curl = ["curl", "-s", "-H", "Content-Type: application/json"]
    tokens = json.loads(
        subprocess.check_output([*curl, "-d", login, f"{server.url}/api/auth/login"], env=os.environ)
    )
    assert set(tokens) == {"accessToken", "refreshToken", "expiresIn", "user"}
    bearer = f"Authorization: Bearer {tokens['accessToken']}"
    answer = json.loads(subprocess.check_output([*curl, "-H", bearer, server.url + path]))
    assert answer["success"] is True
    assert {"page", "limit", "total", "pages", "hasNext", "hasPrev"} <= set(answer["pagination"])
