# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`client.agents` (API document, "Agent Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..._core.request import Call, check_count, path_segment, query_string
from ..._core.response import one, page
from ...models.agent import Agent
from ..pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...models.agent import AgentStatus, AgentType
    from ...models.common import Page
    from ..session import Session

_AGENT: Final = one(Agent, "agent")
_AGENTS: Final = page(Agent, "agents")


class Agents:
    """Agents: list, get."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        type: AgentType | None = None,  # noqa: A002 - the document's name
        status: AgentStatus | None = None,
        capabilities: Sequence[str] | str | None = None,
        available: bool | None = None,
    ) -> Pager[Agent]:
        """The agents that match (`GET /agents`), fetched page by page as they are read.

        Args:
            page: the page to begin with, from 1.
            limit: items a page, 1 to 100; without it the server's default of 20.
            type: coding, analysis, review, qa or documentation.
            status: available, busy, offline or error.
            capabilities: only agents that have all of these.
            available: only agents that can take a task now.

        Raises:
            InvalidArgumentError: a number can't be meant.
        """
        params = {
            "limit": check_count("limit", limit),
            "type": type,
            "status": status,
            "capabilities": capabilities,
            "available": available,
        }

        def fetch(number: int) -> Page[Agent]:
            asked = number if number > 1 or page is not None else None
            return self._session.call(
                Call("GET", "/agents", _AGENTS, query=query_string({"page": asked, **params}))
            )

        return Pager(fetch, start=check_count("page", page) or 1, limit=limit)

    def get(self, agent_id: str) -> Agent:
        """One agent (`GET /agents/{agentId}`).

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._session.call(Call("GET", f"/agents/{path_segment(agent_id, 'agent_id')}", _AGENT))
