"""The headers of a delivery, in whatever a web framework keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from ..exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNATURE_HEADER: Final = "X-Orchestrator-Signature"
EVENT_HEADER: Final = "X-Orchestrator-Event"
DELIVERY_HEADER: Final = "X-Orchestrator-Delivery"
"""Its value names the delivery: the same in every attempt."""


class Headers(Protocol):
    """Anything with `items()`: a dict, or what Django, Flask, Starlette or `http.server` have."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names, in any case, and values."""
        ...


def value_of(headers: Headers, name: str) -> str | None:
    """The value of a header, whatever the case of its name; None where it is missing.

    Raises:
        InvalidArgumentError: these are no headers, or they are bytes.
    """
    items: Any = getattr(headers, "items", None)
    if not callable(items):
        raise InvalidArgumentError(
            "headers must be the request's headers, such as request.headers or a dict;"
            f" got {type(headers).__name__}"
        )
    for key, value in headers.items():
        if _text(key).lower() == name.lower():
            return _text(value)
    return None


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    raise InvalidArgumentError(
        f"names and values of headers must be text, got {type(part).__name__}: decode them as latin-1"
    )
