"""The reference server as a real process, for every test of the project."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from answers import check, read

START_TIMEOUT = 20.0
STOP_TIMEOUT = 10.0

_RECORDED = Path(__file__).with_name("recording.py")
_COMMAND = [sys.executable, "-W", "error", str(_RECORDED)]


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """`coordinaitor server start` with a database of its own; at its end all that it answered is held against
    the published schemas.

    Options are those of the command, with underscores: `start(agents="off", api_key="ak_test")`, True for a
    flag, None for the command's default; `admin_password` is given on standard input. Without `rate_limit`
    nobody is limited. Use it as a context manager, or call `close()`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="coordinaitor-test-") if folder is None else None
        self.folder = Path(self._temporary.name) if self._temporary else Path(str(folder))
        self.database = self.folder / "server.db"
        self.ready_file = self.folder / "ready.json"
        self.answers_file = self.folder / "answers.jsonl"
        self.url = ""
        self.admin_email = ""
        self.admin_password: str | None = None
        self.api_key: str | None = None
        self._options: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ws_url(self) -> str:
        """The address of the realtime socket."""
        return self.url.replace("http", "ws", 1) + "/ws"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    @property
    def stderr(self) -> str:
        """What the server has written to standard error, over all its starts."""
        path = self.folder / "stderr.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, **options: Any) -> ServerProcess:
        """Start it and wait until it answers; an AssertionError with its standard error if it doesn't."""
        assert self._process is None, "the server is running"
        self._options = {"port": 0, "rate_limit": "off", **options}
        self.ready_file.unlink(missing_ok=True)
        self._spawn()
        deadline = time.monotonic() + START_TIMEOUT
        while not self.ready_file.exists():
            assert self._process is not None
            if (code := self._process.poll()) is not None:
                self._process = None
                raise AssertionError(f"the server ended with {code} at its start:\n{self.stderr}")
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not answer in {START_TIMEOUT} s:\n{self.stderr}")
            time.sleep(0.01)
        self._read_ready()
        return self

    def restart(self, **options: Any) -> ServerProcess:
        """End it if it runs, and start it on the same database and port, with the same options unless
        given.
        """
        port = int(self.url.rpartition(":")[2])
        if self._process is not None:
            self.stop()
        return self.start(**(self._options | {"port": port} | options))

    def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def interrupt(self) -> int:
        """SIGINT, as Ctrl-C sends it; its exit code."""
        return self._end(signal.SIGINT)

    def close(self) -> None:
        """End it in any case, and remove its folder if it was temporary.

        Raises:
            AssertionError: it answered what is not as published.
        """
        if self._process is not None:
            self.kill()
        try:
            check(read(self.answers_file))
        finally:
            if self._temporary is not None:
                self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.stderr:
            print(f"--- standard error of the server ---\n{self.stderr}", file=sys.stderr)
        self.close()

    def _spawn(self) -> None:
        given = dict(self._options)
        password = given.pop("admin_password", None)
        arguments = ["--database", str(self.database), "--ready-file", str(self.ready_file)]
        for name, value in given.items():
            if value is None:
                continue
            option = f"--{name.replace('_', '-')}"
            for one in value if isinstance(value, list) else [value]:
                arguments += [option] if one is True else [option, str(one)]
        if password is not None:
            arguments.append("--admin-password-stdin")
        with (self.folder / "stderr.txt").open("ab") as errors:
            self._process = subprocess.Popen(
                [*_COMMAND, str(self.answers_file), "start", *arguments],
                stdin=subprocess.PIPE if password is not None else subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env=os.environ | {"COORDINAITOR_DATA_DIR": str(self.folder)},
            )
        if password is not None:
            assert self._process.stdin is not None
            with self._process.stdin as stdin:
                stdin.write(f"{password}\n".encode())

    def _read_ready(self) -> None:
        ready = json.loads(self.ready_file.read_text())
        self.url = ready["url"]
        self.admin_email = ready["adminEmail"]
        # A later start doesn't know the secrets of the first: keep what was told before.
        self.admin_password = ready["adminPassword"] or self.admin_password
        self.api_key = ready["apiKey"] or self.api_key

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None, "the server is not running"
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(
                f"the server did not end in {STOP_TIMEOUT} s after {number.name}:\n{self.stderr}"
            ) from None
