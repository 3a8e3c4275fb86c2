"""The hub, with two worlds beside each other."""

from __future__ import annotations

from coordinaitor_sdk.server.domain.permissions import ALL, Principal
from coordinaitor_sdk.server.events import Event
from coordinaitor_sdk.server.worlds import World, Worlds
from coordinaitor_sdk.server.ws.hub import Hub
from coordinaitor_sdk.server.ws.subscriptions import Subscription, Subscriptions


class Silent:
    """A store in which nothing is stored."""

    def value(self, *_: object, **__: object) -> None:
        """No row."""

    def all(self, *_: object, **__: object) -> list[object]:
        """No rows."""
        return []


class Listener:
    """A socket that notes what it is sent."""

    def __init__(self, world: str) -> None:
        self.principal = Principal(world, "user", ALL)
        self.subscriptions = Subscriptions()
        self.frames: list[str] = []

    def push(self, frame: str) -> None:
        """Note it."""
        self.frames.append(frame)

    def end(self, code: int, error: object = None) -> None:
        """Never called here."""
        raise AssertionError(code)


def event(world: str, seq: int) -> Event:
    """An event of a task that has the same id in every world."""
    return Event(
        world, f"epoch of {world}", seq, "task.updated", "tasks", "task-1", {"taskId": "task-1"}, "{}", "now"
    )


def test_event_stays_in_its_world():
    """A socket is told of its own world only, whatever the ids."""
    worlds = Worlds([World(name, name, 1, "e", name == "a") for name in ("a", "b")])
    hub = Hub(Silent(), worlds, 15)  # type: ignore[arg-type]
    listeners = {name: Listener(name) for name in ("a", "b")}
    for name, listener in listeners.items():
        world = worlds.get(name)
        assert world is not None
        hub.join(world, listener)
        hub.subscribe(world, listener, Subscription("all", "tasks", {}))
        hub.subscribe(world, listener, Subscription("one", "tasks", {"taskId": frozenset({"task-1"})}))
    hub.publish([event("a", 1), event("b", 1), event("a", 2)])
    assert [len(listeners[name].frames) for name in ("a", "b")] == [2, 1]
    assert "epoch of b" in listeners["b"].frames[0]
    world = worlds.get("a")
    assert world is not None
    hub.leave(world, listeners["a"])
    hub.publish([event("a", 3)])
    assert len(listeners["a"].frames) == 2
    assert len(listeners["a"].subscriptions) == 0
    assert hub.seq(world) == 3
