"""What comes in over the connection, and what it means for the watches."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .._core.frames import Frame, read_frame
from .._core.watch_kinds import KINDS
from ..models.agent import Agent
from ..models.project import Project
from ..models.task import Task
from .topic import topic_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.watch import Position
    from .._core.watch_kinds import Kind
    from .crowd import Crowd
    from .feeds import Feeds
    from .link import Link
    from .looks import Looks
    from .registry import Registry
    from .topic import Topic

logger = logging.getLogger("coordinaitor_sdk")


class Inbox:
    """Reads each message, and passes on what it tells."""

    def __init__(self, registry: Registry, feeds: Feeds, link: Link, looks: Looks) -> None:
        self._registry = registry
        self._feeds = feeds
        self._link = link
        self._looks = looks
        self._handlers: dict[str, Callable[[Frame], None]] = {
            "ready": self._on_ready,
            "heartbeat": self._on_heartbeat,
            "subscribed": self._on_subscribed,
            "resync": self._on_resync,
            "error": self._on_error,
        }

    def receive(self, message: str | bytes) -> None:
        """Take a message of the present connection."""
        frame = read_frame(message)
        if frame is None or not isinstance(frame.type, str):
            logger.warning("a message of %d bytes can't be read; what is watched is fetched", len(message))
            self._looks.look_at_all()
            return
        if "." in frame.type:
            self._feeds.on_push(message)
        if (kind := KINDS.get(frame.type.partition(".")[0])) is not None:
            self._on_push(kind, frame)
        else:
            handler = self._handlers.get(frame.type)
            if handler is not None:
                handler(frame)

    def _on_push(self, kind: Kind, frame: Frame) -> None:
        if not self._link.delivered:
            self._link.delivered = True
            self._registry.tell_states()
        subject = frame.data
        # An odd value stays as it came: `data` may be anything.
        if not isinstance(subject, (Task, Agent, Project)):
            return
        position: Position | None = None
        if isinstance(frame.seq, int) and isinstance(frame.epoch, str):
            position = (frame.epoch, frame.seq)
        deleted = frame.type == f"{kind.name}.deleted"
        for crowd in list(self._registry.crowds.values()) if self._registry.crowds else ():
            if crowd.kind is kind and not crowd.polled:
                crowd.on_push(subject, position, deleted=deleted)
        topic = self._registry.topics.get(topic_name(kind, str(subject.id)))
        if topic is None:
            return
        if position is not None and topic.live:
            topic.since = position
        topic.confirmed = self._link.last_inbound
        if deleted:
            self._registry.deliver(topic, topic.machine.see_deleted("push", topic.since))
        else:
            self._registry.deliver(topic, topic.machine.see(subject, "push", topic.since))

    def _on_ready(self, frame: Frame) -> None:
        self._link.epoch = frame.epoch
        self._feeds.on_ready(frame)
        if isinstance(frame.heartbeat, (int, float)) and frame.heartbeat > 0:
            self._link.heartbeat = float(frame.heartbeat)

    def _on_heartbeat(self, frame: Frame) -> None:
        self._link.delivered = True
        if isinstance(frame.seq, int):
            self._link.heard = frame.seq

    def _on_subscribed(self, frame: Frame) -> None:
        self._link.confirmed = self._link.last_inbound
        self._feeds.on_subscribed(frame)
        crowd = self._crowd_of(frame)
        if crowd is not None:
            crowd.on_subscribed(self._link.epoch, frame.seq)
            self._registry.tell_states()
        topic = self._topic_of(frame)
        if topic is None:
            return
        resumed = topic.since is not None
        if topic.since is not None and self._link.epoch not in {None, topic.since[0]}:
            topic.machine.rebase()  # another history, of which the position says nothing
            topic.as_of = None
            resumed = False
        topic.live = True
        if topic.confirmed is not None:
            topic.confirmed = asyncio.get_running_loop().time()
        topic.failures = 0
        self._registry.tell_states(topic)
        if isinstance(self._link.epoch, str) and isinstance(frame.seq, int):
            topic.since = (self._link.epoch, frame.seq)
        if not resumed:
            self._looks.look_in(topic, 0.0)

    def _on_resync(self, frame: Frame) -> None:
        self._feeds.on_resync(frame)
        crowd = self._crowd_of(frame)
        if crowd is not None:
            crowd.on_resync(frame.reason)
        topic = self._topic_of(frame)
        if topic is None:
            return
        topic.since = None  # `subscribed` follows, and then a snapshot
        if frame.reason == "epoch_changed":
            topic.machine.rebase()
            topic.as_of = None

    def _on_error(self, frame: Frame) -> None:
        # What concerns the whole connection ends it, and REST tells the consumer why.
        if self._feeds.on_error(frame):
            return
        level = logging.INFO if frame.id is None else logging.WARNING
        logger.log(level, "the server refused a live message: %s %s", frame.code, frame.message)
        crowd = self._crowd_of(frame)
        if crowd is not None:
            crowd.on_refused()
        topic = self._topic_of(frame)
        if topic is not None:
            topic.live, topic.refused = False, True
            self._looks.look_in(topic, 0.0)
            self._registry.tell_states(topic)

    def _topic_of(self, frame: Frame) -> Topic | None:
        name = self._link.named_in(frame.id)
        return None if name is None else self._registry.topics.get(name)

    def _crowd_of(self, frame: Frame) -> Crowd | None:
        mark, _, key = (self._link.named_in(frame.id) or "").partition("*")
        return self._registry.crowds.get(int(key)) if not mark and key.isdigit() else None
