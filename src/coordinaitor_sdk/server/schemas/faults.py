"""What the control API takes of faults and of the journal."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from coordinaitor_sdk.server.schemas.common import Query, QueryInt, QueryText, Strict, Text, Whole

LONGEST: Final = 600
"""Seconds that a fault may hold an answer."""

MOST: Final = 1_000_000

KindName = Literal[
    "latency",
    "status",
    "rate-limit",
    "reset",
    "truncate",
    "slow",
    "hang",
    "drop",
    "duplicate",
    "reorder",
    "half-open",
    "close",
    "refuse-subscription",
]

_Count = Annotated[int, Field(ge=1, le=MOST), Whole]
_Name = Annotated[Text, Field(min_length=1, max_length=100)]


def _sendable(code: int) -> int:
    # What RFC 6455 (7.4) and its registry let an endpoint send.
    if code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    raise ValueError("must be a code that can be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999")


class NewFault(Strict):
    """The body of `POST /_control/worlds/{world}/faults`.

    Attributes:
        operation: an operation id of the published document; any without it.
        event: the type of a push, `channel` the one that it belongs to; any without them.
        nth: the first matched call or push at which it may happen, counted from 1.
        count: how often it happens at most.
        share: how likely it happens at each.
        for_calls: of how many matched ones, from the nth on.
        seconds: of real time.
        retry_after: seconds.
        bytes: of the body that are sent before it is cut; half of them without it.
        bytes_per_second: of real time.
        when: whether what was asked is done before the reset.
        code: the close code.
    """

    kind: KindName
    operation: _Name | None = None
    event: _Name | None = None
    channel: _Name | None = None
    nth: _Count | None = None
    count: _Count | None = None
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    for_calls: _Count | None = None
    seconds: Annotated[float, Field(gt=0, le=LONGEST, allow_inf_nan=False)] | None = None
    status: Annotated[int, Field(ge=400, le=599), Whole] | None = None
    retry_after: Annotated[int, Field(ge=1, le=86_400), Whole] | None = None
    bytes: Annotated[int, Field(ge=0, le=1_000_000_000), Whole] | None = None
    bytes_per_second: Annotated[int, Field(ge=1, le=1_000_000_000), Whole] | None = None
    when: Literal["before", "after"] | None = None
    code: Annotated[int, Whole, AfterValidator(_sendable)] | None = None

    def given(self) -> frozenset[str]:
        """The wire names of the fields that were given."""
        return frozenset(self.model_dump(by_alias=True, exclude_none=True))


class JournalQuery(Query):
    """Which entries of a journal: those after a number, at most so many, that fit."""

    operation: QueryText | None = None
    status: Annotated[int, Field(ge=100, le=599), QueryInt] | None = None
    fault: QueryText | None = None
    after: Annotated[int, Field(ge=0), QueryInt] = 0
    limit: Annotated[int, Field(ge=1, le=1_000), QueryInt] = 100
