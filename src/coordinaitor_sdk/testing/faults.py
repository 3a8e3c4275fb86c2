"""Faults of a world (docs/server.md, "Faults and the journal") as typed values."""

from __future__ import annotations

from typing import Literal, TypedDict

from ..models.common import Model

FaultKind = Literal[
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


class FaultFields(TypedDict, total=False):
    """What a fault is matched by, when it happens, and what its kind takes.

    Attributes:
        operation: of calls: an operation id of `/api/openapi.json`, like `create_task`.
        event: of pushes: their type, like `task.updated`.
        channel: of pushes and subscriptions: their channel, like `tasks`.
        nth: the first matched one at which it may happen, counted from 1.
        count: how often it happens at most; 1 unless `for_calls` is given.
        share: how likely it happens at each, by the world's random seed; with `count` or `for_calls`.
        for_calls: of how many matched ones, from the nth on.
        seconds: of real time, for `latency`.
        status: 400 to 599, for `status`.
        retry_after: seconds, for `status` and `rate-limit`.
        when: whether what was asked is done before the `reset`: "before" (the default: it is not) or "after".
        bytes: of the body that are sent before `truncate` cuts it; half of them unless given.
        bytes_per_second: of real time, for `slow`.
        code: the close code, for `close`; 1011 unless given.
    """

    operation: str
    event: str
    channel: str
    nth: int
    count: int
    share: float
    for_calls: int
    seconds: float
    status: int
    retry_after: int
    when: Literal["before", "after"]
    bytes: int
    bytes_per_second: int
    code: int


class Fault(Model):
    """A fault: `matched` calls or pushes could have met it, `fired` did; `spent` says that it is over."""

    id: str
    kind: str
    operation: str | None = None
    event: str | None = None
    channel: str | None = None
    nth: int | None = None
    count: int
    share: float | None = None
    for_calls: int | None = None
    seconds: float | None = None
    status: int | None = None
    retry_after: int | None = None
    when: str | None = None
    bytes: int | None = None
    bytes_per_second: int | None = None
    code: int | None = None
    matched: int
    fired: int
    spent: bool


class Faults(Model):
    """The faults of a world, in the order in which they were made; `unfired` are the ids of those that never
    happened.
    """

    faults: list[Fault]
    unfired: list[str]


class UnfiredFaultError(AssertionError):
    """A fault that a test asked for never happened: the test did not test what it says."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults: list[Fault] = faults
        told = "; ".join(f"{_about(fault)}, {fault.matched} matched" for fault in faults)
        super().__init__(f"never happened: {told}")


def body_of(kind: FaultKind, fields: FaultFields) -> dict[str, object]:
    """The request that asks for a fault."""
    wire = {"retry_after": "retryAfter", "for_calls": "forCalls", "bytes_per_second": "bytesPerSecond"}
    return {"kind": kind} | {wire.get(name, name): value for name, value in fields.items()}


def _about(fault: Fault) -> str:
    matched_by = fault.operation or fault.event or fault.channel
    return f"{fault.id} ({fault.kind}{'' if matched_by is None else ' of ' + matched_by})"
