# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""The client: settings, session, transport and the resources on top."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._core.retry import Retry
from .._watch.blocking import Watcher
from ..exceptions import ConfigurationError
from ..profiles import Explicit, Settings, is_loopback, resolve
from .resources.agents import Agents
from .resources.auth import Auth
from .resources.projects import Projects
from .resources.system import System
from .resources.tasks import Tasks, get_task
from .resources.users import Users
from .resources.webhooks import Webhooks
from .session import Session
from .transport import Transport

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Coordinaitor:
    """A client of the CoordinAItor API.

    Make one and keep it: it holds a pool of connections, renews its tokens and shares one WebSocket among all
    its watches. `with` or `close()` ends it.

    What is not passed is taken from the environment (`COORDINAITOR_BASE_URL`, `COORDINAITOR_API_KEY`, ...;
    `ORCHESTRATOR_URL` and `ORCHESTRATOR_API_KEY` as a fallback), then from the profile that
    `coordinaitor auth login` wrote.

    Args:
        base_url: scheme, host and port; without any, the document's `http://localhost:3000`.
        api_key: an API key; instead of the credentials below.
        email: with `password`: logs in at the first call, and again when the session has ended.
        password: see `email`.
        access_token: a token of a session; renewed where `refresh_token` is there too.
        refresh_token: see `access_token`; alone it is enough.
        timeout: seconds for one attempt; None waits without end.
        deadline: seconds for a whole call, its retries and waits included; None sets no end.
        retry: how failures are retried; `Retry(attempts=1)` never does.
        api_prefix: path before every endpoint, `/api/v1`.
        profile: name of the profile to look into.
        allow_insecure_http: send credentials over plain http to hosts other than this machine.

    Raises:
        ConfigurationError: settings can't be used, or two kinds of credentials were given.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        email: str | None = None,
        password: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        timeout: float | None = 30.0,
        deadline: float | None = 120.0,
        retry: Retry | None = None,
        api_prefix: str | None = None,
        profile: str | None = None,
        allow_insecure_http: bool = False,
    ) -> None:
        settings = resolve(
            Explicit(
                base_url=base_url,
                api_prefix=api_prefix,
                api_key=api_key,
                email=email,
                password=password,
                access_token=access_token,
                refresh_token=refresh_token,
                profile=profile,
            )
        )
        _check(settings, timeout=timeout, deadline=deadline, allow_insecure_http=allow_insecure_http)
        self._settings = settings
        self._transport = Transport(
            settings.base_url,
            settings.api_prefix,
            timeout=timeout,
            deadline=deadline,
            retry=retry or Retry(),
        )
        self._session = Session(self._transport, settings.credentials)
        self._watcher = Watcher(
            _websocket_url(settings.base_url),
            fetch=partial(get_task, self._session),
            headers=self._session.headers,
            renew=self._session.renew,
        )
        self.auth: Auth = Auth(self._session, settings.base_url)
        self.tasks: Tasks = Tasks(self._session, self._watcher)
        self.agents: Agents = Agents(self._session)
        self.projects: Projects = Projects(self._session)
        self.users: Users = Users(self._session)
        self.system: System = System(self._session)
        self.webhooks: Webhooks = Webhooks(self._session)

    @property
    def base_url(self) -> str:
        """Scheme, host and port that the client talks to."""
        return self._settings.base_url

    @property
    def settings(self) -> Settings:
        """The settings that hold, and where each came from."""
        return self._settings

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.base_url}>"

    def close(self) -> None:
        """End all watches and close all connections; a later call opens new ones."""
        self._watcher.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _websocket_url(base_url: str) -> str:
    return "ws" + base_url.removeprefix("http") + "/ws"


def _check(
    settings: Settings, *, timeout: float | None, deadline: float | None, allow_insecure_http: bool
) -> None:
    for name, seconds in (("timeout", timeout), ("deadline", deadline)):
        if seconds is not None and not 0 < seconds < float("inf"):
            raise ConfigurationError(f"{name} must be a positive number of seconds or None, got {seconds!r}")
    plain = settings.base_url.startswith("http:") and not is_loopback(settings.base_url)
    if settings.credentials is not None and plain and not allow_insecure_http:
        raise ConfigurationError(
            f"{settings.base_url} is plain http: credentials would be readable on the way;"
            " use https, or pass allow_insecure_http=True"
        )
