"""A token store as one client works with it."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ..._core.tokens import Tokens
from ...exceptions import ConfigurationError, CoordinaitorError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .protocol import TokenStore

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("coordinaitor_sdk")


class SharedTokens:
    """What a store holds for one server, while other processes change it too. All of it may block.

    Args:
        store: where the tokens are.
        origin: of the server; tokens of another one are neither given nor replaced.
        keeps_logins: whether a session that is begun later is kept in the store too. A profile is for
            `coordinaitor auth login` to change.
    """

    def __init__(self, store: TokenStore, origin: str, *, keeps_logins: bool = False) -> None:
        self.keeps_logins: bool = keeps_logins
        self._store = store
        self._origin = origin
        self._seen: Tokens | None = None
        self._removed = False

    def load(self) -> Tokens | None:
        """The tokens for this server as last saved, or None.

        Raises:
            ConfigurationError: the store fails.
        """
        stored = _guarded(self._store.load, "read")
        if stored is None:
            return None
        if not isinstance(stored, Tokens):  # pyright: ignore[reportUnnecessaryIsInstance] - of the user's making
            raise ConfigurationError(f"the token store gave a {type(stored).__name__} instead of Tokens")
        return replace(stored, origin=None) if stored.origin in (None, self._origin) else None

    def news(self) -> Tokens | None:
        """The tokens that stand there since the last look; None where nothing has changed, or all is gone.

        Raises:
            ConfigurationError: the store fails.
        """
        stored, seen = self.load(), self._seen
        self._removed = stored is None and (seen is not None or self._removed)
        self._seen = stored
        return stored if stored != seen else None

    def keep(self, tokens: Tokens, *, begun: bool) -> None:
        """Save tokens. A store that fails is a warning in the log: they are good, and in use.

        Args:
            tokens: the session's, as they are now.
            begun: whether the session may have been begun just now; one that was only renewed stays removed
                where the user has logged out meanwhile.
        """
        if self._removed and not begun:
            return
        try:
            self._check_free()
            _guarded(lambda: self._store.save(replace(tokens, origin=self._origin)), "written")
        except ConfigurationError as error:
            logger.warning("new tokens are not kept, only this process goes on with them: %s", error)
            return
        self._seen, self._removed = tokens, False

    def forget(self) -> None:
        """Remove the tokens of this server; a store that fails is a warning in the log."""
        try:
            if self.load() is not None:
                _guarded(self._store.clear, "emptied")
        except ConfigurationError as error:
            logger.warning("the tokens of the session that was ended are still stored: %s", error)
            return
        self._seen, self._removed = None, False

    @contextmanager
    def lock(self) -> Generator[None]:
        """The store's lock.

        Raises:
            ConfigurationError: it can't be had.
        """
        held = ExitStack()
        _guarded(lambda: held.enter_context(self._store.lock()), "locked")
        try:
            yield
        finally:
            try:
                _guarded(held.close, "unlocked")
            except ConfigurationError as error:
                logger.warning("%s", error)

    def _check_free(self) -> None:
        held = _guarded(self._store.load, "read")
        if held is not None and held.origin not in (None, self._origin):
            raise ConfigurationError(
                f"the token store holds tokens for {held.origin}: give each server a store of its own"
            )


def _guarded(action: Callable[[], T], done: str) -> T:
    """The result of what a store does; its own exceptions may hold anything, so only their class is told."""
    try:
        return action()
    except CoordinaitorError:
        raise
    except Exception as error:
        raise ConfigurationError(
            f"the token store can't be {done} ({type(error).__name__}): see that it works, then try again"
        ) from error
