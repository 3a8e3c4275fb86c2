"""Credentials as the terminal client keeps, shows and gives them up."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from coordinaitor_sdk.exceptions import AuthenticationError, ConfigurationError, CoordinaitorError
from coordinaitor_sdk.profiles import DEFAULT_PROFILE, Profile, origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from coordinaitor_sdk.profiles import Settings

    from .output.table import Field

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


@dataclass(frozen=True, slots=True)
class Stored:
    """What a profile holds; `credential` is empty where the file can't be read."""

    profile: Profile
    exists: bool
    credential: dict[str, Any]

    @classmethod
    def of(cls, name: str | None) -> Self:
        """The active profile's, unless another is named."""
        profile = Profile(name or os.environ.get("COORDINAITOR_PROFILE") or DEFAULT_PROFILE)
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
            client.sign_out()


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this is to which server, and whether that holds.

    Attributes:
        failure: what the server, or the way to it, said to a call with the credential.
    """

    settings: Settings
    failure: CoordinaitorError | None

    @property
    def _kind(self) -> str | None:
        credentials = self.settings.credentials
        if credentials is None:
            return None
        if credentials.api_key is not None:
            return "API key"
        return "e-mail and password" if credentials.password is not None else "session"

    @property
    def _email(self) -> str | None:
        credentials = self.settings.credentials
        if credentials is None or credentials.store is None:
            return credentials.email if credentials else None
        found = Profile(self.settings.profile).read_credentials() or {}
        return found.get("email")

    @property
    def _expires_at(self) -> float | None:
        credentials = self.settings.credentials
        if credentials is None:
            return None
        # The call just made may have renewed what the client began with.
        tokens = credentials.store.load() if credentials.store else credentials.tokens
        return tokens.expires_at if tokens else None

    @property
    def _accepted(self) -> bool | None:
        """None where that is not known."""
        if self.settings.credentials is None or self.failure is None:
            return None if self.settings.credentials is None else True
        return False if isinstance(self.failure, AuthenticationError) else None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON; no secrets."""
        settings, expires_at = self.settings, self._expires_at
        credentials = settings.credentials
        return {
            "profile": settings.profile,
            "baseUrl": settings.base_url,
            "apiPrefix": settings.api_prefix,
            "sources": {
                "profile": settings.sources["profile"],
                "baseUrl": settings.sources["base_url"],
                "apiPrefix": settings.sources["api_prefix"],
                "credential": credentials.source if credentials else None,
            },
            "credential": self._kind,
            "email": self._email,
            "expiresAt": _iso(expires_at) if expires_at is not None else None,
            "accepted": self._accepted,
        }

    def fields(self) -> Iterator[Field]:
        """All of it for reading."""
        settings, credentials = self.settings, self.settings.credentials
        for label, name, value in (
            ("Profile", "profile", settings.profile),
            ("Base URL", "base_url", settings.base_url),
            ("API prefix", "api_prefix", settings.api_prefix or "/"),
        ):
            yield label, f"{value} ({_from(settings.sources[name])})"
        if credentials is None:
            stored = Profile(settings.profile).read_credentials() or {}
            elsewhere = (
                f" for this server; the profile's is for {stored['origin']}" if "origin" in stored else ""
            )
            yield "Credential", f"none{elsewhere}"
            return
        where = (
            Profile(settings.profile).credentials_path if credentials.source.startswith("profile") else None
        )
        yield "Credential", f"{self._kind} ({_from(credentials.source)}{f', {where}' if where else ''})"
        yield "E-mail", self._email
        expires_at = self._expires_at
        if expires_at is not None:
            yield "Expires", f"{_iso(expires_at)} ({_left(expires_at - time.time())})"
        words = {True: "accepts the credential", False: "refuses the credential", None: "not known"}
        yield "Server", words[self._accepted]


def _from(source: str) -> str:
    return source if source == "default" else f"from {source}"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _left(seconds: float) -> str:
    if seconds <= 0:
        return "expired; renewed at the next call"
    return f"in {seconds / 60:.0f} min" if seconds >= 60 else f"in {seconds:.0f} s"
