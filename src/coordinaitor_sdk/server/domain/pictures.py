"""Pictures: what kind one is, told by its first bytes, never by its name."""

from __future__ import annotations

from typing import Final

HEAD: Final = 12
"""Bytes that tell the kind."""

MEDIA_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


def kind_of(head: bytes) -> str | None:
    """The kind, a key of MEDIA_TYPES, of a picture that begins so; None when it is none of them."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None
