"""A profile's credential: in its file, or the lasting part of it in the keyring."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..._core.tokens import Freshness
from ..files import read_private
from .encoding import digest, from_json, to_json
from .file import FileTokenStore
from .ring import RingEntry

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from ..._core.tokens import Tokens

INSTEAD: Final = "or log in again with `coordinaitor auth login`, which finds another place"


class ProfileTokenStore(FileTokenStore):
    """The tokens of a profile. Where its file names an entry of the keyring, the refresh token is in there.

    A keyring takes up to 200 ms a call, and may ask its user: while the access token in the file is fresh,
    it is all that is loaded, except by whoever holds the lock, which is to renew it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._is_held = False

    def clear(self) -> None:
        """Remove the file, and the keyring's entry.

        Raises:
            ConfigurationError: one of them can't be removed; the other one is.
        """
        fields = read_private(self.path) or {}
        super().clear()
        forget_apart(fields)

    @contextmanager
    def lock(self) -> Generator[None]:
        """The lock that every process renewing these tokens takes; held, the whole of them is loaded.

        Raises:
            ConfigurationError: the file is read-only, or another process holds the lock for too long.
        """
        with super().lock():
            self._is_held = True
            try:
                yield
            finally:
                self._is_held = False

    def _loaded(self, fields: dict[str, Any]) -> Tokens:
        tokens = self._read(fields)
        if not fields.get("keyring"):
            return tokens
        if not self._is_held and tokens.freshness(time.time()) is Freshness.FRESH:
            return tokens
        return _completed(tokens, fields)

    def _kept(self, tokens: Tokens, fields: dict[str, Any]) -> dict[str, Any]:
        if not fields.get("keyring"):
            return to_json(tokens)
        secret = {"refresh_token": tokens.refresh}
        return to_json(tokens) | kept_apart(str(fields["keyring"]), secret, tokens.origin)


def kept_apart(name: str, secret: Mapping[str, str | None], origin: str | None) -> dict[str, Any]:
    """Put a secret into the keyring; the fields of the file that belong to it.

    Args:
        name: of the entry.
        secret: `api_key` or `refresh_token`.
        origin: of the server that it may be sent to.

    Raises:
        ConfigurationError: the keyring can't be used.
    """
    text = json.dumps({"origin": origin, **secret})
    RingEntry(name, instead=INSTEAD).write(text)
    return dict.fromkeys(secret) | {"keyring": name, "entry": digest(text)}


def api_key_of(fields: Mapping[str, Any]) -> str | None:
    """The API key of a profile's file, from the keyring where it is there; None where it has none.

    Raises:
        ConfigurationError: the keyring can't be read, or has something else.
    """
    if "api_key" not in fields or isinstance(fields["api_key"], str) or not fields.get("keyring"):
        key = fields.get("api_key")
        return key if isinstance(key, str) else None
    entry = RingEntry(str(fields["keyring"]), instead=INSTEAD)
    text = entry.read()
    if text is None or digest(text) != fields.get("entry"):
        raise entry.unusable(f"is not the one that was made for this profile: log in again, {INSTEAD[3:]}")
    return str(json.loads(text)["api_key"])


def forget_apart(fields: Mapping[str, Any]) -> None:
    """Remove what the keyring has for a profile's file.

    Raises:
        ConfigurationError: it can't be removed.
    """
    if fields.get("keyring"):
        RingEntry(str(fields["keyring"]), instead="or remove it there by hand").delete()


def _completed(tokens: Tokens, fields: Mapping[str, Any]) -> Tokens:
    """The tokens of the file with the refresh token; of another login's entry it goes alone."""
    entry = RingEntry(str(fields["keyring"]), instead=INSTEAD)
    text = entry.read()
    if text is None:
        return tokens
    try:
        stored = json.loads(text)
        found = from_json(stored)
    except (ValueError, TypeError, AttributeError):
        raise entry.unusable("is damaged: log in again with `coordinaitor auth login`") from None
    return replace(tokens, refresh=found.refresh) if digest(text) == fields.get("entry") else found
