"""Making calls: pacing, the retry loop, credentials, middleware, and what is told of a call afterwards."""

from __future__ import annotations

import logging
import math
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, cast

from .._core.cache import Partition
from .._core.http import HttpRequest, HttpResponse
from .._core.rate_limit import Pacer, RateLimit
from .._core.retry import CallState, mark_not_sent
from .._runtime.aio import Lock, sleep
from ..exceptions import (
    APIError,
    CoordinaitorError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    PacingTimeoutError,
)
from .http import USER_AGENT, AsyncHttp
from .uploads import content_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenacity import RetryCallState

    from .._core.options import Settings
    from .._core.request import Call
    from .._core.tracing import CallSpan, Tracer

T = TypeVar("T")

logger = logging.getLogger("coordinaitor_sdk")

_LONG_WAIT: Final = 5.0
_OWN_HEADERS: Final = {"User-Agent": USER_AGENT, "Accept": "application/json"}

AsyncSend: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""Sends a request on: what middleware calls."""

AsyncMiddleware: TypeAlias = Callable[[HttpRequest, AsyncSend], Awaitable[HttpResponse]]
"""Stands around each attempt: gets the request, returns what `send(request)` answers, or another answer."""


class Authorizer(Protocol):
    """What gives calls their credentials."""

    @property
    def cache_identity(self) -> str:
        """Stands for the credential in keys of a cache, and tells nothing about it."""
        ...

    async def headers(self, limit: float | None = None) -> dict[str, str]:
        """The headers that authenticate a call, within `limit` seconds; TimeoutError beyond."""
        ...

    async def renew(self, rejected: dict[str, str], limit: float | None = None) -> bool:
        """After a 401: get other credentials than the rejected headers; False where there are none."""
        ...


class AsyncTransport:
    """Makes calls to one origin.

    Args:
        http: exchanges requests for answers.
        origin: scheme, host and port.
        api_prefix: path before every endpoint.
        pacing_timeout: seconds that a call waits at most for its turn; None switches pacing off.
        middleware: stands around each attempt, the first outermost.
        tracer: makes spans of calls, or None.
        caches: whether `http` keeps answers.
    """

    def __init__(
        self,
        http: AsyncHttp,
        origin: str,
        api_prefix: str,
        *,
        pacing_timeout: float | None = None,
        middleware: Sequence[AsyncMiddleware] = (),
        tracer: Tracer | None = None,
        caches: bool = False,
    ) -> None:
        self._http = http
        self._origin = origin
        self._root = origin + api_prefix
        self._pacing_timeout = pacing_timeout
        self._pacer = None if pacing_timeout is None else Pacer(Lock(), time.time)
        self._middleware = tuple(middleware)
        self._tracer = tracer
        self._partition = Partition() if caches else None
        self._idempotency_known = False
        self._rate_limit_headers: Any = None

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit that was told last, or None."""
        return None if self._rate_limit_headers is None else RateLimit.told_by(self._rate_limit_headers)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._http.close()

    async def call(self, call: Call[T], authorizer: Authorizer | None, settings: Settings) -> T:
        """Make a call, retried as DESIGN 3.9 says, and read its answer.

        Args:
            call: what to send.
            authorizer: gives each attempt its credentials; without one none are sent.
            settings: what holds for this call.

        Raises:
            APIError: the server refused, and no retry was allowed or left.
            ConnectionFailedError, TimeoutExceededError, ResponseDecodeError: no usable answer came.
        """
        began = time.monotonic()
        state: CallState[T] | None = None
        with nullcontext() if self._tracer is None else self._tracer.span(call) as span:
            try:
                if self._pacer is not None:
                    await self._pace(self._pacer, call)
                state = self._state(call, authorizer, settings)
                value = await self._tried(state, authorizer, settings)
            except BaseException as error:
                if self._pacer is not None and state is not None and not state.sends:
                    self._pacer.forget()
                self._log_failure(call, error, began)
                raise
            self._note_end(state, settings, began, span)
            return value

    def _state(self, call: Call[T], authorizer: Authorizer | None, settings: Settings) -> CallState[T]:
        known = self._idempotency_known or settings.idempotency_key is not None
        state = CallState(call, settings.retry, time.monotonic(), settings.deadline, random.random, known)
        if call.method == "POST" and authorizer is not None:
            state.idempotency_key = settings.idempotency_key or str(uuid.uuid4())
        return state

    async def _pace(self, pacer: Pacer, call: Call[Any]) -> None:
        wait = pacer.reserve()
        limit = cast("float", self._pacing_timeout)
        if wait > limit:
            pacer.forget()
            raise PacingTimeoutError(
                f"{call.method} {self._url(call)} would have to wait {wait:.1f} s for the rate limit,"
                f" more than pacing_timeout={limit:g}; make fewer calls, or wait longer",
                wait=wait,
                method=call.method,
                url=self._url(call),
            )
        if wait > 0:
            if wait > _LONG_WAIT:
                logger.warning("waiting %.1f s for the rate limit", wait)
            try:
                await sleep(wait)
            except BaseException:
                pacer.forget()
                raise

    async def _tried(self, state: CallState[T], authorizer: Authorizer | None, settings: Settings) -> T:
        try:
            return await self._attempt(state, authorizer, settings, 0.0)
        except CoordinaitorError as error:
            failure = error
        return await self._retried(failure, state, authorizer, settings)

    async def _retried(
        self,
        failure: CoordinaitorError,
        state: CallState[T],
        authorizer: Authorizer | None,
        settings: Settings,
    ) -> T:
        """What further attempts give, after the first has failed."""
        from tenacity import AsyncRetrying  # most calls succeed, and need not have loaded it

        async for attempt in AsyncRetrying(
            sleep=sleep,
            retry=lambda retried: state.is_retryable(_failure(retried)),
            wait=lambda retried: state.wait(_failure(retried)),
            stop=lambda retried: state.gives_up(retried.upcoming_sleep, time.monotonic()),
            before_sleep=_log_wait,
            reraise=True,
        ):
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise failure
                return await self._attempt(state, authorizer, settings, attempt.retry_state.upcoming_sleep)
        raise AssertionError("the retry loop ends by returning or raising")  # pragma: no cover

    async def _attempt(
        self, state: CallState[T], authorizer: Authorizer | None, settings: Settings, waited: float
    ) -> T:
        started = time.monotonic()
        call = state.call
        try:
            response = state.response = await self._authorized(state, authorizer, settings)
            if call.cast.accepts(response):
                return call.cast.read(response)
            error = _error_from(response)
            if isinstance(error, NotFoundError) and call.method == "DELETE" and state.attempts:
                return cast("T", None)  # an earlier attempt deleted it, and its answer was lost
            raise error
        except CoordinaitorError as error:
            error.url = error.url or self._url(call)
            state.record(error, elapsed=time.monotonic() - started, waited=waited)
            raise

    async def _authorized(
        self, state: CallState[T], authorizer: Authorizer | None, settings: Settings
    ) -> HttpResponse:
        """The answer to one attempt; a 401 is answered once with renewed credentials."""
        if authorizer is None:
            return await self._through_middleware(state, settings, {}, "")
        try:
            headers = await authorizer.headers(state.limit(time.monotonic()))
            response = await self._through_middleware(state, settings, headers, authorizer.cache_identity)
            if response.status == 401 and state.call.replayable:
                response = await self._renewed(state, authorizer, settings, headers) or response
        except TimeoutError as error:
            if isinstance(error, CoordinaitorError):
                raise
            raise mark_not_sent(
                DeadlineExceededError(
                    f"{state.call.method} {self._url(state.call)}: the token was not renewed within the"
                    " deadline; give a longer deadline= or check the server"
                )
            ) from error
        return response

    async def _renewed(
        self,
        state: CallState[T],
        authorizer: Authorizer,
        settings: Settings,
        rejected: dict[str, str],
    ) -> HttpResponse | None:
        """The answer with other credentials than the rejected ones, or None where there are none."""
        if not await authorizer.renew(rejected, state.limit(time.monotonic())):
            return None
        headers = await authorizer.headers(state.limit(time.monotonic()))
        return await self._through_middleware(state, settings, headers, authorizer.cache_identity)

    async def _through_middleware(
        self, state: CallState[T], settings: Settings, credential: dict[str, str], identity: str
    ) -> HttpResponse:
        call = state.call
        headers = _OWN_HEADERS | content_headers(call)
        if settings.headers:
            headers |= settings.headers
        if state.idempotency_key is not None:
            headers["Idempotency-Key"] = state.idempotency_key
        if self._tracer is not None:
            self._tracer.inject(headers)
        url = self._url(call)
        request = HttpRequest(call.method, f"{url}?{call.query}" if call.query else url, headers, call.body)
        if not self._middleware:
            return await self._send(state, settings, credential, identity, request)
        send: AsyncSend = partial(self._send, state, settings, credential, identity)
        for layer in reversed(self._middleware):
            send = partial(_called, layer, send)
        return await send(request)

    async def _send(
        self,
        state: CallState[T],
        settings: Settings,
        credential: dict[str, str],
        identity: str,
        request: HttpRequest,
    ) -> HttpResponse:
        if not request.url.startswith(f"{self._origin}/"):
            raise InvalidArgumentError(
                f"middleware may not send a request elsewhere: {request.url} is not below {self._origin}"
            )
        left = state.remaining(time.monotonic())
        timeout = settings.timeout
        by_deadline = left != math.inf and (timeout is None or left < timeout)
        if self._pacer is not None and state.sends:
            self._pacer.reserve()  # another attempt counts too; what it waits for is up to the retry
        state.sends += 1
        partition = self._partition
        try:
            response = await self._http.send(
                request,
                credential,  # apart, so that no middleware ever holds it
                limit=max(0.0, left) if by_deadline else timeout,
                by_deadline=by_deadline,
                cache_key=None if partition is None else partition.key(identity, request.url),
            )
        except BaseException:
            if self._pacer is not None:
                self._pacer.done()
            raise
        finally:
            if partition is not None and request.method != "GET":
                partition.empty()
        self._learn(state, response)
        return response

    def _learn(self, state: CallState[T], response: HttpResponse) -> None:
        key, headers = state.idempotency_key, response.headers
        if key is not None and headers.get("idempotency-key") == key:
            self._idempotency_known = state.idempotency_known = True
        if "x-ratelimit-limit" in headers:
            self._rate_limit_headers = headers
        if self._pacer is not None:
            refused = response.status == 429
            self._pacer.learn(response, _error_from(response).retry_after if refused else None)

    def _note_end(self, state: CallState[T], settings: Settings, began: float, span: CallSpan | None) -> None:
        response, attempts = cast("HttpResponse", state.response), len(state.attempts) + 1
        elapsed = time.monotonic() - began
        if settings.capture is not None:
            settings.capture.take(response, attempts, elapsed)
        if span is not None:
            span.answered(response, attempts)
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "%s %s %d in %.0f ms, attempts: %d, request: %s",
                state.call.method,
                self._path(state.call),
                response.status,
                elapsed * 1000,
                attempts,
                response.request_id or "-",
            )

    def _log_failure(self, call: Call[Any], error: BaseException, began: float) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        told = error if isinstance(error, APIError) else None
        logger.info(
            "%s %s %s in %.0f ms, attempts: %d, request: %s",
            call.method,
            self._path(call),
            type(error).__name__ if told is None else told.status,
            (time.monotonic() - began) * 1000,
            len(error.attempts) if isinstance(error, CoordinaitorError) else 1,
            (told and told.request_id) or "-",
        )

    def _path(self, call: Call[Any]) -> str:
        return self._url(call).removeprefix(self._origin)

    def _url(self, call: Call[Any]) -> str:
        return f"{self._origin if call.at_root else self._root}{call.path}"


def _error_from(response: HttpResponse) -> APIError:
    from .._core.response import error_from  # and pydantic with it, which a client needs no sooner

    return error_from(response, now=time.time())


async def _called(layer: AsyncMiddleware, send: AsyncSend, request: HttpRequest) -> HttpResponse:
    return await layer(request, send)


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
