"""Projects (API document, "Project Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from .common import ABSENT, Model, Moment, Number

if TYPE_CHECKING:
    ProjectStatus: TypeAlias = Literal["active", "completed", "archived", "on-hold"] | str
else:
    ProjectStatus = str


class BudgetParam(TypedDict, total=False):
    """A project's budget as sent: hours, and cost in the organization's currency."""

    hours: float
    cost: float


class TeamMemberParam(TypedDict, total=False):
    """A member of a project's team as sent."""

    user_id: str
    role: str
    permissions: list[str]


class Budget(Model):
    """A project's budget: hours, and cost in the organization's currency."""

    hours: Number | None = None
    cost: Number | None = None


class TaskCount(Model):
    """How many tasks a project has, by state."""

    total: int | None = None
    completed: int | None = None
    active: int | None = None
    pending: int | None = None


class TeamMember(Model):
    """A member of a project's team."""

    user_id: str | None = None
    role: str | None = None
    permissions: list[str] | None = None


class Project(Model):
    """A project; `progress` runs from 0.0 to 1.0."""

    id: str = ABSENT
    name: str = ABSENT
    description: str | None = None
    status: ProjectStatus = ABSENT
    priority: str | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    progress: Number | None = None
    task_count: TaskCount | None = None
    team_size: int | None = None
    assigned_agents: int | None = None
    budget: Budget | None = None
    team_members: list[TeamMember] | None = None
    # Ids in the documented request; a server may answer whole objects.
    agents: list[Any] | None = None
    tags: list[str] | None = None
    created_by: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    version: int | None = None
