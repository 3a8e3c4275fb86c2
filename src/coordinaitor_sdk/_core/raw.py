"""The raw answer beside the typed value (`with_raw_response`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from .rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .http import HttpResponse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawResponse(Generic[T]):
    """The answer to one call, and what it was read as.

    Attributes:
        status: HTTP status.
        headers: with case-insensitive names.
        content: the body's bytes, decompressed.
        parsed: what the method itself would have returned.
        attempts: tries that the call took, the last included.
        elapsed: seconds that the call took, its waits included.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    parsed: T
    attempts: int
    elapsed: float

    @property
    def request_id(self) -> str | None:
        """The server's id of the request (`X-Request-Id`), where it tells."""
        return self.headers.get("x-request-id")

    @property
    def rate_limit(self) -> RateLimit | None:
        """What is left of the rate limit, where the answer tells (API document, "Rate Limiting")."""
        return RateLimit.told_by(self.headers)


class Capture:
    """Takes what the transport leaves of the last answer to a call."""

    def __init__(self) -> None:
        self.response: HttpResponse | None = None
        self.attempts: int = 0
        self.elapsed: float = 0.0

    def take(self, response: HttpResponse, attempts: int, elapsed: float) -> None:
        """Keep an answer."""
        self.response, self.attempts, self.elapsed = response, attempts, elapsed

    def with_value(self, value: T) -> RawResponse[T]:
        """The raw answer, with what it was read as.

        Raises:
            RuntimeError: the method made no call.
        """
        if self.response is None:
            raise RuntimeError("the method made no call, so there is no answer to show")
        return RawResponse(
            self.response.status,
            self.response.headers,
            self.response.content,
            value,
            self.attempts,
            self.elapsed,
        )
