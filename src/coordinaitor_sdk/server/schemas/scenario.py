"""What a scenario is (docs/server.md, "Scenarios"): which task does what, and when.

It is the same in a file and in a body of the control API.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from coordinaitor_sdk.server.domain.work import FAILURE_CODE, Failure, Step
from coordinaitor_sdk.server.schemas.common import AgentId, Id, Line, Share, Strict

LONGEST: Final = 366 * 24 * 3_600.0
"""Seconds between the start of a task and its last step, at most."""

MOST_TASKS: Final = 1_000
MOST_STEPS: Final = 1_000
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)", re.ASCII)
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,49}", re.ASCII)
_SHORTEST: Final = 0.001
NEVER: Final = "never"
_NAMES: Final = ("title", "task", "nth")


def _seconds(value: Any) -> float:
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        value = float(found[1]) * _UNITS[found[2]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise ValueError("must be a time of at most 366 days, like 500ms, 5s, 2m, 1h or a number of seconds")
    return float(value)


def _seconds_or_never(value: Any) -> float | str:
    return NEVER if value == NEVER else _seconds(value)


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError("must be up to 50 capital letters, digits and underscores, like OUT_OF_MEMORY")
    return value


def _below_one(value: float) -> float:
    if value >= 1:
        raise ValueError("must be below 1: say complete for the end")
    return value


Duration = Annotated[float, BeforeValidator(_seconds)]


class Fail(Strict):
    """The error of a task that fails."""

    code: Annotated[str, AfterValidator(_code)] = FAILURE_CODE
    message: Line = "The agent stopped: it was told to fail."

    def made(self) -> Failure:
        """As the agents know it."""
        return Failure(self.code, self.message)


class ScenarioStep(Strict):
    """What comes `after` that time since the task was started: exactly one of the rest."""

    after: Duration
    progress: Annotated[Share, AfterValidator(_below_one)] | None = None
    complete: Literal[True] | None = None
    fail: Fail | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in (self.progress, self.complete, self.fail)) != 1:
            raise ValueError(
                "must have exactly one of progress, complete and fail, like {after: 5s, progress: 0.3}"
            )
        return self


class Script(Strict):
    """What one task does, or several of the same title.

    Attributes:
        nth: the how manieth task that was created in the world, seeded ones not counted.
        start: how long after its creation or assignment it is started; `never` for one that waits for ever.
        agent: who takes it, if nobody was named when it was created.
    """

    title: Line | None = None
    task: Id | None = None
    nth: Annotated[int, Field(ge=1)] | None = None
    agent: AgentId | None = None
    start: Annotated[float | str | None, BeforeValidator(_seconds_or_never)] = None
    steps: Annotated[list[ScenarioStep], Field(max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _names_a_task(self) -> Self:
        if sum(getattr(self, name) is not None for name in _NAMES) != 1:
            raise ValueError("must have exactly one of title, task and nth: it says which task is meant")
        return self

    @property
    def names(self) -> tuple[str, str | int]:
        """By what it names a task, and how."""
        return next((name, value) for name in _NAMES if (value := getattr(self, name)) is not None)

    def start_after(self, usual: float) -> float | None:
        """Seconds until it is started, `usual` ones unless it says; None for never."""
        if isinstance(self.start, str):
            return None
        return usual if self.start is None else max(_SHORTEST, self.start)

    def plan(self) -> list[Step]:
        """The steps, each with the time since the one before."""
        steps: list[Step] = []
        before = 0.0
        for step in self.steps:
            failure = None if step.fail is None else step.fail.made()
            progress = 1.0 if step.progress is None else step.progress
            # At once would be by chance before or after the next request, where no clock goes.
            after = max(_SHORTEST, step.after - before)
            steps.append(Step(after, progress, failure))
            before = step.after
        return steps


class Scenario(Strict):
    """Which task does what, when; tasks that no entry names are worked as ever."""

    version: Literal[1]
    tasks: Annotated[list[Script], Field(max_length=MOST_TASKS)]

    def script_of(self, task_id: str, title: str, nth: int) -> Script | None:
        """The first entry that names a task."""
        named = (("task", task_id), ("nth", nth), ("title", title))
        return next((entry for entry in self.tasks if entry.names in named), None)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        seen: dict[tuple[str, str | int], int] = {}
        for number, script in enumerate(self.tasks):
            if (first := seen.setdefault(script.names, number)) != number:
                place = ("tasks", number, script.names[0])
                raise MisfitError(place, f"names what tasks.{first} names already: put both into one entry")
            _check_order(script.steps, ("tasks", number, "steps"))
        return self


Place = tuple[str | int, ...]


class MisfitError(ValueError):
    """A field that is good by itself and does not fit the others; `place` leads to it."""

    def __init__(self, place: Place, says: str) -> None:
        super().__init__(f"does not fit together: {'.'.join(map(str, place))} {says}")
        self.place = place
        self.says = says


def _check_order(steps: list[ScenarioStep], place: Place) -> None:
    for number, (before, step) in enumerate(pairwise(steps), start=1):
        here = (*place, number)
        if before.progress is None:
            end = "complete" if before.fail is None else "fail"
            raise MisfitError(here, f"follows {end}, which is the end of the task: leave one of them out")
        if step.after < before.after:
            message = f"must be at least {before.after:g}s, that of the step before: it counts from the start"
            raise MisfitError((*here, "after"), message)
        if step.progress is not None and step.progress <= before.progress:
            message = f"must be above {before.progress:g}, that of the step before"
            raise MisfitError((*here, "progress"), message)
