"""Simulated agents of a reference server, moved by hand."""

from __future__ import annotations

from typing import Any, Literal

from ..models.common import Model
from ..models.task import Task  # noqa: TC001 - pydantic reads it at run time

AgentMode = Literal["simulate", "manual", "off"]


class AgentStep(Model):
    """The task after a move; None when no task waits and none is worked on."""

    task: Task | None = None


def moving(
    task: str | None, progress: float | None, *, complete: bool, fail: str | None, code: str | None
) -> dict[str, Any]:
    """The body of a call that moves agents."""
    error = {"message": fail} | ({} if code is None else {"code": code})
    given = {
        "task": task,
        "progress": progress,
        "complete": complete or None,
        "fail": None if fail is None else error,
    }
    return {name: value for name, value in given.items() if value is not None}
