"""The feed's state machine: which pushes are told, once and in order, however they come."""

import random

import pytest

from coordinaitor_sdk._core.feed import FeedMachine, Interest, position_in, token_of
from coordinaitor_sdk.exceptions import InvalidArgumentError
from coordinaitor_sdk.models.webhook import Resync


def push(seq=None, name="task.updated", epoch="e", **data):
    """A message of the server's."""
    numbered = {} if seq is None else {"seq": seq, "epoch": epoch}
    return {"type": name, "data": {"id": "t", **data}} | numbered


def greeted(since=None, **filters):
    machine = FeedMachine(Interest("tasks", filters), since)
    machine.greeted()
    return machine


def see(machine, message):
    return machine.see(message, message)


def numbers(told):
    return [one["seq"] for one in told]


class TestInterest:
    @pytest.mark.parametrize(
        ("filters", "message", "covered"),
        [
            ({}, push(), True),
            ({}, push(name="agent.updated"), False),
            ({}, push(name="tasks"), False),
            ({"task_id": "t"}, push(), True),
            ({"taskId": ["x", "t"]}, push(), True),
            ({"task_id": "x"}, push(), False),
            ({"project_id": "p"}, push(projectId="p"), True),
            ({"project_id": "p"}, push(projectId=None), False),
            ({"project_id": "p"}, push(name="task.comment_added"), True),
            ({"status": {"failed", "completed"}}, push(status="failed"), True),
        ],
    )
    def test_what_is_covered(self, filters, message, covered):
        """By name and object; what a push doesn't tell, the server has looked at."""
        assert Interest("tasks", filters).covers(message) is covered

    def test_an_agents_id_is_its_own_on_the_channel_of_agents(self):
        """On that of tasks it is a field."""
        about = {"type": "agent.updated", "data": {"id": "a"}}
        assert Interest("agents", {"agent_id": "a"}).covers(about)
        assert not Interest("agents", {"agent_id": "b"}).covers(about)

    def test_the_message_names_what_is_wanted(self):
        """In the wire's spelling."""
        interest = Interest("tasks", {"project_id": "p", "status": ("a", "b")})
        assert interest.subscription(("e", 5)) == {
            "type": "subscribe", "channel": "tasks",
            "filters": {"projectId": ["p"], "status": ["a", "b"]}, "since": {"epoch": "e", "seq": 5},
        }  # fmt: skip

    @pytest.mark.parametrize("channel", ["", None, 5])
    def test_a_channel_must_be_named(self, channel):
        """Nothing is sent."""
        with pytest.raises(InvalidArgumentError, match="channel"):
            Interest(channel, None)


class TestMachine:
    def test_a_replay_mixed_with_what_is_new_is_put_into_order(self):
        """Whatever the order, each once, from the position on."""
        for seed in range(50):
            machine = greeted(since=("e", 10))
            coming = [push(seq) for seq in (*range(8, 20), *range(15, 20))]
            random.Random(seed).shuffle(coming)
            assert [one for message in coming for one in see(machine, message)] == []
            assert numbers(machine.subscribed("e", 19)) == list(range(11, 20))
            assert numbers(see(machine, push(20))) == [20]
            assert see(machine, push(20)) == []

    def test_a_connection_that_broke_in_mid_replay_begins_again(self):
        """From where all was given."""
        machine = greeted(since=("e", 10))
        see(machine, push(12))
        machine.lost(heard=30)
        assert machine.since == ("e", 10)
        machine.greeted()
        see(machine, push(11))
        see(machine, push(12))
        assert numbers(machine.subscribed("e", 12)) == [11, 12]

    def test_a_heartbeat_moves_a_quiet_feed_on(self):
        """What did not match was seen too."""
        machine = greeted()
        machine.subscribed("e", 10)
        machine.lost(heard=25)
        assert machine.since == ("e", 25)

    def test_a_gap_is_told_with_its_reason_and_the_position_behind_it(self):
        """Once."""
        machine = greeted(since=("old", 10))
        machine.resync("epoch_changed")
        (gap,) = machine.subscribed("new", 3)
        assert isinstance(gap, Resync)
        assert (gap.reason, gap.epoch, gap.seq) == ("epoch_changed", "new", 3)
        machine.lost(heard=3)
        machine.greeted()
        assert machine.subscribed("new", 3) == []

    def test_a_gap_that_was_announced_before_the_connection_broke_is_not_forgotten(self):
        """The next confirmation tells it."""
        machine = greeted()
        machine.subscribed("e", 10)
        machine.resync("slow_consumer")
        machine.lost(heard=10)
        machine.greeted()
        assert machine.subscribed("e", 20)[0].reason == "slow_consumer"

    def test_what_comes_between_a_gap_and_its_confirmation_stands_behind_the_gap(self):
        """Nothing hides that something is missing."""
        machine = greeted()
        machine.subscribed("e", 10)
        machine.resync("slow_consumer")
        assert see(machine, push(21)) == []
        gap, later = machine.subscribed("e", 20)
        assert (gap.reason, gap.seq, later["seq"]) == ("slow_consumer", 20, 21)
        assert see(machine, push(21)) == []

    def test_without_numbers_everything_is_told_at_once(self):
        """And each return of the connection is a gap."""
        machine = FeedMachine(Interest("tasks", None))
        assert see(machine, push()) == [push()]
        assert machine.subscribed(None, None) == []
        machine.lost(heard=0)
        assert machine.subscribed(None, None)[0].reason == "reconnected"


class TestToken:
    def test_it_names_the_position(self):
        """As text."""
        assert position_in(token_of(("e", 7))) == ("e", 7)

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "epoch": "e", "seq": "x"}']
    )
    def test_anything_else_is_refused(self, text):
        """With a word of what it must be."""
        with pytest.raises(InvalidArgumentError, match="token"):
            position_in(text)
