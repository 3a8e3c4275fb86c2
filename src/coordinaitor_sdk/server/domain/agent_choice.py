"""Which agent takes a task that has none, and what an agent's work makes of its status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from coordinaitor_sdk.server.domain.working_hours import WorkingHours


@dataclass(slots=True)
class Candidate:
    """An enabled agent, as the choice sees it.

    Attributes:
        skills: its type, capabilities and specializations, in lower case.
        active: tasks that it works on now.
        limit: tasks that it works on at once, at most.
        hours: when it works; None for at all hours.
    """

    id: str
    skills: frozenset[str]
    active: int
    limit: int
    hours: WorkingHours | None = None

    @property
    def free_slots(self) -> int:
        """How many more tasks it takes."""
        return max(0, self.limit - self.active)

    def is_on_duty(self, moment: datetime) -> bool:
        """Whether it works at that moment."""
        return self.hours is None or self.hours.contain(moment)


def choose_agent(tags: Iterable[str], candidates: Iterable[Candidate]) -> Candidate | None:
    """The free agent that fits best: most tags among its skills, then least loaded, then by id.

    None: all are full.
    """
    wanted = {tag.casefold() for tag in tags}
    free = [candidate for candidate in candidates if candidate.free_slots > 0]
    if not free:
        return None
    return min(free, key=lambda agent: (-len(wanted & agent.skills), agent.active / agent.limit, agent.id))


def status_of(current: str, active: int, limit: int, *, enabled: bool = True) -> str:
    """The status that follows: offline while disabled, else busy without a free slot, else available; error
    stays.
    """
    if not enabled:
        return "offline"
    if current == "error":
        return current
    return "busy" if active >= limit else "available"
