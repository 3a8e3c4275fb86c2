"""Deliveries sent from here to a receiver, signed as the server's are, and how each ended."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .errors import Exit, UsageError
from .output.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinaitor_sdk import WebhookEvent
    from coordinaitor_sdk.webhooks import Outgoing

_READ: Final = 4_096


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A delivery that was sent, or could not be.

    Attributes:
        status: of the answer; None without one.
        error: why there was none.
        code: the exit code that this makes.
    """

    id: str
    event: str
    url: str
    status: int | None
    milliseconds: float
    error: str | None
    code: Exit

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        return {
            "id": self.id,
            "event": self.event,
            "url": self.url,
            "status": self.status,
            "milliseconds": self.milliseconds,
            "error": self.error,
        }

    @property
    def failure(self) -> str | None:
        """Why the receiver doesn't have it, in words; None where it has."""
        if self.code is Exit.OK:
            return None
        return f"{self.event} was not taken by {self.url}: {self.error or f'HTTP {self.status}'}"


class Target:
    """Where deliveries go.

    Args:
        url: with scheme http or https.

    Raises:
        UsageError: it is no such address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit("")
        with suppress(ValueError):  # brackets that don't match
            parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"--forward-to {url!r} is no address, such as http://localhost:8000/webhook")
        try:
            self._port = parts.port
        except ValueError:
            raise UsageError(f"--forward-to {url!r} has no port that can be meant") from None
        self.url = url
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname
        self._path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"

    def send(self, event: str, delivery: Outgoing) -> Forwarded:
        """Make one attempt, as the server does: no redirect is followed; every failure is an outcome."""
        began = time.monotonic()
        status, error, code = None, None, Exit.OK
        try:
            status = self._post(delivery)
            code = Exit.OK if 200 <= status < 300 else Exit.OTHER
        except TimeoutError:
            error, code = "no answer in time", Exit.TIMEOUT
        except (OSError, http.client.HTTPException) as failure:
            reason = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
            error, code = reason, Exit.NETWORK
        took = round((time.monotonic() - began) * 1000, 1)
        return Forwarded(delivery.id, event, self.url, status, took, error, code)

    def _post(self, delivery: Outgoing) -> int:
        from coordinaitor_sdk.webhooks import ATTEMPT_TIMEOUT

        connection: http.client.HTTPConnection
        if self._is_secure:
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=ATTEMPT_TIMEOUT, context=context
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=ATTEMPT_TIMEOUT)
        try:
            connection.request("POST", self._path, body=delivery.body, headers=dict(delivery.headers))
            answer = connection.getresponse()
            answer.read(_READ)
            return answer.status
        finally:
            connection.close()


def delivery_of(event: WebhookEvent, secret: str, headers: Mapping[str, str]) -> Outgoing:
    """An event of the feed as a webhook would be told of it."""
    from coordinaitor_sdk import webhooks

    sent = event.to_dict()
    numbered = event.epoch is not None and event.seq is not None
    return webhooks.compose(
        event.event,
        sent.get("data"),  # type: ignore[arg-type] # the server's JSON
        secret,
        organization=sent.get("organization"),
        timestamp=sent.get("timestamp"),
        delivery_id=f"delivery-{event.epoch}-{event.seq}" if numbered else None,
        headers=headers,
    )


FORWARDED_COLUMNS: Final[tuple[Column[Forwarded], ...]] = (
    Column("EVENT", lambda sent: sent.event),
    Column("STATUS", lambda sent: sent.error or f"HTTP {sent.status}"),
    Column("MS", lambda sent: sent.milliseconds),
    Column("ID", lambda sent: sent.id),
)
