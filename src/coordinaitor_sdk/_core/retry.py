"""What is retried, how long to wait, when to give up (DESIGN 3.9)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ..exceptions import (
    APIError,
    Attempt,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    CoordinaitorError,
    PoolTimeoutError,
    TimeoutExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .http import HttpResponse
    from .request import Call

T = TypeVar("T")

RETRIED_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How a client retries.

    Attributes:
        attempts: tries in all, the first included; 1 never retries.
        backoff: seconds; before try n + 1 the wait is drawn from 0 to `backoff` x 2^(n - 1) (full jitter).
        max_backoff: upper end of that draw, seconds.
    """

    attempts: int = 4
    backoff: float = 0.5
    max_backoff: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.backoff < 0 or self.max_backoff < 0:
            raise ConfigurationError(
                f"retry needs at least 1 attempt and waits of 0 seconds or more, got {self!r}"
            )

    def wait(self, failures: int, random: Callable[[], float]) -> float:
        """Seconds to wait after `failures` failed tries; `random` draws from 0 to 1."""
        return random() * min(self.max_backoff, self.backoff * 2.0 ** min(failures - 1, 32))


@dataclass(slots=True)
class CallState(Generic[T]):
    """What is known of one call while it is tried: used by the transport as the policy of its retry loop.

    Attributes:
        started: when the call began, on the clock that all other times here are on; seconds.
        deadline: seconds for the whole call, or None.
        idempotency_known: whether this origin is known to honour `Idempotency-Key`.
        idempotency_key: sent with every attempt, where it is a POST.
        sends: requests that were sent.
        response: the last answer.
    """

    call: Call[T]
    policy: Retry
    started: float
    deadline: float | None
    random: Callable[[], float]
    idempotency_known: bool = False
    idempotency_key: str | None = field(default=None, repr=False)
    sends: int = 0
    response: HttpResponse | None = None
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    def remaining(self, now: float) -> float:
        """Seconds until the deadline; infinite without one."""
        return math.inf if self.deadline is None else self.deadline - (now - self.started)

    def limit(self, now: float) -> float | None:
        """Seconds until the deadline, at least 0; None without one."""
        return None if self.deadline is None else max(0.0, self.remaining(now))

    def record(self, error: CoordinaitorError, *, elapsed: float, waited: float) -> None:
        """Note a failed try, and tell the error of all tries so far."""
        status = error.status if isinstance(error, APIError) else None
        number = len(self.attempts) + 1
        self.attempts.append(Attempt(number, status, _in_short(error), elapsed, waited))
        error.attempts = tuple(self.attempts)
        error.method = error.method or self.call.method

    def is_retryable(self, error: BaseException) -> bool:
        """Whether this failure may be answered by another try."""
        match error:
            case PoolTimeoutError():
                return True
            case CoordinaitorError() if not self.call.replayable:
                return was_not_sent(error)
            case ConnectionFailedError() | TimeoutExceededError():
                return was_not_sent(error) or self._may_repeat
            case ConflictError():
                return error.details.get("reason") == "idempotency_in_progress"
            case APIError() if error.status in RETRIED_STATUSES:
                return self._may_repeat or _surely_not_processed(error)
            case _:
                return False

    @property
    def _may_repeat(self) -> bool:
        return self.call.safe_to_repeat or self.idempotency_known

    def wait(self, error: BaseException | None) -> float:
        """Seconds until the next try: the backoff, and never less than the server asks for."""
        asked = error.retry_after if isinstance(error, APIError) else None
        return max(self.policy.wait(len(self.attempts), self.random), asked or 0.0)

    def gives_up(self, wait: float, now: float) -> bool:
        """Whether there is no other try: all are used, or the deadline comes before the wait is over."""
        return len(self.attempts) >= self.policy.attempts or wait >= self.remaining(now)


_NOT_SENT: Final = "_not_sent"


def mark_not_sent(error: CoordinaitorError) -> CoordinaitorError:
    """Note on a transport error that the request surely never reached the server."""
    setattr(error, _NOT_SENT, True)
    return error


def was_not_sent(error: CoordinaitorError) -> bool:
    """Whether the request surely never reached the server."""
    return getattr(error, _NOT_SENT, False) is True


def _surely_not_processed(error: APIError) -> bool:
    if error.status == 429:
        return True
    return error.status == 503 and (error.retry_after is not None or error.code == "SERVICE_UNAVAILABLE")


def _in_short(error: CoordinaitorError) -> str:
    text = error.message.splitlines()[0] if error.message else type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"
