"""The installed `coordinaitor` as a process, in an environment of its own, with and without a terminal."""

import errno
import http.server
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk.profiles import Profile

COMMAND = str(Path(sys.executable).with_name("coordinaitor"))
BACKENDS = Path(__file__).parents[1] / "backends"
_PATIENCE = 30.0
_OF_THE_MACHINE = {"CI", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "VISUAL", "EDITOR"}


class Cli:
    """Runs commands; each test has its own config directory.

    Attributes:
        env: the environment of the processes.
        patience: seconds that one may take.
    """

    def __init__(self, directory: Path) -> None:
        self.config = directory / "config"
        self.patience = _PATIENCE
        self.env = {name: value for name, value in os.environ.items() if name not in _OF_THE_MACHINE} | {
            "COORDINAITOR_CONFIG_DIR": str(self.config),
            "COORDINAITOR_DATA_DIR": str(directory / "data"),
            "HOME": str(directory),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "TERM": "xterm-256color",
        }

    def use(self, server) -> "Cli":
        """Talk to this server with its API key."""
        self.env |= {"COORDINAITOR_BASE_URL": server.url, "COORDINAITOR_API_KEY": server.api_key}
        return self

    def logged_in(self, server) -> "Cli":
        """Have a session with this server in the default profile."""
        profile = Profile(directory=self.config)
        email, password = server.admin_email, server.admin_password
        with Coordinaitor(server.url, email=email, password=password) as client:
            client.auth.login()
            profile.save_tokens(client.auth.tokens, base_url=server.url, email=email)
        profile.save_settings(base_url=server.url, api_prefix="/api/v1")
        return self

    def with_keyring(self, backend: str) -> Path:
        """Have one of `backends/ring_in_file.py`; the file that holds what `Working` is given."""
        ring = self.config.parent / "ring.json"
        self.env |= {
            "PYTHONPATH": str(BACKENDS),
            "PYTHON_KEYRING_BACKEND": f"ring_in_file.{backend}",
            "RING_FILE": str(ring),
        }
        return ring

    def __call__(self, *arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env | env,
            timeout=self.patience,
            check=False,
        )

    def json(self, *arguments: str):
        """What a command that succeeds prints with `-o json`."""
        done = self(*arguments, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python code in the same environment."""
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=self.env, check=False
        )

    def start(self, *arguments: str, **options) -> subprocess.Popen[str]:
        """Start a command with its output in pipes."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen([COMMAND, *arguments], text=True, env=self.env, **pipes)

    def at_terminal(self, *arguments: str, columns: int = 80, rows: int = 24, **env: str) -> "Terminal":
        """Start a command at a terminal."""
        return self.at_terminal_of([COMMAND, *arguments], columns=columns, rows=rows, **env)

    def at_terminal_of(
        self, command: Sequence[str], *, columns: int = 80, rows: int = 24, **env: str
    ) -> "Terminal":
        """Start any program at a terminal, in the same environment."""
        return Terminal(list(command), self.env | env, columns, rows)


class Terminal:
    """A process at a pseudo-terminal.

    Attributes:
        shown: all that it has written so far.
    """

    def __init__(self, command, env, columns, rows) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            termios.tcsetwinsize(0, (rows, columns))
            os.execve(command[0], command, env)
        self.shown = ""

    def expect(self, text: str) -> str:
        """Wait until it has written `text`."""
        end = time.monotonic() + _PATIENCE
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} does not come:\n{self.shown}"
            assert self._read(), f"the process ended without {text!r}:\n{self.shown}"
        return self.shown

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._fd, text.encode())

    def end(self) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read():
            assert time.monotonic() < end, f"it does not end:\n{self.shown}"
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)

    def kill(self, number=signal.SIGTERM) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 0.5)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.shown += data.decode("utf-8", "replace")
        return bool(data)


class Stub:
    """An HTTP server that answers everything alike.

    Attributes:
        requests: method and path of what was asked.
    """

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "application/json", b"{}"
        self.requests: list[str] = []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self) -> None:
                stub.requests.append(f"{self.command} {self.path}")
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(stub.status)
                self.send_header("content-type", stub.kind)
                self.send_header("content-length", str(len(stub.body)))
                self.end_headers()
                self.wfile.write(stub.body)

            do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.api_key = "ak_stub"

    def says(self, value: object, status: int = 200) -> None:
        """Answer JSON."""
        self.status, self.kind, self.body = status, "application/json", json.dumps(value).encode()


@pytest.fixture(scope="session")
def idle_server():
    """The terminal client's own: its tests add agents and projects, which others count."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test")


@pytest.fixture(scope="session")
def cli_in():
    return Cli


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


@pytest.fixture
def stub():
    made = Stub()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def fails():
    """Checks that a command failed with a code and clear lines, without a traceback; gives the lines."""

    def check(done: subprocess.CompletedProcess[str], code: int) -> list[str]:
        lines = done.stderr.splitlines()
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert [line.startswith("error: ") for line in lines].count(True) == 1, done.stderr
        assert all(line.startswith(("error: ", "  ", "hint: ")) for line in lines), done.stderr
        return lines

    return check
