"""An error as JSON: what a script reads on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .output.json import dumps

if TYPE_CHECKING:
    from .errors import Situation, Told


def as_json(error: Exception, told: Told, code: int, situation: Situation) -> str:
    """One line with all that is known; what is not known is null."""
    return dumps({"error": as_data(error, told, code, situation)}, indent=None)


def as_data(error: Exception, told: Told, code: int, situation: Situation) -> dict[str, Any]:
    """The same as data."""
    settings, (profile, source) = situation.settings, situation.profile or (None, None)
    details: dict[str, list[str]] = {}
    for name, said in told.details:
        details.setdefault(name, []).append(said)
    return {
        "message": told.message,
        "exitCode": int(code),
        "type": type(error).__name__,
        "status": getattr(error, "status", None),
        "code": getattr(error, "code", None) if hasattr(error, "status") else None,
        "details": details,
        "requestId": getattr(error, "request_id", None),
        "retryAfter": getattr(error, "retry_after", None),
        "hint": told.hint,
        "profile": profile,
        "profileSource": source,
        "baseUrl": settings.base_url if settings else None,
    }
