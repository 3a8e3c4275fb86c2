"""`client.system` (API document, "System Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from ..._core.health import HealthChange, HealthTracker
from ..._core.options import check_seconds
from ..._core.request import Call, check_count, query_string, write_dates
from ..._core.response import one, page
from ..._runtime.aio import sleep
from ...exceptions import CoordinaitorError, InvalidArgumentError
from ...models.system import Health, LogEntry, SystemMetrics, SystemStatus
from ..raw import AsyncRawSystem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from ..._core.options import CallOptions
    from ...models.system import LogLevel
    from ..caller import AsyncCaller

# A 503 that carries a health body is the answer, not a failure (DESIGN 3.9).
_HEALTH: Final = one(Health, "health", good=frozenset({503}))
_METRICS: Final = one(SystemMetrics, "metrics")
_STATUS: Final = one(SystemStatus, "status")
_LOGS: Final = page(LogEntry, "logs")


class AsyncSystem:
    """The system's state: health, metrics, logs, status."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    @property
    def with_raw_response(self) -> AsyncRawSystem:
        """The same methods, returning the whole answer beside what it was read as (`RawResponse`)."""
        return AsyncRawSystem(self)

    async def health(self, **options: Unpack[CallOptions]) -> Health:
        """How the system is (`GET /system/health`); needs no credentials.

        An unhealthy system answers too: look at `.status`.
        """
        return await self._caller.call_openly(Call("GET", "/system/health", _HEALTH), options)

    async def monitor(
        self, interval: float = 30.0, **options: Unpack[CallOptions]
    ) -> AsyncIterator[HealthChange]:
        """The system's health now, then each change of it or of one of its services; without end.

        A server that can't be reached is a change too: `unreachable`, with the error.

        Args:
            interval: seconds between two looks.

        Raises:
            InvalidArgumentError: the interval can't be meant.
        """
        check_seconds("interval", interval, allow_none=False)
        tracker = HealthTracker()
        while True:
            try:
                change = tracker.see(await self.health(**options))
            except InvalidArgumentError:
                raise
            except CoordinaitorError as error:
                change = tracker.see(None, error)
            if change is not None:
                yield change
            await sleep(interval)

    async def metrics(self, **options: Unpack[CallOptions]) -> SystemMetrics:
        """Figures of the system (`GET /system/metrics`): what the server measures, by name.

        Raises:
            AuthorizationError: the credential lacks `system:read`.
        """
        return await self._caller.call(Call("GET", "/system/metrics", _METRICS), options)

    async def logs(
        self,
        *,
        level: LogLevel | None = None,
        service: str | None = None,
        since: datetime | str | None = None,
        limit: int | None = None,
        **options: Unpack[CallOptions],
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
        found = await self._caller.call(
            Call("GET", "/system/logs", _LOGS, query=query_string(params)), options
        )
        return found.data

    async def status(self, **options: Unpack[CallOptions]) -> SystemStatus:
        """The system and its services in detail (`GET /system/status`).

        Raises:
            AuthorizationError: the credential lacks `system:read`.
        """
        return await self._caller.call(Call("GET", "/system/status", _STATUS), options)
