"""One OpenTelemetry span a call (extra `[otel]`; semantic conventions for HTTP clients)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._version import __version__
from ..exceptions import APIError, ConfigurationError, CoordinaitorError

if TYPE_CHECKING:
    from collections.abc import Generator, MutableMapping

    from opentelemetry.trace import Span, TracerProvider

    from .http import HttpResponse
    from .request import Call


class Tracer:
    """Makes spans of calls.

    Args:
        provider: whose spans they are; None for the process's own.
        root: the origin and prefix that paths are below.

    Raises:
        ConfigurationError: OpenTelemetry is not installed.
    """

    def __init__(self, provider: TracerProvider | None, root: str) -> None:
        try:
            from opentelemetry import propagate, trace
        except ImportError as error:
            raise ConfigurationError(
                "tracing= needs another package: pip install 'coordinaitor[otel]'"
            ) from error
        self._inject = propagate.inject
        self._trace = trace
        self._tracer = trace.get_tracer("coordinaitor_sdk", __version__, provider)
        parts = urlsplit(root)
        self._prefix = parts.path
        self._where: dict[str, str | int] = {
            "server.address": parts.hostname or "",
            "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        }

    @contextmanager
    def span(self, call: Call[Any]) -> Generator[CallSpan]:
        """The span of one call, retries included; ended with the block."""
        template = call.path_template
        attributes: dict[str, str | int] = {
            "http.request.method": call.method,
            "url.template": f"{'' if call.at_root else self._prefix}{template}",
            **self._where,
        }
        with self._tracer.start_as_current_span(
            f"{call.method} {template}",
            kind=self._trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield CallSpan(span)
            except BaseException as error:
                # Messages may quote what the server said: the kind alone is told.
                kind = str(error.status) if isinstance(error, APIError) else type(error).__name__
                span.set_attribute("error.type", kind)
                span.set_status(self._trace.StatusCode.ERROR)
                if isinstance(error, APIError):
                    span.set_attribute("http.response.status_code", error.status)
                if isinstance(error, CoordinaitorError) and len(error.attempts) > 1:
                    span.set_attribute("http.request.resend_count", len(error.attempts) - 1)
                raise

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Tell the server which span a request belongs to (W3C `traceparent`)."""
        self._inject(headers)


class CallSpan:
    """The span of one call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, response: HttpResponse, attempts: int) -> None:
        """Note how the call ended."""
        self._span.set_attribute("http.response.status_code", response.status)
        if response.request_id is not None:
            self._span.set_attribute("coordinaitor.request_id", response.request_id)
        if attempts > 1:
            self._span.set_attribute("http.request.resend_count", attempts - 1)
