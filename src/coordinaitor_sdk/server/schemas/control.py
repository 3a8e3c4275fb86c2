"""What the control API takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.schemas.common import Line, Share, Strict, Timestamp, Whole
from coordinaitor_sdk.server.schemas.scenario import Scenario
from coordinaitor_sdk.server.seeds.organization import FIRST, Seed
from coordinaitor_sdk.server.wire import dumps
from coordinaitor_sdk.server.worlds import Agents

EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2900, 1, 1, tzinfo=UTC)
"""Where a clock can stand. What is counted on from it (working hours, expiries) must be possible too."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{2,39}", re.ASCII)

LARGEST_SEED: Final = 2_147_483_647
LONGEST_ADVANCE: Final = (LATEST - EARLIEST).total_seconds()


def within_reach(moment: datetime) -> bool:
    """Whether a clock can stand there."""
    return EARLIEST <= moment <= LATEST


def _reachable(value: str) -> str:
    if not within_reach(moment_of(value)):
        raise ValueError(f"must be from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}")
    return value


Reachable = Annotated[Timestamp, AfterValidator(_reachable)]
"""A moment at which a clock can stand."""


def _named(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "must be 3 to 40 small letters, digits and dashes, the first a letter, like org-test"
        )
    return value


class WorldCreate(Strict):
    """The body of `POST /_control/worlds`.

    Attributes:
        seed: what the world starts with; of `demo` the first organization.
        random_seed: what every random choice in it is derived from.
        now: where its clock stands at the start; None for a clock that goes with the machine's.
        id: of the world; None for one that is made.
        agents: how its simulated agents work; like `sim_speed` and `failure_rate` None for the server's way.
        scenario: which tasks do what it says.
    """

    seed: Seed = "demo"
    random_seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), Whole] = 1
    name: Line = FIRST.name
    now: Reachable | None = None
    id: Annotated[str, AfterValidator(_named)] | None = None
    agents: Agents | None = None
    sim_speed: Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)] | None = None
    failure_rate: Share | None = None
    scenario: Scenario | None = None

    def work(self) -> str | None:
        """How its agents work, as it is stored; None for the server's way."""
        told = {"agents": self.agents, "pace": self.sim_speed, "failure_rate": self.failure_rate}
        own: dict[str, object] = {name: value for name, value in told.items() if value is not None}
        if self.scenario is not None:
            own["scenario"] = self.scenario.model_dump(mode="json", exclude_none=True)
        return dumps(own) if own else None


class TimeMove(Strict):
    """The body of `POST /_control/worlds/{world}/time`: exactly one of its fields.

    Attributes:
        advance: seconds.
    """

    freeze: bool | None = None
    advance: Annotated[float, Field(ge=0, le=LONGEST_ADVANCE, allow_inf_nan=False)] | None = None
    run_until_idle: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len([name for name in self.model_fields_set if getattr(self, name) is not None]) != 1:
            raise ValueError(
                'must have exactly one of freeze, advance and runUntilIdle, like {"advance": 3600}'
            )
        return self
