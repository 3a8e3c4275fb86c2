"""Who the user is to which server, where that comes from, and whether it holds."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from coordinaitor_sdk.exceptions import AuthenticationError
from coordinaitor_sdk.profiles import Explicit, Profile, resolve

from .login import CREDENTIAL_VARIABLES, where_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinaitor_sdk import CoordinaitorError
    from coordinaitor_sdk.profiles import Settings

    from .output.table import Field


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
    def _store(self) -> str | None:
        """Where the profile keeps the credential: `keyring` or `file`; None where it is not the profile's."""
        credentials = self.settings.credentials
        if credentials is None or not credentials.source.startswith("profile"):
            return None
        stored = Profile(self.settings.profile).read_credentials() or {}
        return "keyring" if stored.get("keyring") else "file"

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
            "store": self._store,
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
            yield label, f"{value} ({came_from(settings.sources[name], name)})"
        if credentials is None:
            stored = Profile(settings.profile).read_credentials() or {}
            home = stored.get("origin")
            yield "Credential", f"none for this server; the profile's is for {home}" if home else "none"
            return
        where = where_kept(Profile(settings.profile)) if self._store else None
        source = came_from(credentials.source, "credential")
        yield "Credential", f"{self._kind} ({source}{f', {where}' if where else ''})"
        yield "E-mail", self._email
        expires_at = self._expires_at
        if expires_at is not None:
            yield "Expires", f"{_iso(expires_at)} ({_left(expires_at - time.time())})"
        words = {True: "accepts the credential", False: "refuses the credential", None: "not known"}
        yield "Server", words[self._accepted]


def profile_rows(named: str | None) -> list[dict[str, Any]]:
    """Each profile with its server, its kind of credential, and whether it is the one that holds."""
    active = resolve(Explicit(profile=named)).profile
    rows: list[dict[str, Any]] = []
    for name in Profile.names():
        profile = Profile(name)
        settings, stored = profile.settings(), profile.read_credentials()
        kind = None if stored is None else "API key" if "api_key" in stored else "session"
        url = settings.get("base_url") or (stored or {}).get("origin")
        rows.append({"name": name, "active": name == active, "baseUrl": url, "credential": kind})
    return rows


def came_from(source: str, name: str) -> str:
    """Where a setting comes from, in words: by the option or the variable to change it with."""
    match source:
        case "default":
            return source
        case "argument":
            return f"from --{name.replace('_', '-')}"
        case "environment":
            return f"from {', '.join(name for name in CREDENTIAL_VARIABLES if os.environ.get(name))}"
        case _:
            return f"from {source}"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _left(seconds: float) -> str:
    if seconds <= 0:
        return "expired; renewed at the next call"
    return f"in {seconds / 60:.0f} min" if seconds >= 60 else f"in {seconds:.0f} s"
