# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`client.agents` (API document, "Agent Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.request import (
    NOT_GIVEN,
    Call,
    NotGiven,
    check_count,
    check_required,
    check_text,
    fields_from,
    json_body,
    path_segment,
    query_string,
)
from ..._core.response import one, page
from ..._core.watch import CHECK_INTERVAL
from ..._core.watch_all import Criteria
from ..._core.watch_kinds import AGENT
from ..._watch.blocking import AgentWatch
from ..._watch.state import WatchOptions
from ...models.agent import Agent, AgentMetrics
from ...models.task import Task
from ..pager import Pager, paged
from ..raw import RawAgents
from .watched import check_ids, check_watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._core.options import CallOptions, PostOptions
    from ..._watch.blocking import Watcher
    from ..._watch.state import Transport
    from ...models.agent import AgentInclude, AgentStatus, AgentType, WorkingHoursParam
    from ...models.task import TaskStatus
    from ..caller import Caller

_AGENT: Final = one(Agent, "agent")
_AGENTS: Final = page(Agent, "agents")
_METRICS: Final = one(AgentMetrics, "metrics")
_TASKS: Final = page(Task, "tasks")
_FIELDS: Final = frozenset(
    {
        "name",
        "type",
        "model",
        "provider",
        "capabilities",
        "specializations",
        "max_concurrent_tasks",
        "working_hours",
        "configuration",
    }
)


class Agents:
    """Agents: list, get, create, change, enable, disable, their tasks and metrics, watch."""

    def __init__(self, caller: Caller, watcher: Watcher) -> None:
        self._caller = caller
        self._watcher = watcher

    @property
    def with_raw_response(self) -> RawAgents:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return RawAgents(self)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        type: AgentType | None = None,  # noqa: A002 - the document's name
        status: AgentStatus | None = None,
        capabilities: Sequence[str] | str | None = None,
        available: bool | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pager[Agent]:
        """The agents that match (`GET /agents`), fetched page by page as they are read.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100; without it the server's default of 20.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            type: coding, analysis, review, qa or documentation.
            status: available, busy, offline or error.
            capabilities: only agents that have all of these.
            available: only agents that can take a task now.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        params = {
            "type": type,
            "status": status,
            "capabilities": capabilities,
            "available": available,
        }

        return paged(
            self._caller,
            "/agents",
            _AGENTS,
            page=page,
            limit=limit,
            params=params,
            prefetch=prefetch,
            options=options,
        )

    def get(
        self,
        agent_id: str,
        *,
        include: Sequence[AgentInclude] | AgentInclude | None = None,
        **options: Unpack[CallOptions],
    ) -> Agent:
        """One agent (`GET /agents/{agentId}`).

        Args:
            agent_id: its id.
            include: what comes along: tasks, metrics, logs.

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._caller.call(
            Call("GET", _path(agent_id), _AGENT, query=query_string({"include": include})), options
        )

    def create(
        self,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | NotGiven = NOT_GIVEN,
        type: AgentType | NotGiven = NOT_GIVEN,  # noqa: A002 - the document's name
        model: str | NotGiven | None = NOT_GIVEN,
        provider: str | NotGiven | None = NOT_GIVEN,
        capabilities: Sequence[str] | NotGiven = NOT_GIVEN,
        specializations: Sequence[str] | NotGiven = NOT_GIVEN,
        max_concurrent_tasks: int | NotGiven = NOT_GIVEN,
        working_hours: WorkingHoursParam | NotGiven | None = NOT_GIVEN,
        configuration: Mapping[str, Any] | NotGiven = NOT_GIVEN,
        **options: Unpack[PostOptions],
    ) -> Agent:
        """Create an agent (`POST /agents`).

        Args:
            fields: the fields as one mapping in either spelling, instead of keywords.
            name: needed; not empty.
            type: needed: coding, analysis, review, qa or documentation.
            model: the language model that it works with.
            provider: of that model.
            capabilities: what it can do, short words.
            specializations: what it is best at, short words.
            max_concurrent_tasks: how many tasks it works on at once, 1 or more.
            working_hours: `{"timezone": "UTC", "start": "09:00", "end": "17:00", "days": ["monday"]}`; None
                for all hours.
            configuration: any object; its keys are sent as they are.

        Raises:
            InvalidArgumentError: name or type are missing, a number can't be meant.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "name": name,
                "type": type,
                "model": model,
                "provider": provider,
                "capabilities": capabilities,
                "specializations": specializations,
                "max_concurrent_tasks": max_concurrent_tasks,
                "working_hours": working_hours,
                "configuration": configuration,
            },
            known=_FIELDS,
        )
        check_required(given, "name", "type")
        return self._caller.call(Call("POST", "/agents", _AGENT, body=_body(given)), options)

    def update(
        self,
        agent_id: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | NotGiven = NOT_GIVEN,
        type: AgentType | NotGiven = NOT_GIVEN,  # noqa: A002 - the document's name
        model: str | NotGiven | None = NOT_GIVEN,
        provider: str | NotGiven | None = NOT_GIVEN,
        capabilities: Sequence[str] | NotGiven = NOT_GIVEN,
        specializations: Sequence[str] | NotGiven = NOT_GIVEN,
        max_concurrent_tasks: int | NotGiven = NOT_GIVEN,
        working_hours: WorkingHoursParam | NotGiven | None = NOT_GIVEN,
        configuration: Mapping[str, Any] | NotGiven = NOT_GIVEN,
        **options: Unpack[CallOptions],
    ) -> Agent:
        """Change the given fields of an agent (`PUT /agents/{agentId}`); None empties one.

        Args:
            agent_id: its id.
            fields: the fields as one mapping in either spelling, instead of keywords.
            name: not empty.
            type: coding, analysis, review, qa or documentation.
            model: the language model that it works with.
            provider: of that model.
            capabilities: instead of those that it has.
            specializations: instead of those that it has.
            max_concurrent_tasks: how many tasks it works on at once, 1 or more.
            working_hours: all of them; None for all hours.
            configuration: all of it; its keys are sent as they are.

        Raises:
            InvalidArgumentError: a field can't be meant.
            NotFoundError: there is none of this id.
            ValidationFailedError: the server rejects a field.
        """
        given = fields_from(
            fields,
            {
                "name": name,
                "type": type,
                "model": model,
                "provider": provider,
                "capabilities": capabilities,
                "specializations": specializations,
                "max_concurrent_tasks": max_concurrent_tasks,
                "working_hours": working_hours,
                "configuration": configuration,
            },
            known=_FIELDS,
        )
        return self._caller.call(Call("PUT", _path(agent_id), _AGENT, body=_body(given)), options)

    def enable(self, agent_id: str, **options: Unpack[PostOptions]) -> Agent:
        """Let an agent work (`POST /agents/{agentId}/enable`); one that does already goes on.

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._caller.call(Call("POST", f"{_path(agent_id)}/enable", _AGENT), options)

    def disable(
        self, agent_id: str, *, reason: str | NotGiven = NOT_GIVEN, **options: Unpack[PostOptions]
    ) -> Agent:
        """Let an agent rest (`POST /agents/{agentId}/disable`).

        Args:
            agent_id: its id.
            reason: why, for the record.

        Raises:
            NotFoundError: there is none of this id.
        """
        body = json_body({"reason": reason})
        return self._caller.call(Call("POST", f"{_path(agent_id)}/disable", _AGENT, body=body), options)

    def tasks(
        self,
        agent_id: str,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: TaskStatus | None = None,
        prefetch: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pager[Task]:
        """The tasks assigned to an agent (`GET /agents/{agentId}/tasks`).

        The document gives this list no parameters: they are sent only where they are given.

        Args:
            agent_id: its id.
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100.
            prefetch: pages fetched ahead while one is read; 0 fetches each when it is needed.
            status: pending, active, completed, failed or cancelled.

        Raises:
            InvalidArgumentError: the id is empty, or a number can't be meant.
        """
        return paged(
            self._caller,
            f"{_path(agent_id)}/tasks",
            _TASKS,
            page=page,
            limit=limit,
            params={"status": status},
            prefetch=prefetch,
            options=options,
        )

    def metrics(self, agent_id: str, **options: Unpack[CallOptions]) -> AgentMetrics:
        """How an agent performs (`GET /agents/{agentId}/metrics`); None where the server can't tell.

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._caller.call(Call("GET", f"{_path(agent_id)}/metrics", _METRICS), options)

    def watch(
        self,
        agent_id: str,
        *,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AgentWatch:
        """Watch an agent: its present state first, then every step, until it is deleted.

        Args:
            agent_id: its id.
            check_interval: seconds after which it is looked at by REST, whatever the WebSocket says.
            resume: the `token` of an earlier watch, also of another process.
            transport: `auto`, `websocket` or `poll`, as for `tasks.watch`.

        Returns:
            Updates to iterate over (`AgentUpdate`).

        Raises:
            InvalidArgumentError: the id is empty, the interval can't be meant, or the token is none.
        """
        return self.watch_many([agent_id], check_interval=check_interval, resume=resume, transport=transport)

    def watch_many(
        self,
        agent_ids: Sequence[str],
        *,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AgentWatch:
        """Watch several agents in one iteration, which ends with the last of them.

        Args:
            agent_ids: their ids.
            check_interval: seconds after which each is looked at by REST, whatever the WebSocket says.
            resume: the `token` of an earlier watch; agents that it doesn't know begin anew.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: an id is empty, the interval can't be meant, or the token is none.
        """
        check_ids("agent", agent_ids)
        check_watch(check_interval, transport)
        options = WatchOptions(check_interval, resume=resume, transport=transport)
        return AgentWatch(self._watcher, agent_ids, options)

    def watch_all(
        self,
        *,
        type: AgentType | None = None,  # noqa: A002 - the document's name
        status: AgentStatus | None = None,
        check_interval: float = CHECK_INTERVAL,
        resume: str | None = None,
        transport: Transport = "auto",
    ) -> AgentWatch:
        """Watch every agent that matches, also those created later; it ends only by `close()`.

        One that no longer matches is told once more, with what took it away.

        Args:
            type: coding, analysis, review, qa or documentation.
            status: available, busy, offline or error.
            check_interval: seconds after which the list is looked through, whatever the WebSocket says.
            resume: the `token` of an earlier watch of the same agents; what happened since is told.
            transport: as for `watch`.

        Raises:
            InvalidArgumentError: the interval can't be meant, or the token is none.
        """
        check_watch(check_interval, transport)
        options = WatchOptions(
            check_interval,
            resume=resume,
            transport=transport,
            criteria=Criteria(AGENT, {"type": type, "status": status}),
        )
        return AgentWatch(self._watcher, (), options)


def _path(agent_id: str) -> str:
    return f"/agents/{path_segment(agent_id, 'agent_id')}"


def _body(given: dict[str, Any]) -> bytes:
    check_text(given, "name")
    check_text(given, "type")
    check_count("max_concurrent_tasks", given.get("max_concurrent_tasks"))
    return json_body(given, known=_FIELDS)
