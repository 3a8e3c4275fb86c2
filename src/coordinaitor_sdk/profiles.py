"""Settings and credentials: where they come from, where they are kept (DESIGN 3.12).

Explicit argument, then environment, then the active profile. A profile's settings stand in `config.toml`, its
credentials in `credentials/<profile>.json` (mode 0600), both in the user's config directory
(`COORDINAITOR_CONFIG_DIR` names another). A stored credential goes to the origin that it was stored for, and
nowhere else.
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import SplitResult, urlsplit

from ._core.http import Secret
from ._core.tokens import Tokens
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filelock import BaseFileLock

DEFAULT_BASE_URL: Final = "http://localhost:3000"
DEFAULT_API_PREFIX: Final = "/api/v1"
DEFAULT_PROFILE: Final = "default"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORBIDDEN_IN_NAMES: Final = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class Credentials:
    """One kind of credential: an API key, an e-mail with its password, or a session's tokens.

    Attributes:
        source: where it came from, such as "argument", "environment" or "profile default".
        store: where renewed tokens are kept, for those that came from a profile.
    """

    source: str
    api_key: str | None = field(default=None, repr=False)
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    tokens: Tokens | None = None
    store: TokenStore | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("api_key", "password"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, Secret(value))


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


class TokenStore(Protocol):
    """Where a session's tokens are kept between processes."""

    def load(self) -> Tokens | None:
        """The tokens as last saved, or None."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep these tokens instead."""
        ...

    def lock(self) -> BaseFileLock:
        """A lock between processes; whoever refreshes holds it (`acquire`, `release`)."""
        ...


def config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's config directory for coordinaitor."""
    named = environ.get("COORDINAITOR_CONFIG_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("coordinaitor", appauthor=False)


def normalized_url(url: str, *, source: str) -> str:
    """`url` without a trailing slash.

    Raises:
        ConfigurationError: it is no http(s) URL, or it carries a user name, query or fragment.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, SplitResult("", "", "", "", "")
    if not usable or parts.query or parts.fragment or any(ord(char) <= 32 for char in url):
        raise ConfigurationError(
            f"base_url (from {source}) must look like https://api.example.com or {DEFAULT_BASE_URL}"
            + (f", got {url!r}" if "@" not in url else "")
        )
    if parts.username or parts.password:
        raise ConfigurationError(
            f"base_url (from {source}) must not carry a user name or password; pass credentials as arguments"
        )
    return url.rstrip("/")


def origin(url: str) -> str:
    """Scheme, host and port, the port always written."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine itself."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.") or host.endswith(".localhost")


class Profile:
    """One named set of settings and credentials in the user's config directory."""

    def __init__(self, name: str = DEFAULT_PROFILE, directory: Path | None = None) -> None:
        if not name or name.startswith(".") or _FORBIDDEN_IN_NAMES & set(name):
            raise ConfigurationError(f"a profile can't be named {name!r}: use letters, digits, '-' and '_'")
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
        found = _read_config(self.config_path).get("profiles", {}).get(self.name, {})
        return {str(key): str(value) for key, value in found.items()}

    def save_settings(self, **settings: str) -> None:
        """Keep these settings beside those that are there.

        Raises:
            ConfigurationError: the file can't be read or written.
        """
        import tomli_w

        config = _read_config(self.config_path)
        config.setdefault("profiles", {}).setdefault(self.name, {}).update(settings)
        _write_private(self.config_path, tomli_w.dumps(config))

    def credentials(self, base_url: str) -> Credentials | None:
        """What is stored for the origin of `base_url`, or None.

        Raises:
            ConfigurationError: the file can't be read.
        """
        stored = self.read_credentials()
        if stored is None or stored.get("origin") != origin(base_url):
            return None
        source = f"profile {self.name}"
        if isinstance(stored.get("api_key"), str):
            return Credentials(source, api_key=stored["api_key"], store=None)
        store = FileTokenStore(self.credentials_path, origin=origin(base_url))
        tokens = store.load()
        return None if tokens is None else Credentials(source, tokens=tokens, store=store)

    def read_credentials(self) -> dict[str, Any] | None:
        """The stored credentials as they stand in the file, or None.

        Raises:
            ConfigurationError: the file can't be read.
        """
        return _read_json(self.credentials_path)

    def save_api_key(self, api_key: str, *, base_url: str) -> None:
        """Keep an API key for the origin of `base_url`, instead of what was stored.

        Raises:
            ConfigurationError: the file can't be written.
        """
        self._save({"origin": origin(base_url), "api_key": api_key})

    def save_tokens(self, tokens: Tokens, *, base_url: str, email: str | None) -> None:
        """Keep a session's tokens for the origin of `base_url`, instead of what was stored.

        Raises:
            ConfigurationError: the file can't be written.
        """
        self._save({"origin": origin(base_url), "email": email, **_tokens_to_json(tokens)})

    def forget_credentials(self) -> bool:
        """Remove the stored credentials; False where there were none.

        Raises:
            ConfigurationError: the file can't be removed.
        """
        try:
            self.credentials_path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise ConfigurationError(f"{self.credentials_path} can't be removed: {error.strerror}") from error
        return True

    def _save(self, fields: dict[str, Any]) -> None:
        store = FileTokenStore(self.credentials_path)
        with store.lock():
            _write_private(self.credentials_path, json.dumps(fields, indent=2) + "\n")


class FileTokenStore:
    """Tokens in a credentials file (mode 0600), with a lock file beside it.

    Args:
        path: the file.
        origin: of the server that the tokens are for; what the file holds for another one, since the user has
            logged in there, is neither read nor replaced.
    """

    def __init__(self, path: Path, *, origin: str | None = None) -> None:
        self.path = path
        self._origin = origin

    def load(self) -> Tokens | None:
        """The tokens in the file, or None.

        Raises:
            ConfigurationError: the file can't be read.
        """
        fields = self._own_fields()
        if fields is None or not isinstance(fields.get("refresh_token") or fields.get("access_token"), str):
            return None
        return Tokens(
            access=_optional(fields, "access_token", str),
            refresh=_optional(fields, "refresh_token", str),
            expires_at=_optional(fields, "expires_at", (int, float)),
            lifetime=_optional(fields, "lifetime", (int, float)),
        )

    def save(self, tokens: Tokens) -> None:
        """Replace the tokens in the file, and nothing else of it; nothing where they were removed meanwhile.

        Raises:
            ConfigurationError: the file can't be written.
        """
        fields = self._own_fields()
        if fields is None or "api_key" in fields:
            return
        _write_private(self.path, json.dumps(fields | _tokens_to_json(tokens), indent=2) + "\n")

    def _own_fields(self) -> dict[str, Any] | None:
        fields = _read_json(self.path)
        if fields is None or self._origin not in (None, fields.get("origin")):
            return None
        return fields

    def lock(self) -> BaseFileLock:
        """The lock that every process refreshing these tokens takes."""
        from filelock import FileLock

        _make_private_dir(self.path.parent)
        # Taken in a worker thread by the async client and given back on the loop's.
        return FileLock(self.path.with_suffix(".lock"), thread_local=False, mode=0o600)


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


def resolve(
    explicit: Explicit, *, environ: Mapping[str, str] = os.environ, directory: Path | None = None
) -> Settings:
    """The settings that hold: explicit argument, then environment, then profile.

    Raises:
        ConfigurationError: a value can't be used, two kinds of credentials stand on one level, or a file of
            the profile can't be read.
    """
    name, profile_source = _first(
        (explicit.profile, "argument"), (environ.get("COORDINAITOR_PROFILE"), "COORDINAITOR_PROFILE")
    ) or (DEFAULT_PROFILE, "default")
    profile = Profile(name, directory or config_dir(environ))
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
        _one_kind("argument", _explicit_fields(explicit))
        or _one_kind("environment", _environment_fields(environ))
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
        _normalized_prefix(api_prefix),
        _checked_ws_url(ws_url, source=ws_source),
        name,
        credentials,
        sources,
    )


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


def _checked_ws_url(url: str, *, source: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in url or "#" in url or any(ord(char) <= 32 for char in url):
        raise ConfigurationError(
            f"ws_url (from {source}) must look like wss://api.example.com/ws, without a user name"
            + (f"; got {url!r}" if "@" not in url else "")
        )
    return url


def _first(*candidates: tuple[str | None, str]) -> tuple[str, str] | None:
    return next(((value, source) for value, source in candidates if value), None)


def _is_same_server(stored: str | None, base_url: str) -> bool:
    if stored is None:
        return base_url == DEFAULT_BASE_URL
    return origin(normalized_url(stored, source="the profile")) == origin(base_url)


def _normalized_prefix(prefix: str) -> str:
    trimmed = prefix.strip("/")
    return f"/{trimmed}" if trimmed else ""


def _explicit_fields(explicit: Explicit) -> dict[str, str | None]:
    names = ("api_key", "email", "password", "access_token", "refresh_token")
    return {name: getattr(explicit, name) for name in names}


def _environment_fields(environ: Mapping[str, str]) -> dict[str, str | None]:
    names = ("api_key", "email", "password", "access_token", "refresh_token")
    fields = {name: environ.get(f"COORDINAITOR_{name.upper()}") or None for name in names}
    if not any(fields.values()):
        fields["api_key"] = environ.get("ORCHESTRATOR_API_KEY") or None
    return fields


def _one_kind(level: str, fields: Mapping[str, str | None]) -> Credentials | None:
    """The credential of one level; never two kinds mixed."""
    for name, value in fields.items():
        if value is not None:
            _check_secret(name, value, level)
    api_key, email, password = fields["api_key"], fields["email"], fields["password"]
    access, refresh = fields["access_token"], fields["refresh_token"]
    kinds = [
        name
        for name, there in (
            ("api_key", api_key),
            ("email and password", email or password),
            ("access_token or refresh_token", access or refresh),
        )
        if there
    ]
    if len(kinds) > 1:
        raise ConfigurationError(f"give one kind of credential, not {' and '.join(kinds)} (from {level})")
    if (email is None) != (password is None):
        missing = "password" if password is None else "email"
        raise ConfigurationError(f"email and password go together: {missing} is missing (from {level})")
    if not kinds:
        return None
    tokens = Tokens(access=access, refresh=refresh) if access or refresh else None
    return Credentials(level, api_key=api_key, email=email, password=password, tokens=tokens)


def _check_secret(name: str, value: str, level: str) -> None:
    """Refuse what no HTTP header can carry, before a transport quotes it in an error."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        raise ConfigurationError(f"{name} (from {level}) must be a string")
    if not value:
        raise ConfigurationError(f"{name} (from {level}) is empty")
    if name != "password" and not (value.isascii() and value.isprintable() and " " not in value):
        raise ConfigurationError(
            f"{name} (from {level}) holds a blank, a line break or a character that is not ASCII"
        )


def _tokens_to_json(tokens: Tokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires_at": tokens.expires_at,
        "lifetime": tokens.lifetime,
    }


def _optional(fields: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    value = fields.get(name)
    return value if isinstance(value, kind) else None


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise ConfigurationError(f"{path} is not readable TOML: {error}; mend or remove it") from error


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        fields = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ConfigurationError(f"{path} is damaged; log in again with `coordinaitor auth login`")
    return fields  # pyright: ignore[reportUnknownVariableType] - JSON


def _make_private_dir(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{directory} can't be made: {error.strerror}") from error


def _write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole: readers see the old one or the new one."""
    _make_private_dir(path.parent)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from error
