"""What holds for one call: the client's settings, and what is passed to a single method beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict

from ..exceptions import InvalidArgumentError
from .retry import Retry
from .upload import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .raw import Capture
    from .request import Call

CREDENTIAL_HEADERS: Final = frozenset({"authorization", "x-api-key", "proxy-authorization", "cookie"})
FRAMING_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection"}
)


class CallLimits(TypedDict, total=False):
    """How long one call may take.

    Attributes:
        timeout: seconds for one attempt; None waits without end.
        deadline: seconds for the whole call, its retries and waits included; None sets no end.
    """

    timeout: float | None
    deadline: float | None


class CallOptions(CallLimits, total=False):
    """What every method takes beside its own parameters.

    Attributes:
        timeout: seconds for one attempt; None waits without end.
        deadline: seconds for the whole call, its retries and waits included; None sets no end. Of a list, for
            each page.
        headers: sent beside the library's own, such as `{"X-Trace": "42"}`.
    """

    headers: Mapping[str, str]


class Keyed(TypedDict, total=False):
    """How a POST is told from another one like it.

    Attributes:
        idempotency_key: names the one effect that this call is to have, however often it is made; giving one
            says that the server honours it, so that a POST is retried like anything else.
    """

    idempotency_key: str


class PostOptions(CallOptions, Keyed, total=False):
    """What methods that POST take beside their own parameters.

    Attributes:
        timeout: seconds for one attempt; None waits without end.
        deadline: seconds for the whole call, its retries and waits included; None sets no end.
        headers: sent beside the library's own.
        idempotency_key: names the one effect that this call is to have, however often it is made.
    """


class LimitsAndKey(CallLimits, Keyed, total=False):
    """For the method whose own parameter is called `headers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for a call.

    Attributes:
        timeout: seconds for one attempt, or None.
        deadline: seconds for the whole call, or None.
        retry: how failures are retried.
        headers: sent with the call.
        idempotency_key: the caller's own, or None.
        capture: is told of the answer, for those who want it raw.
    """

    timeout: float | None = 30.0
    deadline: float | None = 120.0
    retry: Retry = field(default_factory=Retry)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    idempotency_key: str | None = None
    capture: Capture | None = None

    def __post_init__(self) -> None:
        check_seconds("timeout", self.timeout)
        check_seconds("deadline", self.deadline)
        check_headers(self.headers)

    def for_call(self, call: Call[Any], options: Mapping[str, Any]) -> Settings:
        """These settings with the options of one call.

        Raises:
            InvalidArgumentError: an option can't be meant.
            TypeError: there is no such option.
        """
        if not options and not isinstance(call.body, Upload):
            return self
        for name in options:
            if name not in _OPTIONS:
                raise TypeError(f"unexpected keyword argument {name!r}; options are {', '.join(_SHOWN)}")
        if "idempotency_key" in options:
            _check_key(options["idempotency_key"], call)
        changed = dict(options)
        # How long a file takes depends on its size: only its single steps have a time limit of themselves.
        if isinstance(call.body, Upload):
            changed.setdefault("deadline", None)
        if "headers" in changed:
            check_headers(changed["headers"])
            changed["headers"] = {**self.headers, **changed["headers"]}
        return replace(self, **changed)


_SHOWN: Final = ("timeout", "deadline", "headers", "idempotency_key")
_OPTIONS: Final = frozenset({*_SHOWN, "capture"})


def check_seconds(name: str, seconds: float | None, *, allow_none: bool = True) -> None:
    """Refuse what is neither a positive, finite number of seconds nor None.

    Raises:
        InvalidArgumentError: it is something else.
    """
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < math.inf:
        return
    if seconds is not None or not allow_none:
        wanted = "a positive number of seconds" + (" or None" if allow_none else "")
        raise InvalidArgumentError(f"{name} must be {wanted}, got {seconds!r}")


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that can't be sent, those that carry credentials, and those that frame the request.

    Raises:
        InvalidArgumentError: there is one.
    """
    for name, value in headers.items():
        sendable = isinstance(name, str) and isinstance(value, str)  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
        if not sendable or not name or not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
            raise InvalidArgumentError(
                f"headers must be texts of printable ASCII, which {name!r} or its value is not"
            )
        if name.lower() in CREDENTIAL_HEADERS:
            raise InvalidArgumentError(
                f"{name} is not for headers=: give credentials to the client, which keeps them to its origin"
            )
        if name.lower() in FRAMING_HEADERS:
            raise InvalidArgumentError(f"{name} is not for headers=: it follows from what is sent")


def _check_key(key: Any, call: Call[Any]) -> None:
    if call.method != "POST":
        raise InvalidArgumentError(f"idempotency_key is for POST; a {call.method} can be repeated as it is")
    usable = isinstance(key, str) and 0 < len(key) <= 255 and key.isascii() and key.isprintable()
    if not usable:
        raise InvalidArgumentError("idempotency_key must be 1 to 255 printable ASCII characters")
