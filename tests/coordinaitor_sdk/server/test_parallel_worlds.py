"""Many tests at once on one server, with pytest-xdist, as a user's would run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from server_process import ServerProcess

TESTS = Path(__file__).parents[2]
WITHIN = 400
"""Seconds for all of them: about 70 with two cores."""


@pytest.mark.slow
@pytest.mark.timeout(WITHIN + 30)
def test_two_hundred_tests_in_parallel_see_only_their_own_worlds():
    """Each with its own clock, scenario and faults; the server has nothing to complain of."""
    with ServerProcess() as process:
        process.start(control=True)
        command = [sys.executable, "-m", "pytest", "-n", "4", "-q", str(TESTS / "parallel" / "worlds.py")]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
            cwd=TESTS.parent,
            env=os.environ | {"CONTROL_OF_THE_TEST": process.url},
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert re.search(r"\b200 passed\b", done.stdout), done.stdout[-2000:]
        assert "Traceback" not in process.stderr
