"""What a picture's first bytes tell."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.domain.pictures import HEAD, MEDIA_TYPES, kind_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1", "jpg"),
        (b"GIF87a\1\0\1\0\0\0", "gif"),
        (b"GIF89a\1\0\1\0\0\0", "gif"),
        (b"RIFF\x24\0\0\0WEBP", "webp"),
        (b"RIFF\x24\0\0\0WAVE", None),
        (b"<svg xmlns=", None),
        (b"\x89PNG", None),
        (b"", None),
    ],
)
def test_kind_follows_from_the_first_bytes(head, kind):
    """Four kinds; a drawing that could hold a script is none of them."""
    assert len(head) <= HEAD
    assert kind_of(head) == kind
    assert kind is None or kind in MEDIA_TYPES
