"""What is told of a request without its secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote_plus

REMOVED: Final = "[removed]"

LONGEST_TEXT: Final = 2_000
"""Characters of a header or a query that are kept."""

_JSON: Final = re.compile(r"application/([\w.+-]+\+)?json")
_FORM: Final = "application/x-www-form-urlencoded"

# Held against names in small letters, without dashes and underscores.
_SECRET: Final = re.compile(
    r"pass(word|wd|phrase)|secret|token|apikey|authori[sz]ation|credential|cookie|signature|verifier|"
    r"privatekey|^(key|auth|xauth|code|check|request|nonce|state|challenge|codechallenge)$"
)
_OPEN: Final = frozenset({"tokentype", "code", "request", "check", "state"})
"""Secrets of an OAuth form alone."""

_COUNTED: Final = re.compile(r"tokens")
_HEADERS: Final = "headers"

_INSIDE: Final = (
    (re.compile(r"\bak_[A-Za-z0-9._~-]+"), REMOVED),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.?[\w-]*"), REMOVED),
    (re.compile(r"(://)[^/@\s\"]+@"), rf"\1{REMOVED}@"),
    (
        re.compile(r"(?i)((?:^|[?&#])(?:code|state|[\w.-]*(?:token|secret|key|passw\w+))=)[^&#\s\"]+"),
        rf"\1{REMOVED}",
    ),
)


def text(value: str) -> str:
    """A text without what in it looks like a credential."""
    for pattern, instead in _INSIDE:
        value = pattern.sub(instead, value)
    return value


def headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; several of one name with a comma between."""
    found: dict[str, str] = {}
    for name, value in ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw):
        shown = REMOVED if _is_secret(name, oauth=False) else text(value)[:LONGEST_TEXT]
        found[name] = f"{found[name]}, {shown}" if name in found else shown
    return found


def query(raw: bytes, *, oauth: bool) -> str:
    """A query as it was sent, but for its secrets."""
    shown: list[str] = []
    for part in raw.decode("latin-1").split("&"):
        name, equals, value = part.partition("=")
        secret = equals and _is_secret(unquote_plus(name), oauth=oauth)
        shown.append(f"{name}={REMOVED}" if secret else name + equals + text(value))
    return "&".join(shown)[:LONGEST_TEXT]


def content(kind: str, raw: bytes, length: int, *, oauth: bool) -> dict[str, Any] | None:
    """What tells of a body: what it says where it is JSON or a form and whole, else how long it
    is; None where there is none.

    Parameters:
        kind: its `Content-Type`.
        raw: what was kept of it.
        length: bytes that it has.
    """
    if length == 0:
        return None
    media_type = kind.partition(";")[0].strip().lower()
    told: dict[str, Any] = {"type": media_type or None, "bytes": length}
    if not (media_type == _FORM or media_type == "" or _JSON.fullmatch(media_type)):
        told["omitted"] = "neither JSON nor a form"
    elif len(raw) < length:
        told["omitted"] = "too long"
    else:
        try:
            told |= _read(media_type, raw, oauth=oauth)
            json.dumps(told)  # deeply nested content can be read and yet not be told
        except (ValueError, RecursionError):
            return {"type": media_type or None, "bytes": length, "omitted": "unreadable"}
    return told


def _read(media_type: str, raw: bytes, *, oauth: bool) -> dict[str, Any]:
    if media_type == _FORM:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=100)
        return {"form": [[name, _clean(name, value, oauth=oauth)] for name, value in pairs]}
    return {"content": _clean("", json.loads(raw), oauth=oauth)}


def _clean(name: str, value: Any, *, oauth: bool) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name, oauth=oauth) and not (
        isinstance(value, int | float) and _COUNTED.search(name.lower())
    ):
        return REMOVED
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        # Headers that a webhook sends carry what its receiver asks for.
        hidden = _plain(name) == _HEADERS
        return {
            text(key): REMOVED if hidden else _clean(key, item, oauth=oauth) for key, item in inner.items()
        }
    if isinstance(value, list):
        return [_clean("", item, oauth=oauth) for item in cast("Iterable[Any]", value)]
    return value


@lru_cache(maxsize=1_000)
def _is_secret(name: str, *, oauth: bool) -> bool:
    plain = _plain(name)
    return _SECRET.search(plain) is not None and (plain not in _OPEN or (oauth and plain != "tokentype"))


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name.lower())
