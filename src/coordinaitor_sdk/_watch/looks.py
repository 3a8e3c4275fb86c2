"""Looks by REST: snapshots beside the WebSocket, and polling where there is none (DESIGN 4).

A few topics are asked for one by one, many by their list.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Final

from .._core.pace import until_next_look
from .._core.retry import Retry
from .._core.sweep import Sweep, stamp_of
from ..exceptions import (
    APIError,
    AuthenticationError,
    AuthorizationError,
    CoordinaitorError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from .sweeping import read
from .topic import topic_name

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from datetime import datetime

    from .._core.watch_kinds import Kind, Subject
    from .link import Link
    from .registry import Registry
    from .topic import LookedBy, Source, Topic
    from .turns import Turns

logger = logging.getLogger("coordinaitor_sdk")

_FETCHES_AT_ONCE: Final = 8
# So many are asked for one by one, whatever their list would cost.
_FEW: Final = 20
# Seconds for which looks that are due are gathered where there are more, and how often again while there come
# more still.
_GATHER: Final = 0.02
_GATHERINGS: Final = 100
# Seconds between two readings of whole lists, which find what was deleted where no event tells of it; and
# where the list has become shorter.
_WHOLE: Final = 600.0
_SHORTER: Final = 60.0
_BACKOFF: Final = Retry(backoff=0.5, max_backoff=10.0)


class _Lane:
    """What the looks at one kind have in common.

    `newest` is the latest change that any of them has shown; `listed` says that the list can be had;
    `whole_at` is when all of it is to be read next, on the loop's clock.
    """

    def __init__(self, now: float) -> None:
        self.due: dict[str, Topic] = {}
        self.sweeping = False
        self.newest: datetime | None = None
        self.listed = True
        self.quiet = 0
        self.total: int | None = None
        self.whole_at = now + _WHOLE
        self.last_whole = now


class Looks:
    """When each topic is looked at next, and the looking.

    Args:
        source: what is asked.
        registry: whose topics they are.
        link: the connection beside which they happen.
        turns: when the next may go.
        spawn: carries out work in the hub's loop.
    """

    def __init__(
        self,
        source: Source,
        registry: Registry,
        link: Link,
        turns: Turns,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._registry = registry
        self._link = link
        self._spawn = spawn
        self._turns = turns
        self._fetches = asyncio.Semaphore(_FETCHES_AT_ONCE)
        self._lanes: dict[str, _Lane] = {}

    def look_in(self, topic: Topic, delay: float) -> None:
        """Look at the topic in `delay` seconds, instead of when it was due."""
        if topic.timer is not None:
            topic.timer.cancel()
        topic.timer = self._loop.call_later(delay, self._fall_due, topic)

    def look_at_all(self) -> None:
        """Look at everything now."""
        for topic in self._registry.topics.values():
            self.look_in(topic, 0.0)
        for crowd in self._registry.crowds.values():
            crowd.due.set()

    def _fall_due(self, topic: Topic) -> None:
        if topic.fetching:
            topic.again = True  # the one under way may be older than what asked for this one
            return
        lane = self._lane(topic.kind)
        if not lane.due:
            many = len(self._registry.topics) > _FEW
            self._loop.call_later(_GATHER if many else 0.0, self._gather, topic.kind, 1, _GATHERINGS)
        lane.due[topic.name] = topic

    def _lane(self, kind: Kind) -> _Lane:
        lane = self._lanes.get(kind.name)
        if lane is None:
            lane = self._lanes[kind.name] = _Lane(self._loop.time())
        return lane

    def _gather(self, kind: Kind, known: int, left: int) -> None:
        """Begin once no more fall due: confirmations of thousands come in over a while."""
        due = len(self._lane(kind).due)
        if due > known and left:
            self._loop.call_later(_GATHER, self._gather, kind, due, left - 1)
        else:
            self._begin(kind)

    def _begin(self, kind: Kind) -> None:
        lane = self._lane(kind)
        if lane.sweeping:
            return  # its end begins anew
        due = [one for one in lane.due.values() if self._is_watched(one)]
        lane.due = {}
        for topic in due:
            topic.fetching = True
        if due and lane.listed and self._is_worth_a_sweep(kind, due):
            lane.sweeping = True
            self._spawn(self._sweep(kind, lane, due))
        else:
            self._fetch_each(due)

    def _is_watched(self, topic: Topic) -> bool:
        return self._registry.topics.get(topic.name) is topic

    def _is_worth_a_sweep(self, kind: Kind, due: list[Topic]) -> bool:
        if len(due) > _FEW:
            return True
        # A page tells of all of them, and brings them into step.
        known = kind.by_change and all(topic.as_of is not None for topic in due)
        return known and sum(one.kind is kind for one in self._registry.topics.values()) > _FEW

    # --- one by one ---

    def _fetch_each(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            self._spawn(self._fetch(topic))

    async def _fetch(self, topic: Topic) -> None:
        delay, lane = topic.interval, self._lane(topic.kind)
        try:
            async with self._fetches:
                if topic.machine.subject is not None:
                    await self._turns.wait()
                before = lane.newest
                subject = await self._source.fetch(topic.kind.name, topic.machine.subject_id)
        except NotFoundError:
            self._registry.deliver(topic, topic.machine.see_deleted(self._looked(topic)))
        except CoordinaitorError as error:
            delay = self._on_failed(topic, error)
        else:
            self._confirm(topic, before)
            topic.quiet = 0 if self._saw(topic, subject, lane) else topic.quiet + 1
            if topic.as_of is None and topic.kind.by_change:
                topic.as_of = stamp_of(subject)  # its next change is later
            delay = self._until_next_look(topic)
        finally:
            topic.fetching = False
        self._look_again(topic, delay)

    def _saw(self, topic: Topic, subject: Subject, lane: _Lane, *, partial: bool = False) -> bool:
        """Take a sight; whether it brought anything."""
        stamp = stamp_of(subject)
        if stamp is not None and (lane.newest is None or stamp > lane.newest):
            lane.newest = stamp
        update = topic.machine.see(subject, self._looked(topic), topic.since, partial=partial)
        self._registry.deliver(topic, update)
        return update is not None

    def _confirm(self, topic: Topic, as_of: datetime | None) -> None:
        topic.failures = 0
        topic.confirmed = self._loop.time()
        if topic.as_of is None or (as_of is not None and as_of > topic.as_of):
            topic.as_of = as_of

    def _look_again(self, topic: Topic, delay: float) -> None:
        self._registry.tell_states(topic)
        if self._is_watched(topic):
            self.look_in(topic, 0.0 if topic.again else delay)
            topic.again = False

    def _looked(self, topic: Topic) -> LookedBy:
        return "poll" if self._polls(topic) else "snapshot"

    def _polls(self, topic: Topic) -> bool:
        return self._link.refused or topic.refused or topic.polled

    def _until_next_look(self, topic: Topic) -> float:
        polls = self._polls(topic)
        least = self._source.spacing() * (len(self._registry.topics) if polls else 1)
        return until_next_look(topic.interval, topic.quiet, polls=polls, least=least, random=random.random)

    def _on_failed(self, topic: Topic, error: CoordinaitorError) -> float:
        """End the watch where it can't begin or may not go on; else the seconds until another try."""
        logger.info("%s could not be fetched: %s", topic.name, type(error).__name__)
        if topic.machine.subject is None or isinstance(error, (AuthenticationError, AuthorizationError)):
            self._registry.fail(topic, error)
        topic.failures += 1
        return min(topic.interval, 1.0 + _BACKOFF.wait(topic.failures, random.random))

    # --- by the list ---

    async def _sweep(self, kind: Kind, lane: _Lane, due: list[Topic]) -> None:
        floor, missing = self._asked_of(kind, lane, due)
        sweep, moved = Sweep(floor, missing), False
        turns = None if any(topic.machine.subject is None for topic in due) else self._turns
        try:
            async for rows in read(self._source, kind, sweep, {}, turns):
                for row in rows:
                    topic = self._registry.topics.get(topic_name(kind, str(row.id)))
                    if topic is not None:
                        moved |= self._saw(topic, row, lane, partial=True)
        except CoordinaitorError as error:
            self._on_sweep_failed(kind, lane, due, error)
        else:
            lane.quiet = 0 if moved else lane.quiet + 1
            self._note_whole(lane, sweep)
            self._after(kind, lane, due, sweep, floor)
        finally:
            lane.sweeping = False
            if lane.due:
                self._loop.call_later(0.0, self._begin, kind)

    def _asked_of(self, kind: Kind, lane: _Lane, due: list[Topic]) -> tuple[datetime | None, list[str]]:
        """Since when changes are wanted, and of which topics a sight is."""
        told = all(topic.live and topic.since is not None for topic in due)  # of deletions, by events
        if not kind.by_change or (self._loop.time() >= lane.whole_at and not told):
            return None, [topic.machine.subject_id for topic in due]
        floor = min((topic.as_of for topic in due if topic.as_of is not None), default=None)
        return floor, [topic.machine.subject_id for topic in due if topic.as_of is None]

    def _note_whole(self, lane: _Lane, sweep: Sweep) -> None:
        now = self._loop.time()
        if sweep.whole:
            lane.last_whole, lane.whole_at = now, now + _WHOLE
        elif lane.total is not None and sweep.total is not None and sweep.total < lane.total:
            lane.whole_at = min(lane.whole_at, lane.last_whole + _SHORTER)
        lane.total = sweep.total

    def _after(self, kind: Kind, lane: _Lane, due: list[Topic], sweep: Sweep, floor: datetime | None) -> None:
        """What the list showed, and what it didn't: unchanged, or to be asked for."""
        names = {topic.name for topic in due}
        left = [one for one in due if self._is_watched(one) and not self._is_told(one, sweep, floor)]
        asked = {topic.name for topic in left}
        for topic in due:
            topic.fetching = topic.name in asked
        # One that still waits for its subscription keeps its own time.
        told = [
            topic
            for topic in self._registry.topics.values()
            if topic.kind is kind
            and (topic.name in names or topic.live or self._polls(topic))
            and not topic.fetching
            and self._is_told(topic, sweep, floor)
        ]
        for topic in told:
            self._confirm(topic, sweep.newest)
        delay = self._until_next_sweep(told, lane, sweep)
        for topic in told:
            self._look_again(topic, delay)
        self._fetch_each(left)

    def _is_told(self, topic: Topic, sweep: Sweep, floor: datetime | None) -> bool:
        if topic.machine.subject_id in sweep.seen:
            return topic.machine.subject is not None
        unchanged = floor is not None and topic.as_of is not None and topic.as_of >= floor
        return unchanged and sweep.reached and not sweep.whole

    def _until_next_sweep(self, topics: list[Topic], lane: _Lane, sweep: Sweep) -> float:
        interval = min((topic.interval for topic in topics), default=_WHOLE)
        polls = any(self._polls(topic) for topic in topics)
        least = self._source.spacing() * sweep.requests
        return until_next_look(interval, lane.quiet, polls=polls, least=least, random=random.random)

    def _on_sweep_failed(self, kind: Kind, lane: _Lane, due: list[Topic], error: CoordinaitorError) -> None:
        passing = isinstance(error, (AuthenticationError, RateLimitError, ServerError))
        if isinstance(error, APIError) and not passing:
            logger.info("the list of %s can't be had: %s", kind.channel, type(error).__name__)
            lane.listed = False
            self._fetch_each(due)
            return
        for topic in due:
            topic.fetching = False
            delay = self._on_failed(topic, error)
            self._look_again(topic, delay)
