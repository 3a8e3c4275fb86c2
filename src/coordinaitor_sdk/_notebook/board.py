"""What a live output shows: how far each watched task is, as HTML."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from .._core.watch import TaskUpdate
from ..models.html import bar, framed, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._core.watch import Connection
    from .._core.watch_kinds import Update

_ROWS: Final = 20
_STATES: Final[dict[Connection, str]] = {
    "live": "",
    "resuming": "the connection is being made",
    "polling": "there is no WebSocket: REST is asked",
    "stale": "the server can't be reached: this may be out of date",
}


class Board:
    """The newest state of what a watch watches.

    Args:
        total: how many; None where that is open.
        kind: what they are.
    """

    def __init__(self, total: int | None, kind: str = "task") -> None:
        self._total = total
        self._kind = kind
        self._running: dict[str, Update] = {}
        self._ended: deque[Update] = deque(maxlen=_ROWS)
        self._ends = 0
        self._words = ""

    def take(self, updates: Iterable[Update], state: Connection) -> None:
        """What has come since the last time, and how updates come now."""
        self._words = _STATES[state]
        for update in updates:
            if update.is_final:
                self._running.pop(update.subject_id, None)
                self._ended.append(update)
                self._ends += 1
            else:
                self._running[update.subject_id] = update

    def end(self, words: str = "") -> None:
        """Nothing more comes; `words` say why, where the tasks have not ended."""
        self._words = words

    @property
    def fraction(self) -> float:
        """How much of all has been done, from 0.0 to 1.0; what has ended counts as done."""
        total = self._count()
        parts = (_progress(update) or 0.0 for update in self._running.values())
        done = self._ends + sum(min(1.0, max(0.0, part)) for part in parts)
        return min(1.0, done / total) if total else 0.0

    def html(self, *, with_bar: bool = True) -> str:
        """All of it. A widget has a bar of its own."""
        total = self._count()
        whole = f" {bar(self.fraction)}" if with_bar and total != 1 else ""
        head = f"<div><b>{self._ends} of {total} ended</b>{whole}</div>" if total != 1 else ""
        words = f"<div><i>{text(self._words)}</i></div>" if self._words else ""
        shown = [*list(self._running.values())[:_ROWS], *self._ended][:_ROWS]
        known = len(self._running) + self._ends
        more = f"<div>… and {known - len(shown)} more</div>" if known > len(shown) else ""
        rows = [_row(update) for update in shown]
        return framed(head, table((self._kind, "title", "state", "progress", ""), rows), more, words)

    def _count(self) -> int:
        return len(self._running) + self._ends if self._total is None else self._total


def _progress(update: Update) -> float | None:
    return update.progress if isinstance(update, TaskUpdate) else None


def _row(update: Update) -> tuple[str, ...]:
    subject, progress = update.subject, _progress(update)
    title = "" if subject is None else getattr(subject, "title", None) or getattr(subject, "name", "")
    state = "deleted" if update.type == "deleted" or subject is None else subject.status
    error = update.error if isinstance(update, TaskUpdate) else None
    shown = "" if progress is None else bar(progress)
    return text(update.subject_id), text(title), text(state), shown, text(error or "")
