"""Credentials as the terminal client keeps them and gives them up."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from coordinaitor_sdk.exceptions import ConfigurationError
from coordinaitor_sdk.profiles import DEFAULT_PROFILE, Profile, named_profile, origin

from .errors import CommandError, Exit

if TYPE_CHECKING:
    from typing import Self

    from coordinaitor_sdk import Coordinaitor
    from coordinaitor_sdk.profiles import Credentials, Settings

CREDENTIAL_VARIABLES: Final = (
    "COORDINAITOR_API_KEY",
    "COORDINAITOR_EMAIL",
    "COORDINAITOR_PASSWORD",
    "COORDINAITOR_ACCESS_TOKEN",
    "COORDINAITOR_REFRESH_TOKEN",
    "ORCHESTRATOR_API_KEY",
)
_ADDRESSES: Final = ("COORDINAITOR_BASE_URL", "ORCHESTRATOR_URL")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a login's credential will be kept.

    Attributes:
        keyring: in the operating system's keyring, but for the access token; else all in a file.
        why_not: what is wrong with the keyring, where there is one that can't be used.
    """

    keyring: bool
    why_not: str | None = None

    @property
    def told(self) -> str:
        """What the keyring lacks, for whoever may have counted on it."""
        return f"; not in a keyring: {self.why_not}" if self.why_not else ""


def place_for(settings: Settings) -> Place:
    """Find out before a login where its outcome can be kept.

    Raises:
        ConfigurationError: nowhere.
    """
    from coordinaitor_sdk.profiles.stores.ring import is_installed, why_unusable

    folder = Profile(settings.profile).credentials_path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(f"{folder} can't be written to: {error.strerror}") from error
    if not is_installed():
        return Place(keyring=False)
    why_not = why_unusable()
    return Place(why_not is None, why_not)


def keep(
    settings: Settings,
    place: Place,
    *,
    api_key: str | None = None,
    tokens: Any = None,
    email: str | None = None,
) -> str:
    """Keep a credential and the server that it is for; where that is, in words.

    Parameters:
        email: whose session it is, where that is known.

    Raises:
        ConfigurationError: a file can't be written.
    """
    profile = Profile(settings.profile)
    # The credential first: a fresh session must not be lost because the settings can't be written.
    try:
        _keep_credential(profile, settings, api_key, tokens, email, keyring=place.keyring)
    except ConfigurationError:
        if not place.keyring:
            raise
        place = Place(keyring=False, why_not="it failed, although it had been tried out")
        _keep_credential(profile, settings, api_key, tokens, email, keyring=False)
    profile.save_settings(base_url=settings.base_url, api_prefix=settings.api_prefix)
    return f"{where_kept(profile)}{place.told}"


def _keep_credential(
    profile: Profile,
    settings: Settings,
    api_key: str | None,
    tokens: Any,
    email: str | None,
    *,
    keyring: bool,
) -> None:
    if api_key is not None:
        profile.save_api_key(api_key, base_url=settings.base_url, keyring=keyring)
    else:
        profile.save_tokens(tokens, base_url=settings.base_url, email=email, keyring=keyring)


def where_kept(profile: Profile) -> str:
    """Where a profile's credential is, in words."""
    stored, path = profile.read_credentials() or {}, profile.credentials_path
    if not stored.get("keyring"):
        return str(path)
    return "the keyring" if "api_key" in stored else f"the keyring, its access token in {path}"


def overriding(settings: Settings) -> list[str]:
    """Environment variables that a script will find before this login."""
    addresses = [
        name
        for name in _ADDRESSES
        if os.environ.get(name, settings.base_url).rstrip("/") != settings.base_url
    ]
    return [name for name in CREDENTIAL_VARIABLES if os.environ.get(name)] + addresses


def login_command(profile: str) -> str:
    """What logs in to this profile."""
    return f"coordinaitor auth login{'' if profile == DEFAULT_PROFILE else f' --profile {profile}'}"


def credentials_of(client: Coordinaitor) -> Credentials:
    """What the client logs in with.

    Raises:
        CommandError: there is nothing.
    """
    found = client.settings.credentials
    if found is None:
        hint = login_command(client.settings.profile)
        raise CommandError(f"not logged in to {client.base_url}", hint, code=Exit.NOT_LOGGED_IN)
    return found


def bearer(client: Coordinaitor) -> str:
    """The secret that the client's calls carry, renewed where it has expired.

    Raises:
        CommandError: there is no credential.
        CoordinaitorError: the session can't be renewed.
    """
    credentials = credentials_of(client)
    if credentials.api_key is not None:
        return str(credentials.api_key)
    tokens = client.auth.tokens
    if tokens.access is None or (tokens.expires_at is not None and tokens.expires_at < time.time() + 60):
        if credentials.password is not None and tokens.refresh is None:
            client.auth.login()
        else:
            client.auth.refresh()
    return str(client.auth.tokens.access)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a profile holds; `credential` is empty where the file can't be read."""

    profile: Profile
    exists: bool
    credential: dict[str, Any]

    @classmethod
    def of(cls, name: str | None) -> Self:
        """The active profile's, unless another is named."""
        profile = Profile(named_profile(name)[0])
        try:
            found = profile.read_credentials()
        except ConfigurationError:  # damaged: to be removed all the same
            return cls(profile, exists=True, credential={})
        return cls(profile, exists=found is not None, credential=found or {})

    def end_session(self, base_url: str | None, api_prefix: str | None) -> None:
        """Tell the server that stored the session; an API key has none.

        Raises:
            CoordinaitorError: it could not be told.
        """
        from coordinaitor_sdk import Coordinaitor, Retry

        store = self.profile.token_store()
        with store.lock():
            tokens = store.load() if self.credential else None
        if tokens is None:
            return
        named = base_url or self.profile.settings().get("base_url")
        with Coordinaitor(
            named if named and origin(named) == tokens.origin else str(tokens.origin),
            api_prefix=api_prefix,
            profile=self.profile.name,
            access_token=tokens.access,
            refresh_token=tokens.refresh,
            timeout=10.0,
            retry=Retry(attempts=1),
        ) as client:
            client.auth.logout()

    def forget(self) -> str:
        """Remove it; what is removed, in words.

        Raises:
            ConfigurationError: the file, or the keyring's entry, can't be removed.
        """
        self.profile.forget_credentials()
        path = self.profile.credentials_path
        return f"the keyring's entry and {path} are" if self.credential.get("keyring") else f"{path} is"
