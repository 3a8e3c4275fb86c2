"""What could keep this program from working, looked at one after the other."""

from __future__ import annotations

import os
import platform
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .errors import Exit, exit_code, told
from .output.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coordinaitor_sdk import Coordinaitor, RawResponse
    from coordinaitor_sdk.profiles import Settings

    from .context import Cli
    from .errors import Told

Result: TypeAlias = Literal["ok", "warn", "fail"]

_FLAGS: Final = {"base_url": "--base-url", "api_prefix": "--api-prefix"}
_SKEW: Final = 30.0
_SOCKET_WITHIN: Final = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found.

    Attributes:
        hint: the command, or else the fact, that helps.
        code: of a failure, the exit code that it makes.
    """

    name: str
    result: Result
    tells: str
    hint: str | None = None
    code: Exit = Exit.OK

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        return {"name": self.name, "result": self.result, "tells": self.tells, "hint": self.hint}


FINDING_COLUMNS: Final[tuple[Column[Finding], ...]] = (
    Column("RESULT", lambda found: found.result, is_state=True),
    Column("CHECK", lambda found: found.name),
    Column("TELLS", lambda found: found.tells, flexible=True),
    Column("HINT", lambda found: found.hint),
)
WIDTHS: Final = (4, 13)


class Examination:
    """The checks, and what the earlier ones leave for the later."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self._settings: Settings | None = None
        self._health: RawResponse[Any] | None = None
        self._is_client_made = False
        self._proxied: str | None = None
        self._accepted = False

    def findings(self) -> Iterator[Finding]:
        """Each as it is found; what could not work any more is left out."""
        yield _versions()
        yield from self._guarded("configuration", self._configuration)
        if self._settings is None:
            return
        yield self._profile(self._settings)
        yield self._credentials(self._settings)
        yield _keyring()
        yield from self._guarded("tls", self._encryption)
        if self._is_client_made:
            yield from self._guarded("proxy", self._proxy)
            yield from self._guarded("server", self._server)
        if self._health is None:
            return
        yield from self._clock(self._health)
        if self._settings.credentials is not None:
            yield from self._guarded("token", self._token)
        if self._accepted:
            yield from self._guarded("websocket", self._websocket)

    def _guarded(self, check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        try:
            yield from look()
        except Exception as error:
            words, code = told(error, self._cli.situation(_FLAGS)), Exit(exit_code(error))
            yield Finding(check, "fail", words.message, self._hint(check, words, code), code)

    def _hint(self, check: str, words: Told, code: Exit) -> str | None:
        if check == "configuration":
            damaged = "/credentials/" in words.message.replace("\\", "/")
            return words.hint or f"coordinaitor {'auth logout' if damaged else 'config path'}"
        if code == Exit.NETWORK and "certificate" in words.message.lower():
            return "--ca-bundle FILE trusts an authority of your own"
        if code == Exit.NETWORK and self._proxied is not None:
            return f"the way goes by the proxy {self._proxied}; NO_PROXY=HOST goes past it"
        return words.hint

    def _client(self) -> Coordinaitor:
        from coordinaitor_sdk import Retry

        return self._cli.client.with_options(timeout=10.0, retry=Retry(attempts=1))

    def _configuration(self) -> Iterator[Finding]:
        from coordinaitor_sdk.profiles import Explicit, Profile, resolve

        cli = self._cli
        found = resolve(Explicit(base_url=cli.base_url, api_prefix=cli.api_prefix, profile=cli.profile))
        path = Profile(found.profile).config_path
        there = "" if path.exists() else ", which is not there: defaults hold"
        folder = next(one for one in path.parents if one.exists())  # the others would be made in it
        if os.access(folder, os.W_OK):
            yield Finding("configuration", "ok", f"{path}{there}")
        else:
            hint = "COORDINAITOR_CONFIG_DIR names another folder"
            yield Finding("configuration", "warn", f"{path.parent} can't be written to", hint)
        self._settings = found

    def _profile(self, settings: Settings) -> Finding:
        from coordinaitor_sdk.profiles import DEFAULT_PROFILE, Profile

        from .standing import came_from

        sources = settings.sources
        where = f"{settings.base_url}{settings.api_prefix} ({came_from(sources['base_url'], 'base_url')})"
        tells = f"{settings.profile} ({came_from(sources['profile'], 'profile')}), server {where}"
        if settings.profile in {DEFAULT_PROFILE, *Profile.names()}:
            return Finding("profile", "ok", tells)
        hint = f"coordinaitor auth login --profile {settings.profile}"
        return Finding("profile", "warn", f"{tells}; nothing is kept under this name", hint)

    def _credentials(self, settings: Settings) -> Finding:
        from .login import overriding
        from .standing import Standing, came_from

        standing = Standing(settings, None).to_dict()
        if settings.credentials is None:
            named = "" if settings.profile == "default" else f" --profile {settings.profile}"
            hint, code = f"coordinaitor auth login{named}", Exit.NOT_LOGGED_IN
            return Finding("credentials", "fail", f"none for {settings.base_url}", hint, code)
        tells = f"{standing['credential']} ({came_from(settings.credentials.source, 'credential')})"
        if settings.credentials.source == "environment" and self._has_stored(settings):
            names = ", ".join(overriding(settings))
            return Finding("credentials", "warn", f"{tells}, before the profile's", f"unset {names}")
        return Finding("credentials", "ok", tells)

    def _has_stored(self, settings: Settings) -> bool:
        from coordinaitor_sdk.profiles import Profile

        return Profile(settings.profile).credentials(settings.base_url) is not None

    def _proxy(self) -> Iterator[Finding]:
        self._proxied = proxy = self._cli.client.proxy
        yield Finding("proxy", "ok", f"{proxy} (from environment)" if proxy else "none")

    def _server(self) -> Iterator[Finding]:
        from .health import is_well

        client = self._client()
        began = time.monotonic()
        self._health = answer = client.system.with_raw_response.health()
        took = (time.monotonic() - began) * 1000
        health = answer.parsed
        tells = f"{client.base_url} is {health.status}, version {health.version or 'unknown'}, {took:.0f} ms"
        if is_well(health.status):
            yield Finding("server", "ok", tells)
        else:
            yield Finding("server", "fail", tells, "coordinaitor system status", Exit.UNHEALTHY)

    def _encryption(self) -> Iterator[Finding]:
        from coordinaitor_sdk.profiles import is_loopback

        url = self._cli.client.base_url  # the client refuses to send credentials where others could read them
        self._is_client_made = True
        if url.startswith("https:"):
            yield Finding("tls", "ok", "https, with the certificate checked")
        elif is_loopback(url):
            yield Finding("tls", "ok", "not needed: the server is on this machine")
        else:
            tells = "plain http: others on the way can read along"
            yield Finding("tls", "warn", tells, "--base-url https://...")

    def _clock(self, answer: RawResponse[Any]) -> Iterator[Finding]:
        try:
            there = parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return
        skew = time.time() - there
        if abs(skew) < _SKEW:
            yield Finding("clock", "ok", "agrees with the server's")
        else:
            which = "ahead of" if skew > 0 else "behind"
            tells = f"{abs(skew):.0f} s {which} the server's: ages and expiries are misread"
            yield Finding("clock", "warn", tells, "timedatectl set-ntp true")

    def _token(self) -> Iterator[Finding]:
        from coordinaitor_sdk import AuthorizationError

        from .standing import Standing

        tells = "the server accepts the credential"
        client = self._client()
        try:
            client.tasks.list(limit=1).first_page()
        except AuthorizationError:
            tells += ", which may not read tasks"
        self._accepted = True
        expires = Standing(client.settings, None).to_dict()["expiresAt"]
        yield Finding("token", "ok", f"{tells}; it expires {expires}" if expires else tells)

    def _websocket(self) -> Iterator[Finding]:
        from coordinaitor_sdk import AuthorizationError, ConnectionFailedError, WatchError

        feed = self._cli.client.events("tasks")
        late = threading.Event()

        def give_up() -> None:
            late.set()
            feed.close()

        timer = threading.Timer(_SOCKET_WITHIN, give_up)
        timer.daemon = True
        timer.start()
        hint = "let upgrades of /ws pass, or set COORDINAITOR_WS_URL; until then watches poll"
        try:
            feed.start()
        except AuthorizationError:
            pass  # it was opened; what it may tell is another matter
        except (ConnectionFailedError, WatchError) as error:
            yield Finding("websocket", "warn", error.message, hint)
            return
        finally:
            timer.cancel()
            feed.close()
        if late.is_set():
            yield Finding("websocket", "warn", f"no answer within {_SOCKET_WITHIN:g} s", hint)
        else:
            yield Finding("websocket", "ok", f"{self._cli.client.settings.ws_url} can be opened")


def _versions() -> Finding:
    from coordinaitor_sdk import __version__

    return Finding(
        "version",
        "ok",
        f"coordinaitor {__version__}, Python {platform.python_version()}, {platform.system()}",
    )


def _keyring() -> Finding:
    from importlib import import_module

    try:
        keyring: Any = import_module("keyring")
        backend: Any = keyring.get_keyring()
        usable = float(backend.priority) > 0
    except ImportError:
        return Finding(
            "keyring", "ok", "not installed, and not needed: credentials are in a file of yours alone"
        )
    except Exception as error:
        return Finding("keyring", "warn", f"can't be used ({type(error).__name__}); this program needs none")
    tells = f"{type(backend).__module__}.{type(backend).__name__}" if usable else "none on this machine"
    return Finding("keyring", "ok", f"{tells}; this program keeps credentials in a file of yours alone")
