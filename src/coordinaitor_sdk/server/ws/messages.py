"""What a client may send on `/ws`, checked; and the frames that answer it."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from coordinaitor_sdk.server.domain.states import PRIORITIES, STATUSES
from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.schemas.common import Strict
from coordinaitor_sdk.server.schemas.reading import details_of
from coordinaitor_sdk.server.wire import dumps
from coordinaitor_sdk.server.ws.subscriptions import CHANNELS, Subscription

M = TypeVar("M", bound=Strict)

_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Value = Annotated[str, Field(min_length=1, max_length=200)]
_Values = Annotated[list[_Value], Field(min_length=1, max_length=10_000)]

_ALLOWED = {("tasks", "status"): STATUSES, ("tasks", "priority"): PRIORITIES}


class Auth(Strict):
    """`{"type": "auth", "token" | "apiKey"}`."""

    type: str
    token: str | None = None
    api_key: str | None = None


class Since(Strict):
    """Where a client that was connected before left off."""

    epoch: str
    seq: Annotated[int, Field(ge=0, le=2**53)]


class Subscribe(Strict):
    """`{"type": "subscribe", "channel", "id"?, "filters"?, "since"?}`."""

    type: str
    channel: str
    id: _Id | None = None
    filters: dict[str, _Value | _Values] = Field(default_factory=dict)
    since: Since | None = None

    def subscription(self, made_id: str) -> Subscription:
        """What it asks for; `made_id` is the id when it names none.

        Raises:
            ValidationFailedError: the channel or a filter is not known.
        """
        channel = CHANNELS.get(self.channel)
        if channel is None:
            raise _wrong(f"channel must be one of: {', '.join(CHANNELS)}")
        filters: dict[str, frozenset[str]] = {}
        for name, value in self.filters.items():
            if name not in channel.filters:
                known = ", ".join(sorted(channel.filters))
                raise _wrong(f"{self.channel} can't be filtered by {name!r}: use {known}")
            filters[name] = frozenset([value] if isinstance(value, str) else value)
            allowed = _ALLOWED.get((self.channel, name))
            if allowed is not None and not filters[name] <= set(allowed):
                raise _wrong(f"{name} must be one of: {', '.join(allowed)}")
        return Subscription(self.id or made_id, self.channel, filters)


class Unsubscribe(Strict):
    """`{"type": "unsubscribe", "id"}`."""

    type: str
    id: _Id


def checked(schema: type[M], message: dict[str, Any]) -> M:
    """The message as that schema has it.

    Raises:
        ValidationFailedError: it is not of that form; the message says where.
    """
    try:
        return schema.model_validate(message)
    except ValidationError as error:
        details = details_of(error.errors(include_url=False))
    raise _wrong("; ".join(text for messages in details.values() for text in messages))


def error_frame(code: str, message: str, subscription_id: object = None) -> str:
    """An error, with the id of the message that it answers if that had one."""
    frame: dict[str, Any] = {"type": "error", "code": code, "message": message}
    if isinstance(subscription_id, str):
        frame["id"] = subscription_id
    return dumps(frame)


def _wrong(message: str) -> ValidationFailedError:
    return ValidationFailedError({}, message)
