"""Looks at tasks by REST: snapshots beside the WebSocket, and polling where there is none (DESIGN 4)."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Final

from .._core.retry import Retry
from ..exceptions import AuthenticationError, AuthorizationError, CoordinaitorError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .link import Link
    from .registry import Registry
    from .topic import LookedBy, Source, Topic

logger = logging.getLogger("coordinaitor_sdk")

_FETCHES_AT_ONCE: Final = 8
# Where no WebSocket can be had: seconds until the next look at a task that moves, and how much longer it
# takes with every look that brings nothing new.
_POLL: Final = 0.5
_POLL_SLOWER: Final = 1.5
_BACKOFF: Final = Retry(backoff=0.5, max_backoff=10.0)


class Looks:
    """When each topic is looked at next, and the looking.

    Args:
        source: what is asked.
        registry: whose topics they are.
        link: the connection beside which they happen.
        spawn: carries out work in the hub's loop.
    """

    def __init__(
        self,
        source: Source,
        registry: Registry,
        link: Link,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._registry = registry
        self._link = link
        self._spawn = spawn
        self._fetches = asyncio.Semaphore(_FETCHES_AT_ONCE)

    def look_in(self, topic: Topic, delay: float) -> None:
        """Take a snapshot of the topic in `delay` seconds, instead of when it was due."""
        if topic.timer is not None:
            topic.timer.cancel()
        topic.timer = self._loop.call_later(delay, self._snapshot, topic)

    def look_at_all(self) -> None:
        for topic in self._registry.topics.values():
            self.look_in(topic, 0.0)
        for crowd in self._registry.crowds.values():
            crowd.due.set()

    def _snapshot(self, topic: Topic) -> None:
        if topic.fetching:
            topic.again = True  # the one under way may be older than what asked for this one
            return
        topic.fetching = True
        self._spawn(self._fetch(topic))

    async def _fetch(self, topic: Topic) -> None:
        delay = topic.interval
        try:
            async with self._fetches:
                task = await self._source.fetch(topic.machine.task_id)
        except NotFoundError:
            self._registry.deliver(topic, topic.machine.see_deleted(self._looked(topic)))
        except CoordinaitorError as error:
            delay = self._on_fetch_failed(topic, error)
        else:
            topic.failures = 0
            topic.confirmed = self._loop.time()
            update = topic.machine.see(task, self._looked(topic), topic.since)
            topic.quiet = topic.quiet + 1 if update is None else 0
            delay = self._until_next_look(topic)
            self._registry.deliver(topic, update)
        finally:
            topic.fetching = False
        self._registry.tell_states(topic)
        if self._registry.topics.get(topic.machine.task_id) is topic:
            self.look_in(topic, 0.0 if topic.again else delay)
            topic.again = False

    def _looked(self, topic: Topic) -> LookedBy:
        return "poll" if self._link.refused or topic.polled else "snapshot"

    def _until_next_look(self, topic: Topic) -> float:
        """Seconds; fast while things move where looks are all that there is, slower when they don't."""
        seconds = min(topic.interval, _POLL * _POLL_SLOWER ** min(topic.quiet, 20))
        chosen = seconds if self._link.refused or topic.polled else topic.interval
        return chosen * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing

    def _on_fetch_failed(self, topic: Topic, error: CoordinaitorError) -> float:
        """End the watch where it can't begin or may not go on; else the seconds until another try."""
        logger.info("task %s could not be fetched: %s", topic.machine.task_id, type(error).__name__)
        if topic.machine.task is None or isinstance(error, (AuthenticationError, AuthorizationError)):
            self._registry.fail(topic, error)
        topic.failures += 1
        return min(topic.interval, 1.0 + _BACKOFF.wait(topic.failures, random.random))
