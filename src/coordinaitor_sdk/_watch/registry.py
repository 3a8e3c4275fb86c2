"""Who watches what: the topics, their watchers, and what these are told of how updates come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._core.watch import Connection
    from .._core.watch_kinds import Update
    from ..exceptions import CoordinaitorError
    from .crowd import Crowd
    from .link import Link
    from .topic import Topic, Watcher

_TELL_WITHIN: Final = 0.02


class Registry:
    """The watches of one hub.

    Args:
        link: the connection.
        emptied: called when the last of them has gone.
    """

    def __init__(self, link: Link, emptied: Callable[[], None]) -> None:
        self.topics: dict[str, Topic] = {}
        self.watchers: dict[int, Watcher] = {}
        self.crowds: dict[int, Crowd] = {}
        self._link = link
        self._emptied = emptied
        self._last_key = 0
        self._untold: set[int] = set()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is watched."""
        return not self.topics and not self.crowds

    def new_key(self) -> int:
        """The key of another watch."""
        self._last_key += 1
        return self._last_key

    def remove(self, key: int) -> None:
        """End a watch; the last one of a topic ends its subscription."""
        crowd = self.crowds.pop(key, None)
        if crowd is not None:
            crowd.close()
            if not crowd.polled:
                self._link.unsubscribe(f"*{key}")
            self._let_go()
        watcher = self.watchers.pop(key, None)
        if watcher is None:
            return
        for name in watcher.remaining:
            topic = self.topics.get(name)
            if topic is not None:
                topic.watchers.discard(key)
                if not topic.watchers:
                    self._drop(topic)

    def _drop(self, topic: Topic) -> None:
        if self.topics.pop(topic.name, None) is None:
            return
        if topic.timer is not None:
            topic.timer.cancel()
        if not topic.polled:
            self._link.unsubscribe(topic.name)
        self._let_go()

    def _let_go(self) -> None:
        if self.is_empty:
            self._emptied()

    # --- what watches are given ---

    def deliver(self, topic: Topic, update: Update | None) -> None:
        """Give an update to all who watch the topic, and let go of one that has ended."""
        if update is None:
            return
        for key in list(topic.watchers):
            watcher = self.watchers[key]
            sink = watcher.sink()
            if sink is None:
                continue
            sink.put(update)
            if update.is_final:
                watcher.remaining.discard(topic.name)
                if not watcher.remaining:
                    del self.watchers[key]
                    sink.end(None)
        if update.is_final:
            self._drop(topic)

    def fail(self, topic: Topic, error: CoordinaitorError) -> None:
        """End all who watch the topic."""
        for key in list(topic.watchers):
            watcher = self.watchers[key]
            sink = watcher.sink()
            self.remove(key)
            if sink is not None:
                sink.end(error)

    def end_all(self, error: CoordinaitorError | None) -> None:
        """End every watch."""
        sinks = {key: watcher.sink for key, watcher in self.watchers.items()}
        sinks |= {key: crowd.sink for key, crowd in self.crowds.items()}
        for key, held in sinks.items():
            sink = held()
            self.remove(key)
            if sink is not None:
                sink.end(error)

    # --- how updates come ---

    def confirmed(self, key: int) -> float | None:
        """Seconds on the loop's clock at which all that a watch waits for was last known to hold."""
        crowd = self.crowds.get(key)
        if crowd is not None:
            return self._confirmed(crowd)
        watcher = self.watchers.get(key)
        topics = [self.topics.get(one) for one in list(watcher.remaining)] if watcher is not None else []
        times = [self._confirmed(topic) for topic in topics if topic is not None]
        return None if None in times else min((one for one in times if one is not None), default=None)

    def _confirmed(self, topic: Topic | Crowd) -> float | None:
        if not topic.live or topic.confirmed is None:
            return topic.confirmed
        return max(topic.confirmed, self._link.last_inbound)

    def tell_state(self, key: int) -> None:
        """Tell a watch how its updates come."""
        crowd = self.crowds.get(key)
        if crowd is not None and (sink := crowd.sink()) is not None:
            sink.state_is(self._state_of([crowd]))
            return
        watcher = self.watchers.get(key)
        sink = watcher.sink() if watcher is not None else None
        if watcher is None or sink is None:
            return
        topics = [self.topics[one] for one in watcher.remaining if one in self.topics]
        sink.state_is(self._state_of(topics))

    def tell_states(self, topic: Topic | None = None) -> None:
        """Tell those who watch the topic, or all, a moment later."""
        # Gathered: a watch of thousands is looked at once for all that they have to tell.
        if not self._untold:
            asyncio.get_running_loop().call_later(_TELL_WITHIN, self._tell_gathered)
        self._untold.update([*self.watchers, *self.crowds] if topic is None else topic.watchers)

    def _tell_gathered(self) -> None:
        keys, self._untold = self._untold, set()
        for key in keys:
            self.tell_state(key)

    def _state_of(self, topics: Sequence[Topic | Crowd]) -> Connection:
        if topics and all(topic.live for topic in topics):
            return "live"
        if any(topic.failures for topic in topics if not topic.live):
            return "stale"
        polls = self._link.refused or any(topic.polled or topic.refused for topic in topics)
        if not polls and self._link.outgoing is not None and self._link.delivered:
            return "live"  # a server that never says `subscribed`
        return "polling" if polls else "resuming"
