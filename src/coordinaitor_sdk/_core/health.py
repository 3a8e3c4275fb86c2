"""Telling when the system's health has changed (API document, "Monitor API Health")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..exceptions import CoordinaitorError
    from ..models.system import Health

UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True)
class HealthChange:
    """What `system.monitor` yields: how the system is from now on.

    Attributes:
        status: the server's word, such as `healthy`; `unreachable` where it gave none.
        previous: the status before, None at first.
        services: those whose status changed, and how they are now.
        health: all that the server told, or None.
        error: why the server could not be asked, or None.
    """

    status: str
    previous: str | None
    services: dict[str, str | None]
    health: Health | None = None
    error: CoordinaitorError | None = None


class HealthTracker:
    """Compares what was seen with what was seen before."""

    def __init__(self) -> None:
        self._status: str | None = None
        self._services: dict[str, str | None] = {}

    def see(self, health: Health | None, error: CoordinaitorError | None = None) -> HealthChange | None:
        """The change, or None where status and services are as they were."""
        status = UNREACHABLE if health is None else str(health.status)
        services = dict(self._services)
        if health is not None:
            # An odd value stays as it came: a service may be anything.
            services = {
                name: getattr(service, "status", None) for name, service in (health.services or {}).items()
            }
        changed = {
            name: services.get(name)
            for name in services.keys() | self._services.keys()
            if services.get(name) != self._services.get(name)
        }
        if status == self._status and not changed:
            return None
        previous, self._status, self._services = self._status, status, services
        return HealthChange(status, previous, changed, health, error)
