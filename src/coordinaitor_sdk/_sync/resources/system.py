# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""`client.system` (API document, "System Endpoints")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..._core.request import Call
from ..._core.response import one
from ...models.system import Health

if TYPE_CHECKING:
    from ..session import Session

# A 503 that carries a health body is the answer, not a failure (DESIGN 3.9).
_HEALTH: Final = one(Health, "health", good=frozenset({503}))


class System:
    """The system's state: health."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def health(self) -> Health:
        """How the system is (`GET /system/health`); needs no credentials.

        An unhealthy system answers too: look at `.status`.
        """
        return self._session.call_openly(Call("GET", "/system/health", _HEALTH))
