"""Deliveries as the server sends them, to try a receiver with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .._delivery import ATTEMPT_TIMEOUT, body_of, headers_of
from ..exceptions import InvalidArgumentError
from ._signature import secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ATTEMPT_TIMEOUT", "Outgoing", "compose"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery that is ready to be POSTed.

    Attributes:
        id: names it, the same in every attempt.
        body: to be sent byte for byte: it is signed.
        headers: to be sent with it.
    """

    id: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def compose(
    event: str,
    data: Mapping[str, Any],
    secret: str,
    *,
    organization: Mapping[str, Any] | None = None,
    timestamp: datetime | str | None = None,
    delivery_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Outgoing:
    """A delivery with the payload, the headers and the signature that a webhook's have.

    Args:
        event: such as `task.completed`.
        data: the object that it is about, in the wire's names and JSON types, as `to_dict()` gives it.
        secret: to sign with.
        organization: whose event it is, `id` and `name`; left out without one.
        timestamp: when it happened, with a time zone, or as the server wrote it; without one now.
        delivery_id: without one it is made.
        headers: such as the webhook was created with.

    Raises:
        InvalidArgumentError: the secret is empty or no text, the timestamp has no time zone, or the data is
            no JSON.
    """
    secrets_of(secret)
    delivery_id = delivery_id or f"delivery-{uuid4().hex}"
    try:
        body = body_of(event, _stamp(timestamp), data, organization).encode()
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"data must be JSON: {error}") from None
    return Outgoing(delivery_id, body, headers_of(event, delivery_id, body, secret, headers or {}))


def _stamp(moment: datetime | str | None) -> str:
    if isinstance(moment, str):
        return moment
    moment = moment or datetime.now(UTC)
    if moment.tzinfo is None:
        raise InvalidArgumentError("timestamp must have a time zone: datetime(..., tzinfo=UTC)")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
