"""A real Chromium without a window, for a program that opens the user's browser, driven over the Chrome
DevTools Protocol.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

WITHIN = 18.0
"""Seconds that all of a visit may take."""
COMMAND = shutil.which("chromium")

# It leads a process group of its own and leaves the pipes of the program that opens it alone. Nothing that it
# does on its own account leaves this machine.
_SCRIPT = """#!/bin/sh
cd "$(dirname "$0")" || exit 1
setsid sh -c 'echo $$ > pid.new && mv pid.new pid && [ ! -e closed ] && exec "$@"' chromium {command} \\
  --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-extensions \\
  --no-first-run --no-default-browser-check --disable-breakpad --disable-background-networking \\
  --disable-component-update --disable-sync --disable-default-apps --no-proxy-server --no-pings \\
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' --password-store=basic \\
  --user-data-dir="$PWD/profile" --remote-debugging-port=0 "$1" </dev/null >log 2>&1 &
"""


class Browser:
    """One that shows a single page.

    Attributes:
        script: what opens it, given an address; for the environment's BROWSER.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._socket: ClientConnection | None = None
        self._session: str | None = None
        self._numbers = count(1)
        self._end = time.monotonic() + WITHIN
        self.script = folder / "browser"
        folder.mkdir()
        self.script.write_text(_SCRIPT.format(command=COMMAND))
        self.script.chmod(0o755)

    @property
    def text(self) -> str:
        """What the page reads; empty while there is none."""
        return self._evaluate("document.body?.innerText") or ""

    @property
    def address(self) -> str:
        """Where the page is from."""
        return self._evaluate("location.href") or ""

    def expect(self, text: str) -> None:
        """Wait until the page reads `text`, and is there whole."""

        def is_there() -> bool:
            return self._evaluate("document.readyState") == "complete" and text in self.text

        self._wait(is_there, lambda: f"no {text!r} on the page:\n{self.text}")

    def type(self, name: str, text: str) -> None:
        """Type into the input of that name, in place of what is there."""
        field = f"document.getElementsByName({json.dumps(name)})[0]"
        self._evaluate(f"{field}.focus(), {field}.select()")
        self._ask("Input.insertText", text=text)
        self._wait(
            lambda: self._evaluate(f"{field}.value") == text, lambda: f"{name} can't be typed:\n{self.text}"
        )

    def click(self, label: str) -> None:
        """Click the button of that label."""
        buttons = "[...document.getElementsByTagName('button')]"
        found = self._evaluate(
            f"{buttons}.filter(it => it.innerText === {json.dumps(label)}).map(it => it.click()).length"
        )
        assert found == 1, f"not one button {label!r}:\n{self.text}"

    def close(self) -> None:
        """End it with all its processes, if it was opened; one that is only being opened ends by itself."""
        (self._folder / "closed").touch()
        with self._stack, suppress(FileNotFoundError, ProcessLookupError):
            os.killpg(int((self._folder / "pid").read_text()), signal.SIGKILL)

    def _connected(self) -> ClientConnection:
        """The socket to it, once it has been opened."""
        if self._socket is None:
            opened = self._folder / "profile" / "DevToolsActivePort"
            self._wait(lambda: opened.exists() and len(opened.read_text().split()) == 2, self._log)
            port, path = opened.read_text().split()
            there = connect(f"ws://127.0.0.1:{port}{path}", proxy=None, max_size=None)
            self._socket = self._stack.enter_context(there)
        return self._socket

    def _attached(self) -> str:
        """The session with its page."""
        if self._session is None:
            self._wait(lambda: bool(self._pages()), self._log)
            page = self._pages()[0]
            self._session = str(
                self._ask_all("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            )
        return self._session

    def _pages(self) -> list[str]:
        targets = self._ask_all("Target.getTargets")["targetInfos"]
        return [it["targetId"] for it in targets if it["type"] == "page"]

    def _evaluate(self, expression: str) -> Any:
        """Its value; None where there is none, as between two pages."""
        return self._ask("Runtime.evaluate", expression=expression).get("result", {}).get("value")

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of the page; none where it fails."""
        return self._call({"method": method, "params": parameters, "sessionId": self._attached()})

    def _ask_all(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of the whole browser."""
        return self._call({"method": method, "params": parameters})

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        socket, number = self._connected(), next(self._numbers)
        socket.send(json.dumps({"id": number} | call))
        while True:
            told = json.loads(socket.recv(timeout=max(0.0, self._end - time.monotonic())))
            if told.get("id") == number:
                return dict(told.get("result", {}))

    def _log(self) -> str:
        log = self._folder / "log"
        return f"no page is opened:\n{log.read_text(errors='replace') if log.exists() else ''}"

    def _wait(self, holds: Callable[[], bool], otherwise: Callable[[], str]) -> None:
        while not holds():
            assert time.monotonic() < self._end, otherwise()
            time.sleep(0.05)


@contextmanager
def browser_in(folder: Path) -> Iterator[Browser]:
    """A browser that may be opened in a block; it is ended afterwards in any case."""
    browser = Browser(folder)
    try:
        yield browser
    finally:
        browser.close()
