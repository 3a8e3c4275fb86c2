"""What the control API takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from coordinaitor_sdk.server.clock import moment_of
from coordinaitor_sdk.server.schemas.common import Line, Strict, Timestamp, Whole
from coordinaitor_sdk.server.seeds.organization import FIRST, Seed

EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2900, 1, 1, tzinfo=UTC)
"""Where a clock can stand. What is counted on from it (working hours, expiries) must be possible too."""

LARGEST_SEED: Final = 2_147_483_647
LONGEST_ADVANCE: Final = (LATEST - EARLIEST).total_seconds()


def within_reach(moment: datetime) -> bool:
    """Whether a clock can stand there."""
    return EARLIEST <= moment <= LATEST


def _reachable(value: str) -> str:
    if not within_reach(moment_of(value)):
        raise ValueError(f"must be from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}")
    return value


class WorldCreate(Strict):
    """The body of `POST /_control/worlds`.

    Attributes:
        seed: what the world starts with; of `demo` the first organization.
        random_seed: what every random choice in it is derived from.
        now: where its clock stands at the start; None for a clock that goes with the machine's.
    """

    seed: Seed = "demo"
    random_seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), Whole] = 1
    name: Line = FIRST.name
    now: Annotated[Timestamp, AfterValidator(_reachable)] | None = None


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
