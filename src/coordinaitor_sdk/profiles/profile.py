"""Named profiles: a server's settings, and what the user has logged in with there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..exceptions import ConfigurationError
from .addresses import origin
from .credentials import Credentials
from .directory import check_name, config_dir, read_config
from .files import read_private, remove, write_json, write_private
from .stores.encoding import digest, to_json
from .stores.profile import ProfileTokenStore, api_key_of, forget_apart, kept_apart
from .stores.shared import SharedTokens

if TYPE_CHECKING:
    from pathlib import Path

    from .._core.tokens import Tokens

DEFAULT_PROFILE: Final = "default"


class Profile:
    """One named set of settings and credentials in the user's config directory."""

    def __init__(self, name: str = DEFAULT_PROFILE, directory: Path | None = None) -> None:
        check_name(name, what="a profile")
        self.name = name
        self.directory: Path = directory or config_dir()

    @property
    def config_path(self) -> Path:
        """The file with all profiles' settings."""
        return self.directory / "config.toml"

    @property
    def credentials_path(self) -> Path:
        """The file with this profile's credentials."""
        return self.directory / "credentials" / f"{self.name}.json"

    def settings(self) -> dict[str, str]:
        """Its settings, such as `base_url` and `api_prefix`; empty where there are none.

        Raises:
            ConfigurationError: the file can't be read.
        """
        found = read_config(self.config_path).get("profiles", {}).get(self.name, {})
        return {str(key): str(value) for key, value in found.items()}

    def save_settings(self, **settings: str) -> None:
        """Keep these settings beside those that are there.

        Raises:
            ConfigurationError: the file can't be read or written.
        """
        config = read_config(self.config_path)
        config.setdefault("profiles", {}).setdefault(self.name, {}).update(settings)
        self._write(config)

    def unset(self, *names: str) -> None:
        """Remove these settings; one that isn't there is no matter.

        Raises:
            ConfigurationError: the file can't be read or written.
        """
        config = read_config(self.config_path)
        for name in names:
            config.get("profiles", {}).get(self.name, {}).pop(name, None)
        self._write(config)

    def activate(self) -> None:
        """Make this the profile that holds where none is named.

        Raises:
            ConfigurationError: the file can't be read or written.
        """
        self._write({**read_config(self.config_path), "active": self.name})

    def delete(self) -> None:
        """Remove its settings and its credentials; where it was active, none is.

        Raises:
            ConfigurationError: a file can't be read or written.
        """
        self.forget_credentials()
        config = read_config(self.config_path)
        config.get("profiles", {}).pop(self.name, None)
        if config.get("active") == self.name:
            del config["active"]
        self._write(config)

    @classmethod
    def names(cls, directory: Path | None = None) -> list[str]:
        """The profiles that have settings or credentials.

        Raises:
            ConfigurationError: the file can't be read.
        """
        directory = directory or config_dir()
        stored = {path.stem for path in (directory / "credentials").glob("*.json")}
        return sorted(stored | read_config(directory / "config.toml").get("profiles", {}).keys())

    def credentials(self, base_url: str) -> Credentials | None:
        """What is stored for the origin of `base_url`, or None.

        Raises:
            ConfigurationError: the file, or the keyring that it names, can't be read.
        """
        stored = self.read_credentials()
        if stored is None or stored.get("origin") != origin(base_url):
            return None
        source = f"profile {self.name}"
        api_key = api_key_of(stored)
        if api_key is not None:
            return Credentials(source, api_key=api_key, store=None)
        store = SharedTokens(self.token_store(), origin(base_url))
        tokens = store.news()
        return None if tokens is None else Credentials(source, tokens=tokens, store=store)

    def read_credentials(self) -> dict[str, Any] | None:
        """The stored credentials as they stand in the file, or None.

        Raises:
            ConfigurationError: the file can't be read.
        """
        return read_private(self.credentials_path)

    def token_store(self) -> ProfileTokenStore:
        """Where this profile's tokens are."""
        return ProfileTokenStore(self.credentials_path)

    def save_api_key(self, api_key: str, *, base_url: str, keyring: bool = False) -> None:
        """Keep an API key for the origin of `base_url`, instead of what was stored.

        Args:
            api_key: the key.
            base_url: of the server that it is for.
            keyring: keep it in the operating system's keyring, which the file then names.

        Raises:
            ConfigurationError: the file, or the keyring, can't be written.
        """
        home = origin(base_url)
        self._save({"origin": home}, {"api_key": api_key}, home, keyring=keyring)

    def save_tokens(self, tokens: Tokens, *, base_url: str, email: str | None, keyring: bool = False) -> None:
        """Keep a session's tokens for the origin of `base_url`, instead of what was stored.

        Args:
            tokens: the session's.
            base_url: of the server that they are for.
            email: whose session it is.
            keyring: keep the refresh token in the operating system's keyring, which the file then names.

        Raises:
            ConfigurationError: the file, or the keyring, can't be written.
        """
        home = origin(base_url)
        fields = {"email": email} | to_json(replace(tokens, origin=home))
        self._save(fields, {"refresh_token": tokens.refresh}, home, keyring=keyring)

    def forget_credentials(self) -> bool:
        """Remove the stored credentials; False where there were none.

        Raises:
            ConfigurationError: the file or the keyring's entry can't be removed; the other one is.
        """
        try:
            stored = self.read_credentials()
        except ConfigurationError:  # damaged: to be removed all the same
            stored = None
        was_there = remove(self.credentials_path)
        forget_apart(stored or {})
        return was_there

    def _write(self, config: dict[str, Any]) -> None:
        import tomli_w

        write_private(self.config_path, tomli_w.dumps(config))

    def _save(
        self, fields: dict[str, Any], secret: dict[str, str | None], home: str, *, keyring: bool
    ) -> None:
        with self.token_store().lock():
            kept = kept_apart(self._entry_name, secret, home) if keyring else secret
            write_json(self.credentials_path, fields | kept)

    @property
    def _entry_name(self) -> str:
        """Of the keyring's entry; profiles of the same name in two config directories are two."""
        return f"{self.name}-{digest(str(self.credentials_path.absolute()))[:8]}"
