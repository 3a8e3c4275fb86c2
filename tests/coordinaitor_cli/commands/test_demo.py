"""`coordinaitor demo`: the whole show, as a process."""

import re
import signal
import subprocess
import sys
import time

import pytest


def spoiled(made, folder):
    """An environment that would spoil the demo if it read it, and a place for its temporary files."""
    (folder / "tmp").mkdir()
    made.env |= {
        "TMPDIR": str(folder / "tmp"),
        "COORDINAITOR_BASE_URL": "http://127.0.0.1:1",
        "COORDINAITOR_API_KEY": "ak_wrong",
        "COORDINAITOR_PROFILE": "../odd",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "all_proxy": "http://127.0.0.1:1",
    }
    return made


@pytest.fixture
def alone(cli, tmp_path):
    return spoiled(cli, tmp_path)


@pytest.fixture(scope="module")
def shows(cli_in, tmp_path_factory):
    """The demo in a pipe and at a terminal, played at once: each takes a quarter of a minute."""
    folder = tmp_path_factory.mktemp("demo")
    cli = spoiled(cli_in(folder), folder)
    began = time.monotonic()
    piped = cli.start("demo")
    terminal = cli.at_terminal("demo")
    code = terminal.end()
    out, errors = piped.communicate(timeout=30)
    return {
        "terminal": (code, terminal.shown),
        "pipe": (piped.returncode, out, errors),
        "seconds": time.monotonic() - began,
        "folder": folder,
    }


def leftovers(folder):
    """Whatever the demo has left behind."""
    return [str(path) for path in folder.rglob("*") if path != folder / "tmp"]


@pytest.mark.slow
def test_demo_in_a_pipe(shows):
    """One line a change, six tasks to their ends, one failed with its error, and the final table."""
    code, out, errors = shows["pipe"]
    assert (code, "\x1b" in out, "\x1b" in errors) == (0, False, False)
    changes, _, table = out.partition("\n\n")
    rows = [row for row in (line.split("\t") for line in table.splitlines()) if len(row) == 5]
    assert sorted(row[1] for row in rows) == ["completed"] * 5 + ["failed"]
    assert len({row[3] for row in rows}) == 3
    failed = next(row[0] for row in rows if row[1] == "failed")
    assert f"{failed} failed: The agent stopped halfway" in table
    assert re.search(rf"^{failed}  failed .*error: The agent stopped halfway", changes, re.MULTILINE)
    assert len(changes.splitlines()) > 40


@pytest.mark.slow
def test_demo_at_a_terminal(shows):
    """Six rows move within the terminal's width; the final table stands at the end, the cursor is back."""
    code, shown = shows["terminal"]
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert code == 0
    assert max(len(line) for line in lines if "━" in line) <= 80
    assert any(line.startswith("TASK ") and line.endswith(" ELAPSED") for line in lines)
    assert sum(bool(re.match(r"task-\d+ +(completed|failed) ", line)) for line in lines) == 6
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.slow
def test_demo_takes_ten_to_twenty_seconds_and_leaves_nothing(shows):
    """The user's directories, settings, credentials and proxies play no part."""
    assert 10 <= shows["seconds"] <= 20
    assert leftovers(shows["folder"]) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_leaving_the_demo(alone, tmp_path, number, code):
    """Server and database are gone, nothing is said."""
    process = alone.start("demo")
    assert "task-" in process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert leftovers(tmp_path) == []


def test_demo_without_the_extra(cli):
    """The message names what to install."""
    code = (
        "import sys; sys.modules['fastapi'] = sys.modules['uvicorn'] = None\n"
        "sys.argv = ['coordinaitor', 'demo']\n"
        "from coordinaitor_cli.boot import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=cli.env, check=False
    )
    assert done.returncode == 1
    assert "coordinaitor[server]" in done.stderr
    assert "Traceback" not in done.stderr
