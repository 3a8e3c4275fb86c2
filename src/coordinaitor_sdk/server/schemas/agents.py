"""Agents on the wire (API document, "Agent Endpoints")."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from coordinaitor_sdk.server.domain.states import Status
from coordinaitor_sdk.server.domain.working_hours import WEEKDAYS, Weekday, known_zones
from coordinaitor_sdk.server.schemas.common import (
    PARTIAL,
    FreeMap,
    Line,
    Paged,
    Point,
    Query,
    QueryList,
    Strict,
    Tag,
    Whole,
    listed,
    published,
)

AgentType = Literal["coding", "analysis", "review", "qa", "documentation"]
AgentInclude = Literal["tasks", "metrics", "logs"]
AgentStatus = Literal["available", "busy", "offline", "error"]


def _known_zone(value: str) -> str:
    if value not in known_zones():
        raise ValueError("must be the name of a time zone, like Europe/Berlin")
    return value


def _time_of_day(value: str) -> str:
    if not re.fullmatch(_TIME_OF_DAY, value):
        raise ValueError("must be a time of day, like 09:00")
    return value


def _in_order(value: list[Weekday]) -> list[Weekday]:
    if not value:
        raise ValueError("must name a day")
    return [day for day in WEEKDAYS if day in value]


_TIME_OF_DAY = r"([01][0-9]|2[0-3]):[0-5][0-9]"
TimeOfDay = Annotated[str, AfterValidator(_time_of_day), published(pattern=f"^{_TIME_OF_DAY}$")]
Names = Annotated[list[Tag], Field(max_length=50), AfterValidator(lambda value: list(dict.fromkeys(value)))]


class WorkingHours(Strict):
    """When an agent works, in its own time zone."""

    timezone: Annotated[
        str, AfterValidator(_known_zone), WithJsonSchema({"type": "string", "format": "time-zone"})
    ]
    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], AfterValidator(_in_order), published(minItems=1)] = Field(
        default_factory=lambda: [*WEEKDAYS]
    )


class _AgentFields(Strict):
    name: Line
    type: AgentType
    model: Line | None = None
    provider: Line | None = None
    capabilities: Names = Field(default_factory=list)
    specializations: Names = Field(default_factory=list)
    max_concurrent_tasks: Annotated[int, Field(ge=1, le=100), Whole] = 1
    working_hours: WorkingHours | None = None
    configuration: FreeMap = Field(default_factory=dict)


class AgentCreate(_AgentFields):
    """The body of `POST /agents`."""

    def columns(self) -> dict[str, Any]:
        """The fields as the columns of a row, defaults filled in."""
        return self.model_dump()


class AgentUpdate(_AgentFields):
    """The body of `PUT /agents/{agentId}`: the given fields are changed."""

    model_config = PARTIAL

    name: Line = ""
    type: AgentType = "coding"

    def columns(self) -> dict[str, Any]:
        """The given fields as the columns of a row."""
        whole = self.model_dump()
        return {name: whole[name] for name in self.model_fields_set}


class AgentSwitch(Strict):
    """The body of `POST /agents/{agentId}/enable` and `.../disable`; none will do."""

    reason: Point | None = None


class AgentGetQuery(Query):
    """The query of `GET /agents/{agentId}`."""

    include: Annotated[list[AgentInclude], BeforeValidator(listed), published(minItems=1)] = Field(
        default_factory=list[AgentInclude]
    )


class AgentTasksQuery(Paged):
    """The query of `GET /agents/{agentId}/tasks`."""

    status: Status | None = None


class AgentListQuery(Paged):
    """The query of `GET /agents`."""

    type: AgentType | None = None
    status: AgentStatus | None = None
    capabilities: QueryList = Field(default_factory=list)
    available: bool | None = None

    def equals(self) -> dict[str, str]:
        """The columns that must have a value."""
        given = {"type": self.type, "status": self.status}
        return {name: value for name, value in given.items() if value is not None}


class NoQuery(Query):
    """A query that takes no parameters."""
