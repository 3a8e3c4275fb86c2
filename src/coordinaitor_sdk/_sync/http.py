# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""One HTTP exchange over httpx or httpx2, and what their failures mean. Nothing else imports either."""

from __future__ import annotations

import importlib
import platform
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, cast

from .._core.http import HttpRequest, HttpResponse
from .._core.retry import mark_not_sent
from .._core.upload import Upload
from .._runtime.listening import LARGE
from .._runtime.threads import Scoped, TimeLimit
from .._runtime.threads_listening import listening
from .._version import __version__
from ..exceptions import (
    ConfigurationError,
    ConnectionFailedError,
    CoordinaitorError,
    DeadlineExceededError,
    PoolTimeoutError,
    ResponseDecodeError,
    TimeoutExceededError,
)
from .uploads import streamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from .._core.cache import Cache
    from .._runtime.network import Network

HttpBackend: TypeAlias = Literal["httpx", "httpx2"]

if TYPE_CHECKING:
    Client: TypeAlias = httpx.Client
    """What `http_client` takes; a client of httpx2 has the same methods."""

CONNECT_TIMEOUT: Final = 5.0
MAX_ANSWER_BYTES: Final = 64 * 2**20
USER_AGENT: Final = f"coordinaitor/{__version__} python/{platform.python_version()}"


class _Library(Protocol):
    """What is used of httpx, and of httpx2 under the same names."""

    Client: type[httpx.Client]
    HTTPTransport: type[httpx.HTTPTransport]
    Limits: type[httpx.Limits]
    Proxy: type[httpx.Proxy]
    Request: type[httpx.Request]
    HTTPError: type[httpx.HTTPError]
    InvalidURL: type[httpx.InvalidURL]
    StreamError: type[httpx.StreamError]
    PoolTimeout: type[httpx.PoolTimeout]
    ConnectTimeout: type[httpx.ConnectTimeout]
    TimeoutException: type[httpx.TimeoutException]
    ConnectError: type[httpx.ConnectError]
    ProxyError: type[httpx.ProxyError]
    DecodingError: type[httpx.DecodingError]
    TooManyRedirects: type[httpx.TooManyRedirects]
    UnsupportedProtocol: type[httpx.UnsupportedProtocol]


class Http:
    """One pool of connections.

    Args:
        origin: scheme, host and port of all that is called.
        network: how it is reached.
        backend: the library that does it.
        client: one of the caller's, used as it is and left open at the end.
        cache: where answers are kept, or None.

    Raises:
        ConfigurationError: the backend is not installed, or the client is of another kind.
    """

    def __init__(
        self,
        origin: str,
        network: Network,
        *,
        backend: HttpBackend = "httpx",
        client: httpx.Client | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._origin = origin
        self._network = network
        self._cache = cache
        self._foreign = client
        self._backend: HttpBackend = backend if client is None else _backend_of(client)
        self._lib = _library(self._backend)
        # OSError: what TLS refuses while it is read comes through as it is.
        self._failures = (OSError, self._lib.HTTPError, self._lib.InvalidURL, self._lib.StreamError)
        if client is not None and not isinstance(client, self._lib.Client):
            raise ConfigurationError(
                f"http_client must be an {self._backend}.{self._lib.Client.__name__}, got {client!r}"
            )
        self._transports = Scoped(self._open, _close)
        self._for_large_bodies = Scoped(self._open_for_large_bodies, _close)

    def _open(self) -> httpx.BaseTransport:
        transport = self._connecting()
        if self._cache is None:
            return transport
        from .caching import cached  # and SQLite with it

        return cached(transport, self._cache, self._backend)

    def _open_for_large_bodies(self) -> httpx.BaseTransport:
        # Listening costs a little, and only what takes long to send needs it.
        return listening(self._connecting())

    def _connecting(self) -> httpx.BaseTransport:
        limits = self._lib.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=30.0)
        proxy = self._network.proxy_for(self._origin)
        # Loading the system's certificates takes longer than a call on loopback, and plain http needs none.
        tls = self._network.tls if self._origin.startswith("https:") else False
        way = None
        if proxy is not None:
            way = self._lib.Proxy(
                proxy, ssl_context=self._network.tls if proxy.startswith("https:") else None
            )
        return self._lib.HTTPTransport(verify=tls, limits=limits, proxy=way, trust_env=False)

    def close(self) -> None:
        """Close the connections; a later call opens new ones. A client of the caller's stays open."""
        self._transports.close()
        self._for_large_bodies.close()

    def send(
        self,
        request: HttpRequest,
        credential: Mapping[str, str],
        *,
        limit: float | None,
        by_deadline: bool,
        cache_key: str | None = None,
    ) -> HttpResponse:
        """The answer to one request, read whole.

        Args:
            request: what to send.
            credential: the headers that authenticate it.
            limit: seconds for all of it; of an upload, for each of its steps.
            by_deadline: whether that limit is what is left of the call's deadline.
            cache_key: under which the answer may be kept.

        Raises:
            ConnectionFailedError, TimeoutExceededError, ResponseDecodeError: no usable answer came.
        """
        is_upload = isinstance(request.body, Upload)
        pools = self._for_large_bodies if _is_large(request.body) else self._transports
        try:
            with TimeLimit(None if is_upload else limit) as clock:
                made = self._made(request, credential, limit, cache_key)
                if self._foreign is not None:
                    response = _through(self._foreign, made)
                    content = _read(response, clock, request)
                else:
                    transport = pools.get()
                    response = transport.handle_request(made)
                    response.request = made
                    content = _read(response, clock, request)
                    if not pools.holds(transport):
                        _close_connection(response)
        except self._failures as error:
            raise self._translated(error, request, limit, by_deadline=by_deadline) from error
        return HttpResponse(
            response.status_code, response.headers, content, request.method, _without_query(request.url)
        )

    def _made(
        self,
        request: HttpRequest,
        credential: Mapping[str, str],
        limit: float | None,
        cache_key: str | None,
    ) -> httpx.Request:
        """The request as httpx has it."""
        connect = CONNECT_TIMEOUT if limit is None else min(limit, CONNECT_TIMEOUT)
        extensions: dict[str, Any] = {
            "timeout": {"connect": connect, "read": limit, "write": limit, "pool": limit}
        }
        headers = request.headers
        if cache_key is None:
            headers = headers | dict(credential)
        else:
            from .caching import CREDENTIAL

            extensions |= {"caching": {"key": cache_key}, CREDENTIAL: credential}
        client = self._foreign
        # A client of the caller's adds what it was given. Ours would add nothing, and cookies and redirects
        # are not wanted: the transport below it takes half the time.
        make = self._lib.Request if client is None else client.build_request
        return make(
            request.method,
            request.url,
            headers=headers,
            content=streamed(request.body) if isinstance(request.body, Upload) else request.body,
            extensions=extensions,
        )

    def _translated(
        self, error: Exception, request: HttpRequest, limit: float | None, *, by_deadline: bool
    ) -> CoordinaitorError:
        """The error of this library for a failure of httpx; its own exceptions never leave this module."""
        lib, url = self._lib, _without_query(request.url)
        target = f"{request.method} {url}"
        match error:
            case lib.PoolTimeout():
                return mark_not_sent(
                    PoolTimeoutError(
                        f"{target}: no connection became free;"
                        " share one client, and make fewer calls at once or give a longer timeout="
                    )
                )
            case lib.TimeoutException() | TimeoutError():
                timed_out = _timed_out(target, limit, by_deadline=by_deadline)
                return mark_not_sent(timed_out) if isinstance(error, lib.ConnectTimeout) else timed_out
            case lib.ConnectError() | lib.ProxyError():
                return mark_not_sent(self._unreachable(error, url))
            case lib.DecodingError() | lib.TooManyRedirects():
                return ResponseDecodeError(f"the answer to {target} can't be decoded: {_reason(error)}")
            case lib.InvalidURL() | lib.UnsupportedProtocol():
                return mark_not_sent(
                    ConnectionFailedError(f"{url} is no URL that can be called; check base_url")
                )
            case _:
                hint = "; the server wants a client_cert" if "CERTIFICATE_REQUIRED" in _reason(error) else ""
                return ConnectionFailedError(f"the connection broke during {target}: {_reason(error)}{hint}")

    def _unreachable(self, error: Exception, url: str) -> ConnectionFailedError:
        host, reason = url.split("/", 3)[2], _reason(error)
        if isinstance(error, self._lib.ProxyError):
            return ConnectionFailedError(f"the proxy on the way to {host} refused: {reason}; check proxy=")
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return ConnectionFailedError(
                f"the certificate of {host} is not trusted: {reason};"
                " name your company's CA by SSL_CERT_FILE, or pass ssl_context="
            )
        return ConnectionFailedError(
            f"can't reach {host}: {reason}; is the server running, and is base_url right?"
        )


def _read(response: httpx.Response, clock: TimeLimit, request: HttpRequest) -> bytes:
    """The body, after which its connection is free, or closed if something was wrong."""
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_bytes():
            clock.check()
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise _too_large(response, request)
    finally:
        response.close()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(response: httpx.Response, request: HttpRequest) -> ResponseDecodeError:
    return ResponseDecodeError(
        f"the answer to {request.method} {_without_query(request.url)} is larger than"
        f" {MAX_ANSWER_BYTES >> 20} MB, which no answer of the API is; check base_url, or use a"
        " smaller limit=",
        status=response.status_code,
        content_type=response.headers.get("content-type"),
    )


def _timed_out(target: str, limit: float | None, *, by_deadline: bool) -> TimeoutExceededError:
    if by_deadline:
        return DeadlineExceededError(
            f"{target} did not end within its deadline; give a longer deadline= or check the server"
        )
    within = f" within {limit:g} s" if limit is not None else ""
    return TimeoutExceededError(
        f"{target} was not answered{within}; give a longer timeout= or check the server"
    )


def _backend_of(client: object) -> HttpBackend:
    """The library that a client is of, without importing the other one."""
    modules = {cls.__module__.partition(".")[0] for cls in type(client).__mro__}
    if "httpx2" in modules:
        return "httpx2"
    if "httpx" in modules:
        return "httpx"
    raise ConfigurationError(f"http_client must be a client of httpx or httpx2, got {client!r}")


def _library(backend: str) -> _Library:
    if backend not in {"httpx", "httpx2"}:
        raise ConfigurationError(f"http_backend must be 'httpx' or 'httpx2', got {backend!r}")
    try:
        return cast("_Library", importlib.import_module(backend))
    except ImportError as error:
        raise ConfigurationError(
            f"http_backend={backend!r} needs another package: pip install 'coordinaitor[{backend}]'"
        ) from error


def _is_large(body: bytes | Upload | None) -> bool:
    return body is not None and (isinstance(body, Upload) or len(body) >= LARGE)


def _close(transport: httpx.BaseTransport) -> None:
    transport.close()


def _close_connection(response: httpx.Response) -> None:
    """Close what this answer came through: a pool that was closed while it still connected won't."""
    stream = response.extensions.get("network_stream")
    if stream is not None:
        stream.close()


def _through(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    try:
        return client.send(request, stream=True, auth=None, follow_redirects=False)
    except RuntimeError as error:
        if not client.is_closed:
            raise
        raise ConnectionFailedError(
            "the http_client was closed by its owner: give an open one, or let this library make it"
        ) from error


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
