"""Logging in in the browser: authorization code with PKCE, the code comes to a port here (RFC 8252)."""

from __future__ import annotations

import sys
import time
import webbrowser
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from .errors import CommandError, Exit, UsageError
from .output import remark, tell
from .output.text import one_line
from .prompts import ask, can_ask

if TYPE_CHECKING:
    from collections.abc import Generator

    from coordinaitor_sdk import AuthorizationRequest, Coordinaitor

_PATH: Final = "/callback"
_PATIENCE: Final = 300.0
_REASONS: Final = {"access_denied": "access was not allowed"}
_DONE: Final = (
    b"<!doctype html><title>coordinaitor</title><p>You can close this page and go back to the terminal."
)


def begin_session(client: Coordinaitor, client_id: str, *, browser: bool) -> None:
    """Have the user log in at the server's page, and begin the session that he consents to.

    Raises:
        CommandError: nobody consented, or the answer is not one to this request.
        UsageError: there is no terminal to paste at.
    """
    if not browser and not can_ask():
        raise UsageError("--no-browser needs a terminal to paste at")
    with _listening() as listener:
        redirect = f"http://127.0.0.1:{listener.server_port}{_PATH}"
        request = client.auth.authorization_url(client_id, redirect_uri=redirect)
        tell(f"log in at: {one_line(request.url)}")
        if browser and not webbrowser.open(request.url):
            remark("no browser can be opened here: open that address, in a browser on this machine")
        target = listener.answer() if browser else ask("Address that the browser ends at")
    client.auth.exchange_code(
        _code(target, request),
        client_id=client_id,
        redirect_uri=redirect,
        code_verifier=request.code_verifier,
    )


def _code(target: str, request: AuthorizationRequest) -> str:
    """The code in the address that the browser was sent to."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    if given.get("state") != request.state:
        raise CommandError("that address does not answer this login; begin anew", code=Exit.NOT_LOGGED_IN)
    if "code" not in given:
        error = given.get("error", "it has no code")
        reason = given.get("error_description") or _REASONS.get(error, error)
        raise CommandError(f"the server did not log you in: {reason}", code=Exit.NOT_LOGGED_IN)
    return given["code"]


class _Listener(HTTPServer):
    """Waits for the browser."""

    target: str | None = None
    timeout = 0.2

    def answer(self) -> str:
        """The path and query that the browser came with."""
        end = time.monotonic() + _PATIENCE
        while self.target is None:
            if time.monotonic() > end:
                raise CommandError(f"nobody logged in for {_PATIENCE:.0f} s", code=Exit.TIMEOUT)
            self.handle_request()
        return self.target

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no matter."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        found = self.path.partition("?")[0] == _PATH
        if found and isinstance(self.server, _Listener):
            self.server.target = self.path
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(_DONE if found else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Nothing is logged: the path holds the code."""


@contextmanager
def _listening() -> Generator[_Listener]:
    if sys.platform == "win32":
        _Listener.allow_reuse_address = False  # there it would let another program listen, too
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        yield listener
