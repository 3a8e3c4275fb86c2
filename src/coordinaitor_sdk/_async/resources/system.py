"""`client.system` (API document, "System Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..._core.request import Call, check_count, query_string, write_dates
from ..._core.response import one, page
from ...models.system import Health, LogEntry, SystemMetrics, SystemStatus

if TYPE_CHECKING:
    from datetime import datetime

    from ...models.system import LogLevel
    from ..session import AsyncSession

# A 503 that carries a health body is the answer, not a failure (DESIGN 3.9).
_HEALTH: Final = one(Health, "health", good=frozenset({503}))
_METRICS: Final = one(SystemMetrics, "metrics")
_STATUS: Final = one(SystemStatus, "status")
_LOGS: Final = page(LogEntry, "logs")


class AsyncSystem:
    """The system's state: health, metrics, logs, status."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def health(self) -> Health:
        """How the system is (`GET /system/health`); needs no credentials.

        An unhealthy system answers too: look at `.status`.
        """
        return await self._session.call_openly(Call("GET", "/system/health", _HEALTH))

    async def metrics(self) -> SystemMetrics:
        """Figures of the system (`GET /system/metrics`): what the server measures, by name.

        Raises:
            AuthorizationError: the credential lacks `system:read`.
        """
        return await self._session.call(Call("GET", "/system/metrics", _METRICS))

    async def logs(
        self,
        *,
        level: LogLevel | None = None,
        service: str | None = None,
        since: datetime | str | None = None,
        limit: int | None = None,
    ) -> list[LogEntry]:
        """The system's log, oldest entry first (`GET /system/logs`); for admins.

        Args:
            level: error, warn, info or debug.
            service: only this service's entries.
            since: only later entries; the last entry's `timestamp` continues the list.
            limit: how many at most; without it the server's default.

        Raises:
            InvalidArgumentError: the date or the number can't be meant.
            AuthorizationError: the user is no admin.
        """
        params: dict[str, Any] = {
            "level": level,
            "service": service,
            "since": since,
            "limit": check_count("limit", limit),
        }
        write_dates(params, "since")
        found = await self._session.call(Call("GET", "/system/logs", _LOGS, query=query_string(params)))
        return found.data

    async def status(self) -> SystemStatus:
        """The system and its services in detail (`GET /system/status`).

        Raises:
            AuthorizationError: the credential lacks `system:read`.
        """
        return await self._session.call(Call("GET", "/system/status", _STATUS))
