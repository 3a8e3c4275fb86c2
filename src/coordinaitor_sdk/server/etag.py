"""Entity tags (RFC 9110, section 8.8.3): weak ones, made of an answer's `data`, whatever its `meta` says."""

from __future__ import annotations

import hashlib


def etag_of(data: str) -> str:
    """The tag of JSON text."""
    return f'W/"{hashlib.blake2b(data.encode(), digest_size=16).hexdigest()}"'


def is_named(etag: str, condition: str) -> bool:
    """Whether an If-None-Match names the tag, compared weakly, or is `*`."""
    named = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return named == ["*"] or etag.removeprefix("W/") in named
