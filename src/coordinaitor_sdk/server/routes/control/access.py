"""Who may call the control API, and how its routes reach what they control."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from coordinaitor_sdk.server.context import JsonAnswer
from coordinaitor_sdk.server.control import Control
from coordinaitor_sdk.server.domain.addresses import is_loopback
from coordinaitor_sdk.server.errors import AuthorizationError
from coordinaitor_sdk.server.wire import dumps


def require_local(request: Request) -> None:
    """Pass requests from this machine, made under a name that is this machine's alone: a page in a browser
    here, from elsewhere, comes with its own origin, or under a name that was made to lead here.

    Raises:
        AuthorizationError: it is another.
    """
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", f"http://{host}")
    address = "" if request.client is None else request.client.host
    if not (is_loopback(address) and _is_local_name(host) and origin == f"http://{host}"):
        raise AuthorizationError("The control API is for programs on this machine: call it as 127.0.0.1")


def control_of(request: Request) -> Control:
    """The control of the server that answers."""
    control: Control = request.app.state.control
    return control


def answer(data: dict[str, Any], status: int = 200) -> Response:
    """An answer of the control API: JSON without an envelope."""
    return JsonAnswer(dumps(data).encode(), status)


def _is_local_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)
