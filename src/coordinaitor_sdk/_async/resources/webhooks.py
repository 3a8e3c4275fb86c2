"""`client.webhooks` (API document, "Webhook Configuration"). Receiving them: `coordinaitor_sdk.webhooks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.request import NOT_GIVEN, Call, NotGiven, check_required, json_body
from ..._core.response import one
from ...exceptions import InvalidArgumentError
from ...models.webhook import Webhook
from ..raw import AsyncRawWebhooks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._core.options import LimitsAndKey
    from ...models.webhook import WebhookEventName
    from ..caller import AsyncCaller

_WEBHOOK: Final = one(Webhook, "webhook")


class AsyncWebhooks:
    """Webhooks: create."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    @property
    def with_raw_response(self) -> AsyncRawWebhooks:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return AsyncRawWebhooks(self)

    async def create(
        self,
        url: str,
        events: Sequence[WebhookEventName],
        *,
        secret: str | NotGiven = NOT_GIVEN,
        active: bool | NotGiven = NOT_GIVEN,
        headers: Mapping[str, str] | NotGiven | None = NOT_GIVEN,
        **options: Unpack[LimitsAndKey],
    ) -> Webhook:
        """Create a webhook (`POST /webhooks`).

        Args:
            url: where the deliveries shall go.
            events: names such as `task.completed`.
            secret: what deliveries are signed with; without it the server may make one.
            active: whether it delivers from now on.
            headers: to be sent with every delivery.

        Raises:
            InvalidArgumentError: the address is empty, or `events` is a text or empty.
            ValidationFailedError: the server rejects a field.
        """
        if isinstance(events, str) or not events:
            raise InvalidArgumentError(f"events must be a list of one event or more, got {events!r}")
        given: dict[str, Any] = {
            "url": url,
            "events": list(events),
            "secret": secret,
            "active": active,
            "headers": dict(headers) if isinstance(headers, Mapping) else headers,
        }
        check_required(given, "url")
        return await self._caller.call(Call("POST", "/webhooks", _WEBHOOK, body=json_body(given)), options)
