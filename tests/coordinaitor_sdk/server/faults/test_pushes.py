"""What a fault does to the pushes and subscriptions of a world, seen by clients on real sockets."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .conftest import Faulty


class Socket:
    """A socket of a world, that speaks JSON."""

    def __init__(self, raw):
        self.raw = raw
        self.ready = self.get()

    def send(self, **message):
        """Send a message."""
        self.raw.send(json.dumps(message))

    def get(self, timeout=20):
        """The next message; heartbeats are passed over."""
        while (message := json.loads(self.raw.recv(timeout)))["type"] == "heartbeat":
            pass
        return message

    def subscribe(self, channel="projects", **more):
        """The answer to a subscription."""
        self.send(type="subscribe", channel=channel, **more)
        return self.get()

    def names(self):
        """The names of the projects that were pushed, up to now."""
        self.send(type="ping")
        found = []
        while (message := self.get())["type"] != "pong":
            found.append(message["data"]["name"])
        return found


@contextmanager
def opened(faulty: Faulty, **options):
    """A socket of the world's admin."""
    url = faulty.control.url.replace("http", "ws", 1) + "/ws"
    with connect(url, additional_headers={"X-API-Key": faulty.world.key}, **options) as raw:
        yield Socket(raw)


@contextmanager
def subscribed(faulty: Faulty, **options):
    """One that is told of projects."""
    with opened(faulty, **options) as socket:
        assert socket.subscribe()["type"] == "subscribed"
        yield socket


def make(faulty, *names):
    """Projects of those names, one after the other: a push each."""
    for name in names:
        faulty.world.post("/projects", {"name": name})


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "drop"}, ["b", "c", "d"]),
        ({"kind": "drop", "nth": 2, "count": 2}, ["a", "d"]),
        ({"kind": "drop", "event": "project.created", "channel": "projects"}, ["b", "c", "d"]),
        ({"kind": "drop", "event": "project.updated"}, ["a", "b", "c", "d"]),
        ({"kind": "drop", "channel": "agents"}, ["a", "b", "c", "d"]),
        ({"kind": "duplicate", "nth": 3}, ["a", "b", "c", "c", "d"]),
        ({"kind": "reorder"}, ["b", "a", "c", "d"]),
        ({"kind": "reorder", "nth": 2, "count": 2}, ["a", "d", "b", "c"]),
    ],
    ids=str,
)
def test_pushes_are_lost_doubled_and_changed_over(faulty, fault, expected):
    """As often as asked, then all is well; to each of the world's sockets alike."""
    faulty.add(**fault)
    with subscribed(faulty) as first, subscribed(faulty) as second:
        make(faulty, "a", "b", "c", "d")
        assert first.names() == second.names() == expected


def test_a_push_that_goes_to_no_socket_counts_not(faulty):
    """Nothing could happen to it."""
    fault = faulty.add("drop")
    make(faulty, "nobody hears of it")
    assert faulty.state(fault) == (0, 0, False)
    assert faulty.faults()["unfired"] == [fault]


def test_what_was_lost_comes_to_who_resumes(faulty):
    """The log has it: `since` replays it."""
    faulty.add("drop")
    with subscribed(faulty) as socket:
        make(faulty, "lost", "heard")
        assert socket.names() == ["heard"]
        epoch, seq = socket.ready["epoch"], socket.ready["seq"]
    with opened(faulty) as socket:
        assert socket.subscribe(since={"epoch": epoch, "seq": seq})["data"]["name"] == "lost"


def test_a_reordered_push_comes_with_the_heartbeat_if_no_other_does(control):
    """It is held back, not lost."""
    with control.world(seed="empty") as world:
        faulty = Faulty(control, world)
        faulty.add("reorder")
        with subscribed(faulty) as socket:
            make(faulty, "alone")
            assert socket.get(timeout=40)["data"]["name"] == "alone"


def test_half_open_says_nothing_and_answers_nothing(faulty):
    """Neither pushes nor pongs of either kind nor a farewell; another socket goes on."""
    faulty.add("half-open")
    with subscribed(faulty, close_timeout=0.2, ping_interval=None) as silent:
        make(faulty, "the last straw")
        with subscribed(faulty) as well:
            make(faulty, "heard")
            assert well.names() == ["heard"]
        silent.send(type="ping")
        assert not silent.raw.ping().wait(0.3)
        with pytest.raises(TimeoutError):
            silent.raw.recv(0.3)
    assert faulty.statuses(1) == [200]


def test_half_open_sockets_do_not_hold_up_the_end(faulty, control):
    """They end with their world."""
    with control.world(seed="empty") as world:
        other = Faulty(control, world)
        other.add("half-open")
        with subscribed(other, close_timeout=0.2, ping_interval=None) as silent:
            make(other, "the last straw")
            world.delete()
            with pytest.raises(ConnectionClosed):
                silent.raw.recv(20)


@pytest.mark.parametrize(("fields", "code"), [({}, 1011), ({"code": 1012}, 1012), ({"code": 4000}, 4000)])
def test_a_close_has_the_code_asked_for(faulty, fields, code):
    """Instead of the push; who comes again is served."""
    faulty.add("close", **fields)
    with subscribed(faulty) as socket:
        make(faulty, "never pushed")
        with pytest.raises(ConnectionClosed) as closed:
            socket.get()
        assert closed.value.rcvd.code == code
    with subscribed(faulty) as socket:
        make(faulty, "pushed")
        assert socket.names() == ["pushed"]


def test_a_refused_subscription_is_answered_by_an_error(faulty):
    """The protocol's, with its id; the socket goes on, and the next subscription is accepted."""
    fault = faulty.add("refuse-subscription", channel="tasks")
    with opened(faulty) as socket:
        assert socket.subscribe("agents")["type"] == "subscribed"
        refused = socket.subscribe("tasks", id="mine")
        assert (refused["type"], refused["code"]) == ("error", "AUTHORIZATION_ERROR")
        assert refused["id"] == "mine"
        assert fault in refused["message"]
        assert socket.subscribe("tasks", id="mine")["type"] == "subscribed"
    assert faulty.state(fault) == (1, 1, True)


def test_sockets_of_another_world_meet_none(faulty, other):
    """Nor do their pushes count."""
    faults = [faulty.add("drop"), faulty.add("refuse-subscription")]
    with subscribed(other) as socket:
        make(other, "heard")
        assert socket.names() == ["heard"]
    assert [faulty.state(fault) for fault in faults] == [(0, 0, False)] * 2


def test_a_share_of_pushes_follows_from_the_seed(control):
    """Twice the same of the same world seed."""

    def lost(seed):
        with control.world(seed="empty", randomSeed=seed) as world:
            faulty = Faulty(control, world)
            faulty.add("drop", share=0.5, forCalls=12)
            with subscribed(faulty) as socket:
                make(faulty, *"abcdefghijkl")
                return socket.names()

    assert lost(7) == lost(7)
    assert 0 < len(lost(7)) < 12
