"""Credentials as the terminal client keeps them and gives them up."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from coordinaitor_sdk.exceptions import ConfigurationError
from coordinaitor_sdk.profiles import DEFAULT_PROFILE, Profile, active_profile, config_dir, origin

from .errors import CommandError, Exit

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from coordinaitor_sdk import Coordinaitor
    from coordinaitor_sdk.profiles import Settings

CREDENTIAL_VARIABLES: Final = (
    "COORDINAITOR_API_KEY",
    "COORDINAITOR_EMAIL",
    "COORDINAITOR_PASSWORD",
    "COORDINAITOR_ACCESS_TOKEN",
    "COORDINAITOR_REFRESH_TOKEN",
    "ORCHESTRATOR_API_KEY",
)
_ADDRESSES: Final = ("COORDINAITOR_BASE_URL", "ORCHESTRATOR_URL")


def check_writable(settings: Settings) -> None:
    """Find out before a login whether its outcome can be kept.

    Raises:
        ConfigurationError: it can't.
    """
    folder = Profile(settings.profile).credentials_path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(f"{folder} can't be written to: {error.strerror}") from error


def keep(settings: Settings, *, api_key: str | None = None, tokens: Any = None) -> Path:
    """Keep a credential and the server that it is for; the file that holds it.

    Raises:
        ConfigurationError: a file can't be written.
    """
    profile = Profile(settings.profile)
    # The credential first: a fresh session must not be lost because the settings can't be written.
    if api_key is not None:
        profile.save_api_key(api_key, base_url=settings.base_url)
    else:
        email = settings.credentials.email if settings.credentials else None
        profile.save_tokens(tokens, base_url=settings.base_url, email=email)
    profile.save_settings(base_url=settings.base_url, api_prefix=settings.api_prefix)
    return profile.credentials_path


def overriding(settings: Settings) -> list[str]:
    """Environment variables that a script will find before this login."""
    addresses = [
        name
        for name in _ADDRESSES
        if os.environ.get(name, settings.base_url).rstrip("/") != settings.base_url
    ]
    return [name for name in CREDENTIAL_VARIABLES if os.environ.get(name)] + addresses


def bearer(client: Coordinaitor) -> str:
    """The secret that the client's calls carry, renewed where it has expired.

    Raises:
        CommandError: there is no credential.
        CoordinaitorError: the session can't be renewed.
    """
    credentials = client.settings.credentials
    if credentials is None:
        raise CommandError(
            f"not logged in to {client.base_url}", "coordinaitor auth login", code=Exit.NOT_LOGGED_IN
        )
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
        chosen = name or os.environ.get("COORDINAITOR_PROFILE") or active_profile(config_dir())
        profile = Profile(chosen or DEFAULT_PROFILE)
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

        access, refresh = self.credential.get("access_token"), self.credential.get("refresh_token")
        if not (access or refresh):
            return
        home = str(self.credential.get("origin"))
        named = base_url or self.profile.settings().get("base_url")
        with Coordinaitor(
            named if named and origin(named) == home else home,
            api_prefix=api_prefix,
            profile=self.profile.name,
            access_token=access,
            refresh_token=refresh,
            timeout=10.0,
            retry=Retry(attempts=1),
        ) as client:
            client.auth.logout()
