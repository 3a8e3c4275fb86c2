"""Ready-made frames and answers: a task with places for what changes."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.answers import recorded

EPOCH: Final = "epoch-1"
# Numbers of one width: frames are all as long.
FIRST_VERSION: Final = 1_000_000
FIRST_SEQ: Final = 1_000_000_000


def task_id(number: int) -> str:
    """The id of a task, always as long."""
    return f"task-{number:07d}"


@dataclass(slots=True)
class Stored:
    """What changes of a task."""

    number: int
    version: int = FIRST_VERSION
    moment: int = 0

    def json(self) -> str:
        """The task as it is on the wire."""
        return _TASK % (
            self.number,
            self.version % 9000 + 1000,
            self.moment // 3600 % 24,
            self.moment // 60 % 60,
            self.moment % 60,
            self.version,
        )


def push(task: Stored, seq: int, sent: float = 0.0) -> bytes:
    """A `task.updated` as a whole WebSocket frame; its task has `sent`, on the monotonic clock."""
    return text_frame(_PUSH % (task.json()[:-1], sent, seq, EPOCH))


def text_frame(text: str) -> bytes:
    """A text frame as a server sends it: not masked, not deflated."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    return struct.pack("!BBH", 0x81, 126, size) + payload


def _task_template() -> str:
    sample: dict[str, Any] = json.loads(recorded("tasks"))["data"][0]
    # About the 636 bytes for which the bounds were set.
    for name in ("assignedAgent", "project", "requirements", "acceptanceCriteria"):
        sample.pop(name, None)
    sample |= {"id": "NUMBER", "status": "active", "progress": "FRACTION", "updatedAt": "MOMENT"}
    sample |= {"version": "VERSION"}
    text = json.dumps(sample, separators=(",", ":")).replace("%", "%%")
    places = {
        "NUMBER": "task-%07d",
        '"FRACTION"': "0.%04d",
        "MOMENT": "2026-11-28T%02d:%02d:%02d.000Z",
        '"VERSION"': "%07d",
    }
    ordered = sorted(places, key=text.index)
    if ordered != list(places):
        raise ValueError(f"the places stand in another order: {ordered}")
    for place, form in places.items():
        text = text.replace(place, form)
    return text


_TASK: Final = _task_template()
_PUSH: Final = (
    '{"type":"task.updated","data":%s,"sent":%.6f},"seq":%010d,"epoch":"%s",'
    '"timestamp":"2026-11-28T00:00:00.000Z"}'
)
