"""What comes over the WebSocket, read tolerantly (DESIGN 4)."""

from __future__ import annotations

from functools import lru_cache

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from ..models.common import Model
from ..models.task import Task  # noqa: TC001 - pydantic reads it at run time
from .repair import validate_leniently


class Frame(Model):
    """One message of the server; `heartbeat` in seconds. Fields that its type doesn't use are None."""

    type: str | None = None
    id: str | None = None
    seq: int | None = None
    epoch: str | None = None
    heartbeat: float | None = None
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    data: Task | None = None


@lru_cache(maxsize=1)
def _frames() -> TypeAdapter[Frame]:
    return TypeAdapter(Frame)


def read_frame(message: str | bytes) -> Frame | None:
    """The frame in a message, or None where it can't be read as a JSON object."""
    try:
        return _frames().validate_json(message)
    except ValidationError:
        pass
    try:
        return validate_leniently(_frames(), from_json(message))
    except (ValueError, RecursionError):  # ValidationError is a ValueError
        return None
