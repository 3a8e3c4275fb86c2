"""What the README and `examples/` show runs, as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(server, path, tmp_path):
    """In a kernel of its own; it is stored without outputs."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    environment = os.environ | {
        "COORDINAITOR_BASE_URL": server.url,
        "COORDINAITOR_API_KEY": "ak_test",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
    }
    NotebookClient(notebook, timeout=40, kernel_name="python3").execute(env=environment)
    outputs = {cell.id: cell.outputs for cell in cells}
    assert "<table>" in outputs["task"][0].data["text/html"]
    assert outputs["finished"][0].text == "completed\n"
    assert outputs["updates"][-1].text.endswith("completed 100%\n")
    assert not [one for cell in cells for one in cell.outputs if one.get("name") == "stderr"]


def test_every_example_stands_in_the_table():
    """With a word on what it shows."""
    table = (ROOT / "examples" / "README.md").read_text("utf-8")
    shown = {path.name for path in [*EXAMPLES, *NOTEBOOKS]}
    assert set(re.findall(r"`(\w+\.(?:py|ipynb))`", table)) == shown


def test_the_ten_lines_of_the_readme_run(server):
    """Ten lines of Python, five of shell."""
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = dict(re.findall(r"## (In \w+.*?)\n\n```\w+\n(.*?)```", readme, re.DOTALL))
    python, shell = blocks["In Python"], blocks["In a shell"]
    assert len([line for line in python.splitlines() if line.strip()]) == 10
    assert len(shell.splitlines()) == 5
    out = run(server, "-c", python)
    assert "completed: 100%" in out
