"""The pace of simulated work: how long a task takes, in which steps, and how it may fail."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

FAILURE_TAG: Final = "simulate-failure"
"""A task with this tag fails halfway, like a payment provider's test cards."""

FAILURE_CODE: Final = "AGENT_ERROR"
FAILURE_MESSAGE: Final = "The agent stopped halfway: this task is tagged simulate-failure."
CHANCE_MESSAGE: Final = "The agent stopped halfway: so it does with a share of its tasks (failure rate)."

DEFAULT_HOURS: Final = 8.0
SHORTEST: Final = 2.0
LONGEST: Final = 60.0
"""Seconds that a task takes at pace 1, at least and at most; one estimated hour takes one second between
them.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a task fails."""

    code: str = FAILURE_CODE
    message: str = FAILURE_MESSAGE


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the work: it comes `after` seconds, at pace 1, and brings the task to `progress`, which at
    1.0 is its end, or to its `failure`.
    """

    after: float
    progress: float
    failure: Failure | None = None


def plan(hours: float | None, generator: random.Random) -> list[Step]:
    """The steps of a task of that estimate: 8 to 12, unevenly long; the last brings it to 1.0."""
    seconds = min(LONGEST, max(SHORTEST, DEFAULT_HOURS if hours is None else hours))
    weights = [generator.uniform(0.6, 1.4) for _ in range(generator.randint(8, 12))]
    whole = sum(weights)
    steps: list[Step] = []
    done = 0.0
    for weight in weights:
        done += weight
        steps.append(Step(seconds * weight / whole, min(0.99, round(done / whole, 2))))
    steps[-1] = Step(steps[-1].after, 1.0)
    return steps


def next_step(steps: list[Step], progress: float) -> int:
    """The index of the first step that brings a task beyond `progress`; the last for one that is there
    already.
    """
    return next((index for index, step in enumerate(steps) if step.progress > progress), len(steps) - 1)


def goes_on(steps: list[Step], progress: float) -> bool:
    """Whether there is a step for a task that is there; where the last is no end, it may hang."""
    return bool(steps) and (steps[-1].progress >= 1 or steps[-1].progress > progress)


def fails_at(tags: list[str], step: Step) -> bool:
    """Whether a task with these tags fails at this step instead of reaching it."""
    return FAILURE_TAG in tags and step.progress >= 0.5


def failing(steps: list[Step], tags: list[str], rate: float, generator: random.Random) -> list[Step]:
    """The steps of a task that may fail on the way: for its tags, or by chance at that rate."""
    by_chance = rate > generator.random()
    if FAILURE_TAG not in tags and not by_chance:
        return steps
    index = next(index for index, step in enumerate(steps) if fails_at([FAILURE_TAG], step))
    failure = Failure() if FAILURE_TAG in tags else Failure(message=CHANCE_MESSAGE)
    return [*steps[:index], replace(steps[index], failure=failure)]
