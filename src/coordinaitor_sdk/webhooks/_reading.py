"""What both receivers share: from a request to a delivery that can be believed, or to a refusal."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..exceptions import WebhookPayloadError, WebhookSignatureError
from ._age import check_age, checked_limit
from ._event import parse
from ._headers import DELIVERY_HEADER, SIGNATURE_HEADER, value_of
from ._signature import check_signature, secrets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..models.webhook import WebhookEvent
    from ._headers import Headers
    from ._memory import Claim

logger = logging.getLogger("coordinaitor_sdk")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer the server; any status but 2xx makes it try again.

    Attributes:
        status: the HTTP status: 200 handled now or before, 400 not readable, 401 not signed with a secret or
            too old, 503 being handled at this moment.
        text: why, in a sentence that holds no secret.
    """

    status: int
    text: str


HANDLED: Final = Answer(200, "handled")
_BY_CLAIM: Final[dict[Claim, Answer]] = {"done": Answer(200, "handled before")}
# Not 2xx: the handler may still fail, and then the server must come again.
_BUSY: Final = Answer(503, "being handled: try again later")


def answer_to(claim: Claim) -> Answer:
    """The answer where the delivery is not to be handled."""
    return _BY_CLAIM.get(claim, _BUSY)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that was signed with a secret, is not too old, and can be read.

    Attributes:
        id: the value of `X-Orchestrator-Delivery`, None where it is missing. It is not signed.
        event: what it says.
        key: what a memory knows it by, 64 hex digits.
    """

    id: str | None
    event: WebhookEvent
    key: str


class Reader:
    """Reads deliveries, with the secrets and the age limit that were given once."""

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        max_age: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secrets = secrets_of(secret)
        self._max_age = checked_limit(max_age)
        self._clock = clock

    def read(self, body: bytes, headers: Headers) -> Delivery:
        """Verify and parse a request, for who handles it in another way than `receive` does.

        Args:
            body: byte for byte as it came.
            headers: the request's.

        Raises:
            WebhookSignatureError: it was not signed with a secret: 401.
            WebhookTimestampError: it is too old, from the future, or does not tell its time: 401.
            WebhookPayloadError: it was signed, but it can't be read: 400.
            InvalidArgumentError: the body is no bytes, or the headers are none.
        """
        check_signature(body, value_of(headers, SIGNATURE_HEADER), self._secrets)
        event = parse(body)
        if self._max_age is not None:
            check_age(event.timestamp, self._max_age, self._clock())
        delivery_id = value_of(headers, DELIVERY_HEADER)
        return Delivery(delivery_id, event, _key(delivery_id, body))

    def _delivery_or_answer(self, body: bytes, headers: Headers) -> Delivery | Answer:
        try:
            return self.read(body, headers)
        except WebhookSignatureError as error:
            refusal = Answer(401, error.message)
        except WebhookPayloadError as error:
            refusal = Answer(400, error.message)
        logger.warning("a webhook's delivery was refused: %s", refusal.text)
        return refusal


def _key(delivery_id: str | None, body: bytes) -> str:
    # The id is not signed, and two servers may use the same: with the bytes in the key nobody can have a
    # delivery dropped by sending its id first. Without an id the bytes alone tell.
    digest = hashlib.sha256(body)
    digest.update((delivery_id or "").encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
