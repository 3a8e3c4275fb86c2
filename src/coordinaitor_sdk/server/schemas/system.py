"""The system on the wire (API document, "System Endpoints")."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coordinaitor_sdk.server.schemas.common import Query, QueryInt, Timestamp
from coordinaitor_sdk.server.store.logs import Level, Service


class LogQuery(Query):
    """The query of `GET /system/logs`."""

    level: Level | None = None
    service: Service | None = None
    since: Timestamp | None = None
    limit: Annotated[int, Field(ge=1, le=1_000), QueryInt] = 100
