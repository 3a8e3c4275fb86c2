# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""What the resources make their calls with: a session's credential, and a client's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .._core.options import CallOptions, LimitsAndKey, Settings
    from .._core.request import Call
    from .session import Session
    from .transport import Transport

T = TypeVar("T")

NO_OPTIONS: CallOptions = {}


class Caller:
    """Makes calls.

    Args:
        transport: carries them.
        session: gives them their credential.
        settings: hold for all calls, as far as a call's own options don't say otherwise.
    """

    def __init__(self, transport: Transport, session: Session, settings: Settings) -> None:
        self.session = session
        self.settings = settings
        self._transport = transport

    def with_settings(self, settings: Settings) -> Caller:
        """The same transport and session, under other settings."""
        return Caller(self._transport, self.session, settings)

    def settings_for(self, call: Call[T], options: CallOptions) -> Settings:
        """What holds for a call with these options.

        Raises:
            InvalidArgumentError: an option can't be meant.
        """
        return self.settings.for_call(call, options)

    def call(self, call: Call[T], options: CallOptions | LimitsAndKey = NO_OPTIONS) -> T:
        """Make a call with the session's credential; see `Transport.call`."""
        return self._transport.call(call, self.session, self.settings.for_call(call, options))

    def call_under(self, settings: Settings, call: Call[T]) -> T:
        """Make a call with the session's credential, under these settings."""
        return self._transport.call(call, self.session, settings)

    def call_openly(self, call: Call[T], options: CallOptions = NO_OPTIONS) -> T:
        """Make a call without a credential."""
        return self._transport.call(call, None, self.settings.for_call(call, options))
