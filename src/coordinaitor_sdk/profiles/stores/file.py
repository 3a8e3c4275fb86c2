"""Tokens in a file."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...exceptions import ConfigurationError
from ..files import check_replaceable, damaged, locked, read_private, remove, write_json
from .encoding import from_json, to_json

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from ..._core.tokens import Tokens

LOCK_TIMEOUT: Final = 60.0
"""Seconds to wait for another process: longer than any refresh should take."""


class FileTokenStore:
    """Tokens of one server in a file (mode 0600), with a lock file beside it.

    The file is made by the first `save`, and replaced whole by each later one. One that belongs to another
    user is not read; one that others can read is closed to them, with a warning in the log.

    Args:
        path: the file, `~` for the user's home; its directory is made where there is none.
        lock_timeout: seconds to wait for a process that holds the lock.
    """

    def __init__(self, path: str | os.PathLike[str], *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.path: Path = Path(path).expanduser().absolute()
        self._lock_timeout = lock_timeout

    def load(self) -> Tokens | None:
        """The tokens in the file; None where there is no file, or an API key in it.

        Raises:
            ConfigurationError: the file can't be read, is damaged, or belongs to another user.
        """
        fields = read_private(self.path)
        return None if fields is None or "api_key" in fields else self._loaded(fields)

    def save(self, tokens: Tokens) -> None:
        """Replace the tokens in the file, and nothing else of it.

        Raises:
            ConfigurationError: the file can't be written or read, is damaged, or holds an API key.
        """
        fields = read_private(self.path)
        if fields is not None and "api_key" in fields:
            raise ConfigurationError(f"{self.path} holds an API key: choose another file for tokens")
        if fields is not None:
            self._read(fields)
        write_json(self.path, (fields or {}) | self._kept(tokens, fields or {}))

    def clear(self) -> None:
        """Remove the file.

        Raises:
            ConfigurationError: it can't be removed.
        """
        remove(self.path)

    @contextmanager
    def lock(self) -> Generator[None]:
        """The lock that every process renewing these tokens takes; held, the file can be replaced.

        Raises:
            ConfigurationError: the file is read-only, or another process holds the lock for too long.
        """
        with locked(self.path.with_name(f"{self.path.name}.lock"), timeout=self._lock_timeout):
            # A token that can't be kept had better not be asked for: where refresh tokens rotate, the one in
            # the file would be the last process's to use.
            check_replaceable(self.path)
            yield

    def _loaded(self, fields: dict[str, Any]) -> Tokens:
        """The tokens of a file that holds these fields."""
        return self._read(fields)

    def _kept(self, tokens: Tokens, fields: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - for others
        """The fields to keep in the file, of tokens that are to replace those of `fields`."""
        return to_json(tokens)

    def _read(self, fields: dict[str, Any]) -> Tokens:
        try:
            return from_json(fields)
        except ValueError:
            raise damaged(self.path) from None
