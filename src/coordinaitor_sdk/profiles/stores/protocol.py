"""What a session needs of the place where its tokens are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..._core.tokens import Tokens


class TokenStore(Protocol):
    """Where a session's tokens are kept between processes: any object with these four methods.

    They may block: the async client calls them away from its loop, all of one renewal on one thread. Keep
    every field of `Tokens`: its `origin` says which server the others may be sent to.
    """

    def load(self) -> Tokens | None:
        """The tokens as last saved; None where there are none."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep these tokens instead of those that are there."""
        ...

    def clear(self) -> None:
        """Remove the tokens; nothing to do where there are none."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """What whoever renews the tokens holds meanwhile (`with store.lock():`), across all processes."""
        ...
