"""Tokens in the operating system's keyring (extra `keyring`)."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...exceptions import ConfigurationError
from ..directory import check_name, config_dir
from ..files import locked, read_private, remove, write_json
from .encoding import digest, from_json, to_json
from .file import LOCK_TIMEOUT
from .ring import SERVICE, RingEntry

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from ..._core.tokens import Tokens

logger: logging.Logger = logging.getLogger("coordinaitor_sdk")


class KeyringTokenStore:
    """The refresh token in the keyring of the operating system, the access token in a file of mode 0600.

    A keyring takes up to 200 ms a call, and an entry on Windows about 1,200 characters: so only the
    long-lived secret goes there. It has no lock either: a lock file stands beside the file.

    Args:
        name: of the keyring's entry, which belongs to the service `coordinaitor`; one for each server.
        directory: for the two files; without one `keyring` in the user's config directory.
        lock_timeout: seconds to wait for a process that holds the lock.

    Raises:
        ConfigurationError: `keyring` is not installed, or the name can't be one of a file.
    """

    service: Final = SERVICE

    def __init__(
        self,
        name: str = "default",
        *,
        directory: str | os.PathLike[str] | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> None:
        self._entry = RingEntry(name, instead="or use FileTokenStore")
        check_name(name, what="a keyring entry")
        self.name: str = name
        self.cache_path: Path = (
            Path(directory or config_dir() / "keyring").expanduser().absolute() / f"{name}.json"
        )
        self._lock_timeout = lock_timeout

    def load(self) -> Tokens | None:
        """The tokens as last saved, or None.

        Raises:
            ConfigurationError: the keyring can't be read, or its entry is damaged.
        """
        entry = self._entry.read()
        if entry is None:
            return None
        try:
            stored = json.loads(entry)
            refresh: object = stored["refresh_token"]
            return self._cached(entry) or (None if refresh is None else from_json(stored))
        except (ValueError, TypeError, KeyError):
            raise self._entry.unusable("is damaged: remove it, and log in again") from None

    def save(self, tokens: Tokens) -> None:
        """Keep these tokens instead.

        Raises:
            ConfigurationError: the keyring or the file can't be written.
        """
        entry = json.dumps({"origin": tokens.origin, "refresh_token": tokens.refresh})
        self._entry.write(entry)
        write_json(self.cache_path, to_json(replace(tokens, refresh=None)) | {"entry": digest(entry)})

    def clear(self) -> None:
        """Remove the keyring's entry and the file.

        Raises:
            ConfigurationError: one of them can't be removed.
        """
        self._entry.delete()
        remove(self.cache_path)

    @contextmanager
    def lock(self) -> Generator[None]:
        """The lock that every process renewing these tokens takes.

        Raises:
            ConfigurationError: the lock file can't be written, or another process holds it for too long.
        """
        with locked(self.cache_path.with_name(f"{self.cache_path.name}.lock"), timeout=self._lock_timeout):
            yield

    def _cached(self, entry: str) -> Tokens | None:
        """The tokens of an entry, with what the file has of them; None where it is of another, or no use."""
        try:
            fields = read_private(self.cache_path)
            if fields is None or fields.get("entry") != digest(entry):
                return None
            return from_json(fields | {"refresh_token": json.loads(entry)["refresh_token"]})
        except (ConfigurationError, ValueError) as error:
            logger.warning("the access token in %s is not used, another is got: %s", self.cache_path, error)
            return None
