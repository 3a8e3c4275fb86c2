"""Addresses: which can be used, and which two are the same server."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from ..exceptions import ConfigurationError

DEFAULT_BASE_URL: Final = "http://localhost:3000"
DEFAULT_API_PREFIX: Final = "/api/v1"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def normalized_url(url: str, *, source: str) -> str:
    """`url` without a trailing slash.

    Raises:
        ConfigurationError: it is no http(s) URL, or it carries a user name, query or fragment.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, SplitResult("", "", "", "", "")
    if not usable or parts.query or parts.fragment or any(ord(char) <= 32 for char in url):
        raise ConfigurationError(
            f"base_url (from {source}) must look like https://api.example.com or {DEFAULT_BASE_URL}"
            + (f", got {url!r}" if "@" not in url else "")
        )
    if parts.username or parts.password:
        raise ConfigurationError(
            f"base_url (from {source}) must not carry a user name or password; pass credentials as arguments"
        )
    return url.rstrip("/")


def normalized_prefix(prefix: str) -> str:
    """`prefix` with one slash before it and none after; empty where there is none."""
    trimmed = prefix.strip("/")
    return f"/{trimmed}" if trimmed else ""


def origin(url: str) -> str:
    """Scheme, host and port, the port always written."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine itself."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.") or host.endswith(".localhost")


def checked_ws_url(url: str, *, source: str) -> str:
    """`url`, if a WebSocket can be opened there.

    Raises:
        ConfigurationError: it is no ws(s) URL, or it carries a user name or fragment.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in url or "#" in url or any(ord(char) <= 32 for char in url):
        raise ConfigurationError(
            f"ws_url (from {source}) must look like wss://api.example.com/ws, without a user name"
            + (f"; got {url!r}" if "@" not in url else "")
        )
    return url
