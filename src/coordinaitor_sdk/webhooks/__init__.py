"""Receiving webhooks: who sent it, was it handled before, what does it say (API document, "Webhooks").

    from coordinaitor_sdk import webhooks

    receiver = webhooks.Receiver(secret, memory=webhooks.LocalMemory())
    answer = receiver.receive(body, request.headers, handle)  # answer.status, answer.text

`body` is what came over the network, byte for byte: JSON that was parsed and written again is another text.
`AsyncReceiver` is the same with `await`. The steps are there one by one, too: `verify`, then `parse`.
"""

from __future__ import annotations

from ._event import parse
from ._headers import DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, Headers
from ._memory import AsyncMemory, Claim, LocalMemory, Memory
from ._outgoing import ATTEMPT_TIMEOUT, Outgoing, compose
from ._reading import Answer, Delivery
from ._receiver import AsyncReceiver, Receiver
from ._signature import sign, verify

__all__ = [  # noqa: RUF022 - in the order in which a reader meets them
    "Receiver",
    "AsyncReceiver",
    "Answer",
    "Delivery",
    "Memory",
    "AsyncMemory",
    "Claim",
    "LocalMemory",
    "Headers",
    "verify",
    "parse",
    "sign",
    "compose",
    "Outgoing",
    "ATTEMPT_TIMEOUT",
    "SIGNATURE_HEADER",
    "EVENT_HEADER",
    "DELIVERY_HEADER",
]
