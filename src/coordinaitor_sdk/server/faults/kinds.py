"""The kinds of faults: what each is matched by, and which fields it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from coordinaitor_sdk.server.domain.webhooks import EVENT_NAMES
from coordinaitor_sdk.server.errors import ValidationFailedError
from coordinaitor_sdk.server.faults.naming import names
from coordinaitor_sdk.server.schemas.faults import KindName, NewFault
from coordinaitor_sdk.server.schemas.reading import label
from coordinaitor_sdk.server.ws.subscriptions import CHANNELS

Target = Literal["call", "push", "subscription"]

_SELECTORS: Final[Mapping[Target, frozenset[str]]] = {
    "call": frozenset({"operation"}),
    "push": frozenset({"event", "channel"}),
    "subscription": frozenset({"channel"}),
}
_ALL: Final = frozenset({"kind", "nth", "count", "share", "forCalls"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault of a kind happens to, and the fields of its own that it needs and takes."""

    target: Target
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """All fields that a fault of this kind may have."""
        return _ALL | _SELECTORS[self.target] | self.needs | self.takes


KINDS: Final[Mapping[KindName, Kind]] = {
    "latency": Kind("call", frozenset({"seconds"})),
    "status": Kind("call", frozenset({"status"}), frozenset({"retryAfter"})),
    "rate-limit": Kind("call", takes=frozenset({"retryAfter"})),
    "reset": Kind("call", takes=frozenset({"when"})),
    "truncate": Kind("call", takes=frozenset({"bytes"})),
    "slow": Kind("call", frozenset({"bytesPerSecond"})),
    "hang": Kind("call"),
    "drop": Kind("push"),
    "duplicate": Kind("push"),
    "reorder": Kind("push"),
    "half-open": Kind("push"),
    "close": Kind("push", takes=frozenset({"code"})),
    "refuse-subscription": Kind("subscription"),
}


def check(wanted: NewFault) -> None:
    """Pass a fault that can happen, and that ends by itself.

    Raises:
        ValidationFailedError: it can't; each field that is wrong is named.
    """
    kind, given = KINDS[wanted.kind], wanted.given()
    wrong: dict[str, list[str]] = {}
    for name in sorted(kind.needs - given):
        wrong[name] = [f"{label(name)} is needed by {wanted.kind}"]
    for name in sorted(given - kind.fields):
        wrong[name] = [
            f"{label(name)} is not for {wanted.kind}: it takes {', '.join(sorted(kind.fields - {'kind'}))}"
        ]
    if wanted.share is not None and wanted.count is None and wanted.for_calls is None:
        wrong["share"] = ["Share needs an end: give count (how often) or forCalls (of how many calls)"]
    for name, value, known in (
        ("operation", wanted.operation, names()),
        ("event", wanted.event, EVENT_NAMES),
        ("channel", wanted.channel, CHANNELS),
    ):
        if value is not None and name in kind.fields and value not in known:
            wrong[name] = [unknown(name, value, list(known))]
    if wanted.event is not None and not _fits(wanted):
        wrong.setdefault("channel", [f"Channel {wanted.channel} never has {wanted.event}"])
    if wrong:
        raise ValidationFailedError(wrong)


def unknown(field: str, value: str, known: list[str]) -> str:
    """What is said of a name that isn't known, with those that are close to it."""
    close = get_close_matches(value, known, n=3, cutoff=0.5)
    hint = f"is it {' or '.join(close)}?" if close else f"known are {', '.join(sorted(known))}"
    return f"{label(field)} {value!r} is not known: {hint}"


def _fits(wanted: NewFault) -> bool:
    channel, event = wanted.channel, wanted.event
    return channel not in CHANNELS or event is None or f"{event.partition('.')[0]}s" == channel
