"""What the README and `examples/` show runs, as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(server, *arguments):
    environment = os.environ | {"COORDINAITOR_BASE_URL": server.url, "COORDINAITOR_API_KEY": "ak_test"}
    command = [sys.executable, "-X", "dev", "-W", "error", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, env=environment, check=False)
    # asyncio's debug mode also tells of a step over 0.1 s, which a busy machine is enough for.
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, told) == (0, [])
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_warning(server, path):
    """And prints something."""
    assert run(server, str(path)).strip()


def test_every_example_stands_in_the_table():
    """With a word on what it shows."""
    table = (ROOT / "examples" / "README.md").read_text("utf-8")
    assert set(re.findall(r"`(\w+\.py)`", table)) == {path.name for path in EXAMPLES}


def test_the_ten_lines_of_the_readme_run(server):
    """Ten lines of Python, five of shell."""
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = dict(re.findall(r"## (In \w+.*?)\n\n```\w+\n(.*?)```", readme, re.DOTALL))
    python, shell = blocks["In Python"], blocks["In a shell"]
    assert len([line for line in python.splitlines() if line.strip()]) == 10
    assert len(shell.splitlines()) == 5
    out = run(server, "-c", python)
    assert "completed: 100%" in out
