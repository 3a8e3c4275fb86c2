"""What both kinds of feed hold: what has come and was not read, and where the reader stands."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from .._core.events import pushed_event
from .._core.feed import Interest, position_in, resync_at, token_of
from .feeds import Pushed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._core.watch import Position
    from ..exceptions import CoordinaitorError
    from ..models.webhook import Resync, WebhookEvent

logger = logging.getLogger("coordinaitor_sdk")

MOST_UNREAD: Final = 100_000


class FeedState:
    """A feed's channel, its unread events, and whether more may come."""

    def __init__(
        self, channel: str, filters: Mapping[str, str | Sequence[str]] | None, resume: str | None
    ) -> None:
        self._interest = Interest(channel, filters)
        self._resumed = position_in(resume) if resume is not None else None
        self._position: Position | None = self._resumed
        self._unread: deque[Pushed | Resync] = deque()
        self._key = 0
        self._begun = False
        self._ended = False
        self._error: CoordinaitorError | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.channel}: {'ended' if self._ended else 'open'}>"

    @property
    def channel(self) -> str:
        """Whose events: `tasks`, `agents`, `projects` or `users`."""
        return self._interest.channel

    @property
    def token(self) -> str | None:
        """Where the reader stands, for `resume=`; None where the server numbers no events, and before the
        feed has begun.
        """
        return token_of(self._position) if self._position is not None else None

    def _accept(self, told: list[Pushed | Resync]) -> None:
        self._unread.extend(told)
        if len(self._unread) > MOST_UNREAD:
            gap = resync_at("slow_consumer", _position(self._unread[-1]))
            self._unread.clear()
            self._unread.append(gap)

    def _note_begin(self, position: Position | None) -> None:
        self._begun = True
        if not self._unread:
            self._position = position

    def _take(self) -> WebhookEvent | None:
        """The next event that has come, or None.

        Raises:
            CoordinaitorError: all have been read, and the feed could not go on.
        """
        while self._unread:
            event = _read(self._unread.popleft())
            if event is not None:
                self._move_to(event)
                return event
        self._raise_error()
        return None

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _move_to(self, event: WebhookEvent) -> None:
        if isinstance(event.seq, int) and isinstance(event.epoch, str):
            self._position = (event.epoch, event.seq)
        elif event.event == "resync":
            self._position = None


def _position(told: Pushed | Resync) -> Position | None:
    at: Mapping[str, Any] = from_json(told.message) if isinstance(told, Pushed) else told.to_dict()
    seq, epoch = at.get("seq"), at.get("epoch")
    return (epoch, seq) if isinstance(seq, int) and isinstance(epoch, str) else None


def _read(told: Pushed | Resync) -> WebhookEvent | None:
    if not isinstance(told, Pushed):
        return told
    try:
        return pushed_event(from_json(told.message), told.organization)
    except (ValidationError, RecursionError):
        logger.warning("an event that can't be read was left out")
        return None
