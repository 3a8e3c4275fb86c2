"""Measuring contestants beside each other, round by round, so that noise meets all of them alike."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

from .processes import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Measure: TypeAlias = Callable[[int], float]
    """Makes so many calls and tells what they took."""


def cpu_time(call: Callable[[], object]) -> Measure:
    """A measure of the CPU seconds, user and system, that this process spends on a call."""

    def measure(calls: int) -> float:
        started = time.process_time()
        for _ in range(calls):
            call()
        return (time.process_time() - started) / calls

    return measure


def measured(
    subject: str,
    contestants: Sequence[str],
    *arguments: str,
    calls: int,
    rounds: int,
    starts: int = 1,
) -> dict[str, list[float]]:
    """What each contestant of `benchmarks.<subject>` took, one figure a round.

    Args:
        subject: the module that has them.
        contestants: names in its `CONTESTANTS`.
        arguments: for each of them; its URL first.
        calls: in a round.
        rounds: that each process goes through, after one that is not counted.
        starts: how often all processes are started anew: what memory happened to look like evens out.
    """
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(starts):
        with ExitStack() as stack:
            workers = {
                name: stack.enter_context(Child("worker", subject, name, *arguments)) for name in contestants
            }
            for worker in workers.values():
                worker.ask(str(calls))
            for number in range(rounds):
                turn = number % len(contestants)
                for name in (*contestants[turn:], *contestants[:turn]):
                    figures[name].append(float(workers[name].ask(str(calls))))
    return figures


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def microseconds(figures: dict[str, list[float]]) -> str:
    """The contestants' medians, for the note beside a figure."""
    return ", ".join(f"{name} {median(taken) * 1e6:.0f} us" for name, taken in figures.items())
