"""The settings that hold: explicit argument, then environment, then profile (DESIGN 3.12)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError
from .addresses import (
    DEFAULT_API_PREFIX,
    DEFAULT_BASE_URL,
    checked_ws_url,
    is_loopback,
    normalized_prefix,
    normalized_url,
    origin,
)
from .credentials import Credentials, one_kind
from .directory import active_profile, config_dir
from .profile import DEFAULT_PROFILE, Profile
from .stores.shared import SharedTokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .stores.protocol import TokenStore


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client works with.

    Attributes:
        base_url: scheme, host and port, without a trailing slash.
        api_prefix: such as `/api/v1`.
        ws_url: where live updates come from.
        profile: name of the profile that was looked at.
        credentials: or None: only what needs no login works.
        sources: setting name -> where its value came from.
    """

    base_url: str
    api_prefix: str
    ws_url: str
    profile: str
    credentials: Credentials | None
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explicit:
    """What the caller passed to a client; None means: look further."""

    base_url: str | None = None
    api_prefix: str | None = None
    ws_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    token_store: TokenStore | None = field(default=None, repr=False)


def resolve(
    explicit: Explicit, *, environ: Mapping[str, str] = os.environ, directory: Path | None = None
) -> Settings:
    """The settings that hold: explicit argument, then environment, then profile.

    Raises:
        ConfigurationError: a value can't be used, two kinds of credentials stand on one level, or a file of
            the profile can't be read.
    """
    directory = directory or config_dir(environ)
    name, profile_source = named_profile(explicit.profile, environ=environ, directory=directory)
    profile = Profile(name, directory)
    stored = profile.settings()
    base_url, url_source = _first(
        (explicit.base_url, "argument"),
        (environ.get("COORDINAITOR_BASE_URL"), "COORDINAITOR_BASE_URL"),
        (environ.get("ORCHESTRATOR_URL"), "ORCHESTRATOR_URL"),
        (stored.get("base_url"), f"profile {name}"),
    ) or (DEFAULT_BASE_URL, "default")
    base_url = normalized_url(base_url, source=url_source)
    # A profile's prefix, like its credential, is that of its own server.
    stored_prefix = stored.get("api_prefix") if _is_same_server(stored.get("base_url"), base_url) else None
    api_prefix, prefix_source = _first(
        (explicit.api_prefix, "argument"),
        (environ.get("COORDINAITOR_API_PREFIX"), "COORDINAITOR_API_PREFIX"),
        (stored_prefix, f"profile {name}"),
    ) or (DEFAULT_API_PREFIX, "default")
    ws_url, ws_source = _first(
        (explicit.ws_url, "argument"), (environ.get("COORDINAITOR_WS_URL"), "COORDINAITOR_WS_URL")
    ) or (f"ws{base_url.removeprefix('http')}/ws", "default")
    credentials = (
        _explicit(explicit, base_url)
        or one_kind("environment", _environment_fields(environ))
        or profile.credentials(base_url)
    )
    sources = {
        "profile": profile_source,
        "base_url": url_source,
        "api_prefix": prefix_source,
        "ws_url": ws_source,
    }
    return Settings(
        base_url,
        normalized_prefix(api_prefix),
        checked_ws_url(ws_url, source=ws_source),
        name,
        credentials,
        sources,
    )


def named_profile(
    given: str | None = None, *, environ: Mapping[str, str] = os.environ, directory: Path | None = None
) -> tuple[str, str]:
    """The profile that holds, and where its name comes from.

    Raises:
        ConfigurationError: `config.toml` can't be read.
    """
    return _first(
        (given, "argument"),
        (environ.get("COORDINAITOR_PROFILE"), "COORDINAITOR_PROFILE"),
        (active_profile(directory or config_dir(environ)), "config.toml"),
    ) or (DEFAULT_PROFILE, "default")


def check_secure(settings: Settings, *, allow_insecure_http: bool) -> None:
    """Refuse to send credentials where others could read them on the way.

    Raises:
        ConfigurationError: an address is plain http or ws, beyond this machine.
    """
    if settings.credentials is None or allow_insecure_http:
        return
    for url, secure in ((settings.base_url, "https"), (settings.ws_url, "wss")):
        if not url.startswith(f"{secure}:") and not is_loopback(url):
            plain = url.partition(":")[0]
            raise ConfigurationError(
                f"{url} is plain {plain}: credentials would be readable on the way;"
                f" use {secure}, or pass allow_insecure_http=True"
            )


def _first(*candidates: tuple[str | None, str]) -> tuple[str, str] | None:
    return next(((value, source) for value, source in candidates if value), None)


def _is_same_server(stored: str | None, base_url: str) -> bool:
    if stored is None:
        return base_url == DEFAULT_BASE_URL
    return origin(normalized_url(stored, source="the profile")) == origin(base_url)


def _explicit(explicit: Explicit, base_url: str) -> Credentials | None:
    names = ("api_key", "email", "password", "access_token", "refresh_token")
    given = one_kind("argument", {name: getattr(explicit, name) for name in names})
    if explicit.token_store is None:
        return given
    if given is not None and given.password is None:
        raise ConfigurationError(
            "give one kind of credential: token_store goes alone or with email and password,"
            " not with an api_key or tokens (from argument)"
        )
    store = SharedTokens(explicit.token_store, origin(base_url), keeps_logins=True)
    return replace(given or Credentials("argument"), store=store)


def _environment_fields(environ: Mapping[str, str]) -> dict[str, str | None]:
    names = ("api_key", "email", "password", "access_token", "refresh_token")
    fields = {name: environ.get(f"COORDINAITOR_{name.upper()}") or None for name in names}
    if not any(fields.values()):
        fields["api_key"] = environ.get("ORCHESTRATOR_API_KEY") or None
    return fields
