"""`client.projects` (API document, "Project Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..._core.request import (
    NOT_GIVEN,
    Call,
    NotGiven,
    check_count,
    check_numbers,
    check_required,
    fields_from,
    json_body,
    path_segment,
    query_string,
    write_dates,
)
from ..._core.response import one, page
from ...models.project import Project
from ..pager import AsyncPager

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ...models.common import Page
    from ...models.project import BudgetParam, ProjectStatus, TeamMemberParam
    from ...models.task import Priority
    from ..session import AsyncSession

_PROJECT: Final = one(Project, "project")
_PROJECTS: Final = page(Project, "projects")
_FIELDS: Final = frozenset(
    {
        "name",
        "description",
        "priority",
        "start_date",
        "end_date",
        "budget",
        "team_members",
        "agents",
        "tags",
    }
)
_NESTED: Final = {"team_members": {"user_id": "userId"}}


class AsyncProjects:
    """Projects: list, get, create."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: ProjectStatus | None = None,
        search: str | None = None,
        member_id: str | None = None,
    ) -> AsyncPager[Project]:
        """The projects that match (`GET /projects`), fetched page by page as they are read.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100; without it the server's default of 20.
            status: active, completed, archived or on-hold.
            search: words in name and description.
            member_id: only projects that this user is a member of.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        params = {
            "limit": check_count("limit", limit),
            "status": status,
            "search": search,
            "member_id": member_id,
        }

        async def fetch(number: int) -> Page[Project]:
            asked = number if number > 1 or page is not None else None
            return await self._session.call(
                Call("GET", "/projects", _PROJECTS, query=query_string({"page": asked, **params}))
            )

        return AsyncPager(fetch, start=check_count("page", page) or 1, limit=limit)

    async def get(self, project_id: str) -> Project:
        """One project (`GET /projects/{projectId}`).

        Raises:
            NotFoundError: there is none of this id.
        """
        return await self._session.call(
            Call("GET", f"/projects/{path_segment(project_id, 'project_id')}", _PROJECT)
        )

    async def create(
        self,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        start_date: datetime | str | NotGiven | None = NOT_GIVEN,
        end_date: datetime | str | NotGiven | None = NOT_GIVEN,
        priority: Priority | NotGiven = NOT_GIVEN,
        budget: BudgetParam | NotGiven | None = NOT_GIVEN,
        team_members: Sequence[TeamMemberParam] | NotGiven = NOT_GIVEN,
        agents: Sequence[str] | NotGiven = NOT_GIVEN,
        tags: Sequence[str] | NotGiven = NOT_GIVEN,
    ) -> Project:
        """Create a project (`POST /projects`).

        Args:
            fields: the fields as one mapping in either spelling, instead of keywords.
            name: needed; not empty.
            description: free text.
            start_date: an aware datetime, or text such as `2024-02-01T00:00:00Z`.
            end_date: likewise.
            priority: low, medium or high.
            budget: `{"hours": ..., "cost": ...}`, each 0 or more.
            team_members: `{"user_id": ..., "role": ...}` each.
            agents: ids of agents.
            tags: short words.

        Raises:
            InvalidArgumentError: the name is missing, a number or date can't be meant.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "name": name,
                "description": description,
                "start_date": start_date,
                "end_date": end_date,
                "priority": priority,
                "budget": budget,
                "team_members": team_members,
                "agents": agents,
                "tags": tags,
            },
            known=_FIELDS,
        )
        check_required(given, "name")
        if isinstance(given.get("budget"), dict):
            check_numbers(given["budget"], "hours", "cost")
        write_dates(given, "start_date", "end_date")
        return await self._session.call(
            Call("POST", "/projects", _PROJECT, body=json_body(given, known=_FIELDS, nested=_NESTED))
        )
