"""`client.projects` (API document, "Project Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.request import (
    NOT_GIVEN,
    Call,
    NotGiven,
    check_numbers,
    check_required,
    check_text,
    fields_from,
    json_body,
    path_segment,
    write_dates,
)
from ..._core.response import NOTHING, one, page
from ..._core.watch import CHECK_INTERVAL
from ..._core.watch_all import Criteria
from ..._core.watch_kinds import PROJECT
from ..._watch.aio import AsyncProjectWatch
from ..._watch.state import WatchOptions
from ...models.project import Project, TeamMember
from ...models.task import Task
from ..pager import AsyncPager, paged
from ..raw import AsyncRawProjects
from .watched import check_ids, check_watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..._core.options import CallOptions, PostOptions
    from ..._watch.aio import AsyncWatcher
    from ..._watch.state import Transport
    from ...models.project import BudgetParam, ProjectStatus, TeamMemberParam
    from ...models.task import Priority, SortOrder, TaskSort, TaskStatus
    from ..caller import AsyncCaller

_PROJECT: Final = one(Project, "project")
_PROJECTS: Final = page(Project, "projects")
_TASKS: Final = page(Task, "tasks")
_MEMBER: Final = one(TeamMember, "member")
_FIELDS: Final = frozenset(
    {
        "name",
        "description",
        "status",
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
    """Projects: list, get, create, change, delete, their tasks and members, watch."""

    def __init__(self, caller: AsyncCaller, watcher: AsyncWatcher) -> None:
        self._caller = caller
        self._watcher = watcher

    @property
    def with_raw_response(self) -> AsyncRawProjects:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return AsyncRawProjects(self)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: ProjectStatus | None = None,
        search: str | None = None,
        member_id: str | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> AsyncPager[Project]:
        """The projects that match (`GET /projects`), fetched page by page as they are read.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100; without it the server's default of 20.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            status: active, completed, archived or on-hold.
            search: words in name and description.
            member_id: only projects that this user is a member of.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        params = {
            "status": status,
            "search": search,
            "member_id": member_id,
        }

        return paged(
            self._caller,
            "/projects",
            _PROJECTS,
            page=page,
            limit=limit,
            params=params,
            prefetch=prefetch,
            options=options,
        )

    async def get(self, project_id: str, **options: Unpack[CallOptions]) -> Project:
        """One project (`GET /projects/{projectId}`).

        Raises:
            NotFoundError: there is none of this id.
        """
        return await self._caller.call(Call("GET", _path(project_id), _PROJECT), options)

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
        **options: Unpack[PostOptions],
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
        return await self._caller.call(Call("POST", "/projects", _PROJECT, body=_body(given)), options)

    async def update(
        self,
        project_id: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        status: ProjectStatus | NotGiven = NOT_GIVEN,
        start_date: datetime | str | NotGiven | None = NOT_GIVEN,
        end_date: datetime | str | NotGiven | None = NOT_GIVEN,
        priority: Priority | NotGiven = NOT_GIVEN,
        budget: BudgetParam | NotGiven | None = NOT_GIVEN,
        team_members: Sequence[TeamMemberParam] | NotGiven = NOT_GIVEN,
        agents: Sequence[str] | NotGiven = NOT_GIVEN,
        tags: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[CallOptions],
    ) -> Project:
        """Change the given fields of a project (`PUT /projects/{projectId}`); None empties one.

        Args:
            project_id: its id.
            fields: the fields as one mapping in either spelling, instead of keywords.
            name: not empty.
            description: free text.
            status: active, completed, archived or on-hold.
            start_date: an aware datetime, or text such as `2024-02-01T00:00:00Z`.
            end_date: likewise.
            priority: low, medium or high.
            budget: `{"hours": ..., "cost": ...}`, each 0 or more.
            team_members: `{"user_id": ..., "role": ...}` each, instead of those that it has.
            agents: ids of agents, instead of those that it has.
            tags: short words, instead of those that it has.

        Raises:
            InvalidArgumentError: a field can't be meant.
            NotFoundError: there is none of this id.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "name": name,
                "description": description,
                "status": status,
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
        return await self._caller.call(Call("PUT", _path(project_id), _PROJECT, body=_body(given)), options)

    async def delete(self, project_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a project (`DELETE /projects/{projectId}`).

        Raises:
            NotFoundError: there is none of this id.
        """
        await self._caller.call(Call("DELETE", _path(project_id), NOTHING), options)

    def tasks(
        self,
        project_id: str,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: TaskStatus | None = None,
        priority: Priority | None = None,
        agent_id: str | None = None,
        search: str | None = None,
        tags: Sequence[str] | str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        sort_by: TaskSort | None = None,
        sort_order: SortOrder | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> AsyncPager[Task]:
        """The tasks of a project (`GET /projects/{projectId}/tasks`).

        The document gives this list no parameters: they are sent only where they are given.

        Args:
            project_id: its id.
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            status: pending, active, completed, failed or cancelled.
            priority: low, medium or high.
            agent_id: only tasks assigned to this agent.
            search: words in title and description.
            tags: only tasks that have all of these.
            created_after: an aware datetime, or text such as `2024-01-15T10:30:00Z`.
            created_before: likewise.
            sort_by: createdAt, updatedAt, priority or dueDate.
            sort_order: asc or desc.

        Raises:
            InvalidArgumentError: the id is empty, or a number can't be meant.
        """
        params: dict[str, Any] = {
            "status": status,
            "priority": priority,
            "agent_id": agent_id,
            "search": search,
            "tags": tags,
            "created_after": created_after,
            "created_before": created_before,
            "sort_by": sort_by,
            "sort_order": sort_order,
        }
        write_dates(params, "created_after", "created_before")
        return paged(
            self._caller,
            f"{_path(project_id)}/tasks",
            _TASKS,
            page=page,
            limit=limit,
            params=params,
            prefetch=prefetch,
            options=options,
        )

    async def add_member(
        self,
        project_id: str,
        user_id: str,
        *,
        role: str,
        permissions: Sequence[str] | NotGiven = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> TeamMember:
        """Add a user to a project's team (`POST /projects/{projectId}/members`).

        Args:
            project_id: the project's id.
            user_id: the user's id.
            role: what the user is in the team, such as `developer`.
            permissions: what the user may do in the project, such as `tasks:write`.

        Raises:
            InvalidArgumentError: user or role are empty.
            ConflictError: the user is a member already.
            ValidationFailedError: there is no such user.
        """
        given: dict[str, Any] = {"user_id": user_id, "role": role, "permissions": permissions}
        check_required(given, "user_id", "role")
        return await self._caller.call(
            Call("POST", f"{_path(project_id)}/members", _MEMBER, body=json_body(given)), options
        )

    async def remove_member(self, project_id: str, user_id: str, **options: Unpack[CallOptions]) -> None:
        """Take a user out of a project's team (`DELETE /projects/{projectId}/members/{userId}`).

        Raises:
            NotFoundError: there is no such project, or the user is no member.
        """
        path = f"{_path(project_id)}/members/{path_segment(user_id, 'user_id')}"
        await self._caller.call(Call("DELETE", path, NOTHING), options)

    def watch(
        self,
        project_id: str,
        *,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AsyncProjectWatch:
        """Watch a project: its present state first, then every step, until it is completed, archived or
        deleted.

        Args:
            project_id: its id.
            check_interval: seconds after which it is looked at by REST, whatever the WebSocket says.
            resume: the `token` of an earlier watch, also of another process.
            transport: `auto`, `websocket` or `poll`, as for `tasks.watch`.

        Returns:
            Updates to iterate over (`ProjectUpdate`).

        Raises:
            InvalidArgumentError: the id is empty, the interval can't be meant, or the token is none.
        """
        return self.watch_many(
            [project_id], check_interval=check_interval, resume=resume, transport=transport
        )

    def watch_many(
        self,
        project_ids: Sequence[str],
        *,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AsyncProjectWatch:
        """Watch several projects in one iteration, which ends with the last of them.

        Args:
            project_ids: their ids.
            check_interval: seconds after which each is looked at by REST, whatever the WebSocket says.
            resume: the `token` of an earlier watch; projects that it doesn't know begin anew.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: an id is empty, the interval can't be meant, or the token is none.
        """
        check_ids("project", project_ids)
        check_watch(check_interval, transport)
        options = WatchOptions(check_interval, resume=resume, transport=transport)
        return AsyncProjectWatch(self._watcher, project_ids, options)

    def watch_all(
        self,
        *,
        status: ProjectStatus | None = None,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AsyncProjectWatch:
        """Watch every project that matches, also those created later; it ends only by `close()`.

        One that had ended before is told only if `status` asks for it; one that goes on after its end is told
        again. One that no longer matches is told once more, with what took it away.

        Args:
            status: active, completed, archived or on-hold.
            check_interval: seconds after which the list is looked through, whatever the WebSocket says.
            resume: the `token` of an earlier watch of the same projects; what happened since is told.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: the interval can't be meant, or the token is none.
        """
        check_watch(check_interval, transport)
        options = WatchOptions(
            check_interval,
            resume=resume,
            transport=transport,
            criteria=Criteria(PROJECT, {"status": status}),
        )
        return AsyncProjectWatch(self._watcher, (), options)

    async def wait(self, project_id: str, *, timeout: float | None = None) -> Project:
        """Wait until a project is completed or archived.

        Args:
            project_id: its id.
            timeout: seconds to wait; None waits without end.

        Returns:
            The project; its `status` says which.

        Raises:
            ProjectDeletedError: it was deleted, or never existed.
            WatchTimeoutError: it had not ended in time.
        """
        check_numbers({"timeout": timeout}, "timeout")
        return await self.watch(project_id).result(timeout=timeout)


def _path(project_id: str) -> str:
    return f"/projects/{path_segment(project_id, 'project_id')}"


def _body(given: dict[str, Any]) -> bytes:
    check_text(given, "name")
    if isinstance(given.get("budget"), dict):
        check_numbers(given["budget"], "hours", "cost")
    write_dates(given, "start_date", "end_date")
    return json_body(given, known=_FIELDS, nested=_NESTED)
