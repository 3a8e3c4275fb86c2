"""Agents on the wire (API document, "Agent Endpoints")."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coordinaitor_sdk.server.schemas.common import Paged, Query, QueryList

AgentType = Literal["coding", "analysis", "review", "qa", "documentation"]
AgentStatus = Literal["available", "busy", "offline", "error"]


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
