"""Projects on the wire (API document, "Project Endpoints")."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic.alias_generators import to_camel

from coordinaitor_sdk.server.domain.states import Priority
from coordinaitor_sdk.server.schemas.common import (
    PARTIAL,
    AgentId,
    Hours,
    Line,
    LongText,
    Paged,
    QueryText,
    Strict,
    Tag,
    Timestamp,
    UserId,
    published,
)

ProjectStatus = Literal["active", "completed", "archived", "on-hold"]
Cost = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


def _not_before_start(value: str | None, info: ValidationInfo) -> str | None:
    start: str | None = info.data.get("start_date")
    if value is not None and start is not None and value < start:
        raise ValueError("must not be before startDate")
    return value


class Budget(Strict):
    """What a project may use."""

    hours: Hours | None = None
    cost: Cost | None = None


class Member(Strict):
    """A user of a project's team."""

    user_id: UserId
    role: Line
    permissions: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)


class _ProjectFields(Strict):
    name: Line
    description: LongText = ""
    start_date: Timestamp | None = None
    end_date: Annotated[Timestamp | None, AfterValidator(_not_before_start)] = None
    priority: Priority = "medium"
    budget: Budget | None = None
    team_members: Annotated[list[Member], Field(max_length=200)] = Field(default_factory=list[Member])
    agents: Annotated[list[AgentId], Field(max_length=200), published(uniqueItems=True)] = Field(
        default_factory=list
    )
    tags: Annotated[list[Tag], Field(max_length=50)] = Field(default_factory=list)


class ProjectCreate(_ProjectFields):
    """The body of `POST /projects`."""

    def given(self) -> dict[str, Any]:
        """The body by its wire names, defaults filled in."""
        return self.model_dump(by_alias=True)


class ProjectUpdate(_ProjectFields):
    """The body of `PUT /projects/{projectId}`: the given fields are changed, lists replaced whole."""

    model_config = PARTIAL

    name: Line = ""
    status: ProjectStatus = "active"

    def given(self) -> dict[str, Any]:
        """The given fields by their wire names."""
        whole = self.model_dump(by_alias=True)
        return {to_camel(name): whole[to_camel(name)] for name in self.model_fields_set}


class ProjectListQuery(Paged):
    """The query of `GET /projects`."""

    status: ProjectStatus | None = None
    search: QueryText | None = None
    member_id: QueryText | None = None
