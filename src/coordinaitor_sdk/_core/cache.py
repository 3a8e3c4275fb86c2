"""Where answers are kept, and for how long (API document, "Implement Caching"; RFC 9111)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """How a client keeps answers: `Coordinaitor(cache=Cache(ttl=60))`, or `cache=60` in short.

    For `ttl` seconds an answer is given again without asking; after that the server is asked whether it still
    holds (`If-None-Match`), where it named it (`ETag`). What the server says in `Cache-Control` goes before.
    A change made by this client empties its cache: lists show it at once. One call goes past the cache with
    `headers={"Cache-Control": "no-cache"}`; watches always do.

    Attributes:
        ttl: seconds, a whole number; 0 asks each time.
        path: a file that keeps answers from one process to the next; None for memory.
        max_bytes: of all answers; the longest unused go first.
    """

    ttl: int = 60
    path: str | os.PathLike[str] | None = None
    max_bytes: int = 64 * 2**20

    def __post_init__(self) -> None:
        for name, value, least in (("ttl", self.ttl, 0), ("max_bytes", self.max_bytes, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
                raise InvalidArgumentError(
                    f"cache {name} must be a whole number from {least} on, got {value!r}"
                )


class Partition:
    """The part of a cache that belongs to one credential, as it is after the last change made with it."""

    def __init__(self) -> None:
        self._generation = 0

    def key(self, identity: str, url: str) -> str:
        """Under which the answer to a GET is kept.

        Args:
            identity: of the credential; tells nothing about it.
            url: with its query.
        """
        return hashlib.sha256(f"{identity}\n{self._generation}\n{url}".encode()).hexdigest()

    def empty(self) -> None:
        """Something was changed: nothing that was kept is given again."""
        self._generation += 1


def identity_of(secret: str | None) -> str:
    """What stands for a credential in keys of a cache."""
    return hashlib.sha256(f"coordinaitor cache\n{secret}".encode()).hexdigest() if secret else ""
