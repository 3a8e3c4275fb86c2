# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""The client: settings, session, transport and the resources on top."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._core.cache import Cache
from .._core.lazy import lazy
from .._core.options import Settings as CallSettings
from .._core.options import check_seconds
from .._core.pace import spacing
from .._core.request import (
    NOT_GIVEN,
    Call,
    NotGiven,
    check_method,
    check_path,
    json_value,
    query_string,
)
from .._core.retry import Retry
from .._core.tracing import Tracer
from .._runtime.network import Network
from .._watch.blocking import Watcher
from ..profiles import Explicit, Settings, check_secure, resolve
from .caller import Caller
from .http import Http
from .session import Session
from .transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ssl import SSLContext
    from types import TracebackType
    from typing import Literal, Self, Unpack

    from opentelemetry.trace import TracerProvider

    from .._core.feed import Channel
    from .._core.options import PostOptions
    from .._core.rate_limit import RateLimit
    from .._core.request import Method
    from .._core.watch_kinds import Subject
    from .._runtime.network import ClientCert
    from .._watch.blocking_events import EventFeed
    from ..models.common import Page
    from ..profiles import TokenStore
    from .http import Client, HttpBackend
    from .resources.agents import Agents
    from .resources.auth import Auth
    from .resources.projects import Projects
    from .resources.system import System
    from .resources.tasks import Tasks
    from .resources.users import Users
    from .resources.webhooks import Webhooks
    from .transport import Middleware

T = TypeVar("T")

# Each is imported when it is first used: a script seldom needs all.
_RESOURCES: Final = ("auth", "tasks", "agents", "projects", "users", "system", "webhooks")


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
        token_store: where the session's tokens are kept and shared with other processes; alone, or with
            `email` and `password` to log in where it holds none or the session has ended.
        timeout: seconds for one attempt; None waits without end.
        deadline: seconds for a whole call, its retries and waits included; None sets no end.
        retry: how failures are retried; `Retry(attempts=1)` never does.
        headers: sent with every call.
        api_prefix: path before every endpoint, `/api/v1`.
        ws_url: where live updates come from; without it the server's `/ws`.
        profile: name of the profile to look into.
        allow_insecure_http: send credentials over plain http to hosts other than this machine.
        proxy: such as `http://user:password@proxy:8080`; False for none. Without it the environment's
            (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
        ssl_context: for TLS; without it the system's and certifi's authorities are trusted, or those that
            `SSL_CERT_FILE` or `SSL_CERT_DIR` name.
        client_cert: a PEM file with certificate and key, or a file each, to show to the server.
        http_backend: the HTTP library: `httpx`, or `httpx2` (extra `[httpx2]`), which takes about half the
            CPU of many calls at once.
        http_client: a client of either library, as async as this one; used as it is and never closed here.
            Watches then poll, unless `proxy`, `ssl_context` or `ws_url` say how to reach the WebSocket.
        cache: keeps answers to GETs: seconds, or a `Cache` (extra `[cache]`).
        pacing: spread calls over what is left of the rate limit, instead of running into it. A call's
            deadline starts when its turn has come.
        pacing_timeout: seconds that a call waits for its turn at most.
        middleware: stands around each attempt, the first outermost: `def log(request, send)`.
        tracing: make an OpenTelemetry span of each call (extra `[otel]`), with a tracer provider or, for
            True, the process's own.

    Raises:
        ConfigurationError: settings can't be used, or two kinds of credentials were given.
        InvalidArgumentError: a number or a header can't be meant.
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
        token_store: TokenStore | None = None,
        timeout: float | None = 30.0,
        deadline: float | None = 120.0,
        retry: Retry | None = None,
        headers: Mapping[str, str] | None = None,
        api_prefix: str | None = None,
        ws_url: str | None = None,
        profile: str | None = None,
        allow_insecure_http: bool = False,
        proxy: str | Literal[False] | None = None,
        ssl_context: SSLContext | None = None,
        client_cert: ClientCert | None = None,
        http_backend: HttpBackend = "httpx",
        http_client: Client | None = None,
        cache: Cache | int | None = None,
        pacing: bool = False,
        pacing_timeout: float = 60.0,
        middleware: Sequence[Middleware] = (),
        tracing: TracerProvider | bool = False,
    ) -> None:
        self._settings = resolve(
            Explicit(
                base_url=base_url,
                api_prefix=api_prefix,
                ws_url=ws_url,
                api_key=api_key,
                email=email,
                password=password,
                access_token=access_token,
                refresh_token=refresh_token,
                profile=profile,
                token_store=token_store,
            )
        )
        check_secure(self._settings, allow_insecure_http=allow_insecure_http)
        check_seconds("pacing_timeout", pacing_timeout, allow_none=False)
        self._network = network = Network(proxy, ssl_context, client_cert)
        settings = CallSettings(
            timeout=timeout, deadline=deadline, retry=retry or Retry(), headers=dict(headers or {})
        )
        self._transport = Transport(
            Http(
                self.base_url,
                network,
                backend=http_backend,
                client=http_client,
                cache=Cache(ttl=cache) if isinstance(cache, int) else cache,
            ),
            self.base_url,
            self._settings.api_prefix,
            pacing_timeout=pacing_timeout if pacing else None,
            middleware=middleware,
            tracer=self._tracer(tracing),
            caches=cache is not None,
        )
        session = Session(self._transport, self._settings.credentials, settings)
        self._caller = caller = Caller(self._transport, session, settings)
        # A client of the caller's knows ways that are not known here: only what is said holds for the socket.
        reachable = http_client is None or network.is_given or ws_url is not None
        uncached = caller if cache is None else _past_the_cache(caller)
        self._watcher = Watcher(
            self._settings.ws_url if reachable else None,
            network,
            fetch=partial(_fetch, uncached),
            page=partial(_page, uncached),
            headers=session.headers,
            renew=session.renew,
            spacing=partial(_spacing, self._transport),
        )

    def _tracer(self, tracing: TracerProvider | bool) -> Tracer | None:
        if tracing is False:
            return None
        return Tracer(None if tracing is True else tracing, self.base_url + self._settings.api_prefix)

    @lazy
    def auth(self) -> Auth:
        """Sessions, API keys, OAuth."""
        from .resources.auth import Auth

        return Auth(self._caller, self.base_url)

    @lazy
    def tasks(self) -> Tasks:
        """Tasks: list, get, create, change, assign, comment, attach, watch."""
        from .resources.tasks import Tasks

        return Tasks(self._caller, self._watcher)

    @lazy
    def agents(self) -> Agents:
        """Agents and how they perform."""
        from .resources.agents import Agents

        return Agents(self._caller, self._watcher)

    @lazy
    def projects(self) -> Projects:
        """Projects and their teams."""
        from .resources.projects import Projects

        return Projects(self._caller, self._watcher)

    @lazy
    def users(self) -> Users:
        """Users, pictures, notifications."""
        from .resources.users import Users

        return Users(self._caller)

    @lazy
    def system(self) -> System:
        """The system's state."""
        from .resources.system import System

        return System(self._caller)

    @lazy
    def webhooks(self) -> Webhooks:
        """Where events are delivered to."""
        from .resources.webhooks import Webhooks

        return Webhooks(self._caller)

    def events(
        self,
        channel: Channel = "tasks",
        filters: Mapping[str, str | Sequence[str]] | None = None,
        *,
        resume: str | None = None,
    ) -> EventFeed:
        """The events of a channel as the server pushes them, on the WebSocket that all watches share.

        When the connection breaks, the feed comes back by itself and goes on from where it was. Where the
        server can't give what was missed, a `Resync` says so.

        Args:
            channel: `tasks`, `agents`, `projects` or `users` (for admins).
            filters: what the event's object must be, each a text or several: `{"project_id": "proj-123"}`.
                Tasks: `task_id project_id agent_id status priority`; agents: `agent_id type status`;
                projects: `project_id status`; users: `user_id role`.
            resume: the `token` of an earlier feed, also of another process: what came since is told first.

        Returns:
            Events to iterate over: `TaskEvent`, `AgentEvent`, `ProjectEvent`, `UserEvent`, as webhooks
            deliver them, with `seq` and `epoch`. Nothing but `close()` ends it.

        Raises:
            InvalidArgumentError: channel or filters can't be meant, or the token is none.
        """
        return self._watcher.events(channel, filters, resume)

    def with_options(
        self,
        *,
        timeout: float | NotGiven | None = NOT_GIVEN,
        deadline: float | NotGiven | None = NOT_GIVEN,
        retry: Retry | NotGiven = NOT_GIVEN,
        headers: Mapping[str, str] | NotGiven = NOT_GIVEN,
    ) -> Self:
        """A client with other settings, and the same connections, session and watches.

        Args:
            timeout: seconds for one attempt; None waits without end.
            deadline: seconds for a whole call, its retries and waits included; None sets no end.
            retry: how failures are retried.
            headers: sent with every call, beside those of this client.

        Raises:
            InvalidArgumentError: a number or a header can't be meant.
        """
        given: dict[str, Any] = {"timeout": timeout, "deadline": deadline, "retry": retry, "headers": headers}
        changed = {name: value for name, value in given.items() if not isinstance(value, NotGiven)}
        if "headers" in changed:
            changed["headers"] = {**self._caller.settings.headers, **changed["headers"]}
        other = copy(self)
        for name in _RESOURCES:
            other.__dict__.pop(name, None)
        settings = replace(self._caller.settings, **changed)
        other._caller = self._caller.with_settings(settings)  # noqa: SLF001 - of its own class
        return other

    def request(
        self,
        method: Method,
        path: str,
        *,
        cast_to: type[T],
        params: Mapping[str, Any] | None = None,
        body: Any = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> T:
        """Make a call of an endpoint that no method is there for yet, with all that other calls have.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: below the API prefix, such as `/tasks/task-123/history`; ids in it quoted.
            cast_to: what the answer is read as: a model, `dict`, `list[Task]`, `Page[Task]`, `type(None)`
                for one without a value, `HttpResponse` for the bytes.
            params: of the query; names are sent in the wire's spelling, None is left out.
            body: sent as JSON, as it is.

        Raises:
            InvalidArgumentError: the path or the type can't be meant.
            APIError: the server refused.
        """
        from .._core.response import cast_to as cast_to_type

        call = Call(
            check_method(method),
            check_path(path),
            cast_to_type(cast_to),
            query=query_string(params or {}),
            body=None if isinstance(body, NotGiven) else json_value(body),
        )
        return self._caller.call(call, options)

    @property
    def rate_limit(self) -> RateLimit | None:
        """What is left of the rate limit, as the last answer told; None before one did."""
        return self._transport.rate_limit

    @property
    def base_url(self) -> str:
        """Scheme, host and port that the client talks to."""
        return self._settings.base_url

    @property
    def proxy(self) -> str | None:
        """The proxy on the way to the server, without its user name and password; None where there is none.

        A client of the caller's (`http_client`) may know another.

        Raises:
            ConfigurationError: its address, from the environment, can't be used.
        """
        return self._network.shown_proxy_for(self.base_url)

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


def _fetch(caller: Caller, kind: str, subject_id: str) -> Subject:
    from .resources.watched import fetched

    return fetched(caller, kind, subject_id)


def _page(caller: Caller, kind: str, number: int, filters: Mapping[str, str | None]) -> Page[Any]:
    from .resources.watched import page_of

    return page_of(caller, kind, number, filters)


def _spacing(transport: Transport) -> float:
    return spacing(transport.rate_limit, time.time())


def _past_the_cache(caller: Caller) -> Caller:
    # A watch wants the state of now (RFC 9111, 5.2.1.4).
    headers = {**caller.settings.headers, "Cache-Control": "no-cache"}
    return caller.with_settings(replace(caller.settings, headers=headers))
