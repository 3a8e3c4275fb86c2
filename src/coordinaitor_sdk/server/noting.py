"""What is noted of each request: a count, a time, and a line in the log of the caller's organization."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from coordinaitor_sdk.server.domain.permissions import Principal
from coordinaitor_sdk.server.settings import Meter
from coordinaitor_sdk.server.store.logs import Level
from coordinaitor_sdk.server.system_log import SystemLog
from coordinaitor_sdk.server.worlds import Worlds

LONGEST_PATH: Final = 200
"""Characters of a path that are kept."""


class Noting:
    """Notes requests. Of the address only the path is told: a query may hold what nobody else should read."""

    def __init__(self, meter: Meter, log: SystemLog, worlds: Worlds) -> None:
        self._meter = meter
        self._log = log
        self._worlds = worlds

    def note(self, scope: Scope, seconds: float, status: int) -> None:
        """Note a request and its answer; a status of 0 is none."""
        self._meter.note(seconds, status)
        if scope["path"].startswith("/_control/"):
            return  # tests of other worlds must not show in the default one
        caller = scope.get("caller")
        world = self._worlds.get(caller.world) if isinstance(caller, Principal) else None
        # As it was sent: percent-encoded, and so without control characters.
        path = scope["raw_path"].decode("latin-1")[:LONGEST_PATH]
        said = status or "without an answer"
        message = f"{scope['method']} {path} {said} {1_000 * seconds:.1f} ms"
        request_id: str = scope["request_id"]
        self._log.note(world or self._worlds.default, _level(path, status), "api", message, request_id)


def _level(path: str, status: int) -> Level:
    if status >= 500:
        return "error"
    if status >= 400 or status == 0:
        return "warn"
    return "debug" if path.endswith("/system/health") else "info"
