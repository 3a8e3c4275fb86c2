"""Tokens in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..._core.tokens import Tokens


class MemoryTokenStore:
    """Tokens that several clients of one process share, and that end with it.

    Args:
        tokens: what to begin with; without `origin` they go to the server of the client that gets the store.
    """

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> Tokens | None:
        """The tokens as last saved, or None."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """Keep these tokens instead."""
        self._tokens = tokens

    def clear(self) -> None:
        """Forget the tokens."""
        self._tokens = None

    def lock(self) -> AbstractContextManager[object]:
        """The lock that every client renewing these tokens takes."""
        return self._lock
