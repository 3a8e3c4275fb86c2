"""What comes over the WebSocket, read tolerantly (DESIGN 4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from ..models.agent import Agent  # noqa: TC001 - pydantic reads it at run time
from ..models.common import Model
from ..models.project import Project  # noqa: TC001
from ..models.task import Task  # noqa: TC001
from .repair import validate_leniently


class Frame(Model):
    """One message of the server; `heartbeat` in seconds. Fields that its type doesn't use are None."""

    model_config = ConfigDict(extra="ignore")  # nobody sees a frame: what is not used need not be kept

    type: str | None = None
    id: str | None = None
    seq: int | None = None
    epoch: str | None = None
    heartbeat: float | None = None
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    organization: Any = None
    data: Any = None


class _TaskFrame(Frame):
    data: Task | None = None


class _AgentFrame(Frame):
    data: Agent | None = None


class _ProjectFrame(Frame):
    data: Project | None = None


_OTHERS: dict[str, type[Frame]] = {"agent": _AgentFrame, "project": _ProjectFrame}


@lru_cache(maxsize=3)
def _frames(of: type[Frame]) -> TypeAdapter[Frame]:
    return TypeAdapter(of)


def read_frame(message: str | bytes) -> Frame | None:
    """The frame in a message, or None where it can't be read as a JSON object."""
    frame = _read(message, _TaskFrame)  # most are of tasks: only others are read twice
    other = _OTHERS.get(str(frame.type).partition(".")[0]) if frame is not None else None
    return frame if other is None else _read(message, other)


def _read(message: str | bytes, of: type[Frame]) -> Frame | None:
    try:
        return _frames(of).validate_json(message)
    except ValidationError:
        pass
    try:
        return validate_leniently(_frames(of), from_json(message))
    except (ValueError, RecursionError):  # ValidationError is a ValueError
        return None
