"""Sending calls: the retry loop, one attempt, and what httpx's failures mean. Nothing else imports httpx."""

from __future__ import annotations

import logging
import math
import platform
import random
import ssl
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import httpx
from tenacity import AsyncRetrying, RetryCallState

from .._core.response import Answer, error_from
from .._core.retry import CallState, Retry, mark_not_sent
from .._core.upload import Upload
from .._runtime.aio import Scoped, TimeLimit, sleep
from .._runtime.aio_listening import listening
from .._version import __version__
from ..exceptions import (
    APIError,
    ConnectionFailedError,
    CoordinaitorError,
    DeadlineExceededError,
    NotFoundError,
    PoolTimeoutError,
    ResponseDecodeError,
    TimeoutExceededError,
)
from .uploads import content_headers, streamed

if TYPE_CHECKING:
    from .._core.request import Call

T = TypeVar("T")

logger = logging.getLogger("coordinaitor_sdk")

CONNECT_TIMEOUT = 5.0
_LONG_WAIT = 5.0
USER_AGENT = f"coordinaitor/{__version__} python/{platform.python_version()}"


class Authorizer(Protocol):
    """What gives calls their credentials."""

    async def headers(self) -> dict[str, str]:
        """The headers that authenticate a call."""
        ...

    async def renew(self, rejected: dict[str, str]) -> bool:
        """After a 401: get other credentials than the rejected headers; False where there are none."""
        ...


class AsyncTransport:
    """One pool of connections to one origin.

    Args:
        base_url: scheme, host and port.
        timeout: seconds for one attempt, or None.
        deadline: seconds for a whole call, sleeps included, or None.
    """

    def __init__(
        self, base_url: str, api_prefix: str, *, timeout: float | None, deadline: float | None, retry: Retry
    ) -> None:
        self._origin = base_url
        self._root = base_url + api_prefix
        self._timeout = timeout
        self._deadline = deadline
        self._retry = retry
        self._idempotency_known = False
        self._http = Scoped(self._open, _close)

    def _open(self) -> httpx.AsyncClient:
        # Loading the system's certificates takes longer than a call on loopback, and plain http needs none.
        verify = True if self._root.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        http = httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0),
            verify=verify,
        )
        return listening(http)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._http.close()

    async def call(self, call: Call[T], authorizer: Authorizer | None = None) -> T:
        """Make a call, retried as DESIGN 3.9 says, and read its answer.

        Args:
            call: what to send.
            authorizer: gives each attempt its credentials; without one none are sent.

        Raises:
            APIError: the server refused, and no retry was allowed or left.
            ConnectionFailedError, TimeoutExceededError, ResponseDecodeError: no usable answer came.
        """
        # How long a file takes depends on its size: only its single steps have a time limit.
        deadline = None if isinstance(call.body, Upload) else self._deadline
        state = CallState(
            call, self._retry, time.monotonic(), deadline, random.random, self._idempotency_known
        )
        key = str(uuid.uuid4()) if call.method == "POST" and authorizer is not None else None
        async for attempt in AsyncRetrying(
            sleep=sleep,
            retry=lambda retried: state.is_retryable(_failure(retried)),
            wait=lambda retried: state.wait(_failure(retried)),
            stop=lambda retried: state.gives_up(retried.upcoming_sleep, time.monotonic()),
            before_sleep=_log_wait,
            reraise=True,
        ):
            with attempt:
                waited = attempt.retry_state.upcoming_sleep
                return await self._attempt(state, authorizer, key, waited)
        raise AssertionError("the retry loop ends by returning or raising")  # pragma: no cover

    async def _attempt(
        self, state: CallState[T], authorizer: Authorizer | None, key: str | None, waited: float
    ) -> T:
        started = time.monotonic()
        call = state.call
        try:
            answer = await self._authorized(state, authorizer, key)
            if call.cast.accepts(answer):
                return call.cast.read(answer)
            error = error_from(answer, now=time.time())
            if isinstance(error, NotFoundError) and call.method == "DELETE" and state.attempts:
                return cast("T", None)  # an earlier attempt deleted it, and its answer was lost
            raise error
        except CoordinaitorError as error:
            error.url = error.url or self._url(call)
            state.record(error, elapsed=time.monotonic() - started, waited=waited)
            raise

    async def _authorized(
        self, state: CallState[T], authorizer: Authorizer | None, key: str | None
    ) -> Answer:
        """The answer to one attempt; a 401 is answered once with renewed credentials."""
        if authorizer is None:
            return await self._send(state, {}, key)
        headers = await authorizer.headers()
        answer = await self._send(state, headers, key)
        if answer.status == 401 and state.call.replayable and await authorizer.renew(headers):
            answer = await self._send(state, await authorizer.headers(), key)
        return answer

    async def _send(self, state: CallState[T], headers: dict[str, str], key: str | None) -> Answer:
        call = state.call
        url = self._url(call)
        left = state.remaining(time.monotonic())
        limit = _shorter(self._timeout, left if left != math.inf else None)
        headers = headers | content_headers(call)
        if key is not None:
            headers = headers | {"Idempotency-Key": key}
        http = await self._http.get()
        request = http.build_request(
            call.method,
            f"{url}?{call.query}" if call.query else url,
            headers=headers,
            content=streamed(call.body) if isinstance(call.body, Upload) else call.body,
            timeout=httpx.Timeout(limit, connect=_shorter(limit, CONNECT_TIMEOUT)),
        )
        try:
            async with TimeLimit(None if isinstance(call.body, Upload) else limit) as clock:
                response = await http.send(request, stream=True)
                try:
                    chunks: list[bytes] = []
                    async for chunk in response.aiter_bytes():
                        clock.check()
                        chunks.append(chunk)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise _translated(error, call, url, limit, by_deadline=limit == left) from error
        if key is not None and response.headers.get("idempotency-key") == key:
            self._idempotency_known = state.idempotency_known = True
        return Answer(response.status_code, response.headers, b"".join(chunks), call.method, url)

    def _url(self, call: Call[Any]) -> str:
        return f"{self._origin if call.at_root else self._root}{call.path}"


async def _close(http: httpx.AsyncClient) -> None:
    await http.aclose()


def _shorter(first: float | None, second: float | None) -> float | None:
    """The shorter of two times in seconds, where None has no end; never less than 0."""
    times = [seconds for seconds in (first, second) if seconds is not None]
    return max(0.0, min(times)) if times else None


def _failure(retried: RetryCallState) -> BaseException:
    outcome = retried.outcome
    failure = outcome.exception() if outcome is not None else None
    return failure if failure is not None else AssertionError("a try that ended well is not retried")


def _log_wait(retried: RetryCallState) -> None:
    if retried.upcoming_sleep <= _LONG_WAIT:
        return
    error = _failure(retried)
    reason = f"HTTP {error.status}" if isinstance(error, APIError) else type(error).__name__
    logger.warning(
        "waiting %.1f s before try %d: %s", retried.upcoming_sleep, retried.attempt_number + 1, reason
    )


def _translated(
    error: Exception, call: Call[Any], url: str, limit: float | None, *, by_deadline: bool
) -> CoordinaitorError:
    """The error of this library for a failure of httpx; its own exceptions never leave this module."""
    target = f"{call.method} {url}"
    match error:
        case httpx.PoolTimeout():
            return mark_not_sent(
                PoolTimeoutError(
                    f"{target}: no connection became free;"
                    " share one client, and make fewer calls at once or give a longer timeout="
                )
            )
        case httpx.TimeoutException() | TimeoutError():
            return _timed_out(error, target, limit, by_deadline=by_deadline)
        case httpx.ConnectError():
            return mark_not_sent(
                ConnectionFailedError(
                    f"can't reach {url.split('/', 3)[2]}: {_reason(error)};"
                    " is the server running, and is base_url right?"
                )
            )
        case httpx.DecodingError() | httpx.TooManyRedirects():
            return ResponseDecodeError(f"the answer to {target} can't be decoded: {_reason(error)}")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return mark_not_sent(ConnectionFailedError(f"{url} is no URL that can be called; check base_url"))
        case _:
            return ConnectionFailedError(f"the connection broke during {target}: {_reason(error)}")


def _timed_out(
    error: Exception, target: str, limit: float | None, *, by_deadline: bool
) -> TimeoutExceededError:
    if by_deadline:
        timed_out: TimeoutExceededError = DeadlineExceededError(
            f"{target} did not end within its deadline; give a longer deadline= or check the server"
        )
    else:
        within = f" within {limit:g} s" if limit is not None else ""
        timed_out = TimeoutExceededError(
            f"{target} was not answered{within}; give a longer timeout= or check the server"
        )
    if isinstance(error, httpx.ConnectTimeout):
        mark_not_sent(timed_out)
    return timed_out


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
