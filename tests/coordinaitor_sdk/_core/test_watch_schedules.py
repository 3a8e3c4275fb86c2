"""The watch machine, its queue and its tokens under random schedules of what networks and servers do."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from coordinaitor_sdk._core.watch import TERMINAL_TYPES, Machine, UpdateQueue
from coordinaitor_sdk._core.watch_kinds import TASK
from coordinaitor_sdk._core.watch_token import Standing
from coordinaitor_sdk.models.task import Task

ENDS = ["completed", "failed", "cancelled", "deleted"]


def history(length, end):
    """The states of a task by version; a deleted one has no last state."""
    states = [task(version, "active", version / 100) for version in range(1, length + 1)]
    return states if end == "deleted" else [*states, task(length + 1, end, 1.0)]


def task(version, status, progress):
    return Task.model_validate(
        {"id": "t", "title": "T", "status": status, "progress": progress, "version": version}
    )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.just(0)),
        st.tuples(st.just("push"), st.integers(0, 12)),  # any earlier state, again, late or out of order
        st.tuples(st.just("snapshot"), st.integers(0, 3)),  # one that may be a little old
        st.tuples(st.just("read"), st.integers(0, 3)),
        st.tuples(st.just("restart"), st.just(0)),  # the process: machine and queue anew, from a token
    ),
    max_size=60,
)


class World:
    """A server with one task, and a client that watches it over a bad network."""

    def __init__(self, length, end, *, conflate):
        self.states, self.end, self.conflate = history(length, end), end, conflate
        self.now, self.told = 0, []
        self.start(Standing(TASK))

    def start(self, standing):
        known = standing.known.get("t")
        self.machine = Machine(TASK, "t", known[0] if known else None)
        self.machine.ended = "t" in standing.ended
        self.queue, self.standing = UpdateQueue(bound=4, conflate=self.conflate), standing

    def take(self, update):
        told = self.standing.filtered(update) if update is not None else None
        if told is not None:
            self.queue.put(told)

    def change(self, _):
        self.now = min(self.now + 1, len(self.states) - 1)

    def push(self, back):
        self.take(self.machine.see(self.states[max(0, self.now - back)], "push"))

    def snapshot(self, back):
        self.take(self.machine.see(self.states[max(0, self.now - back)], "snapshot"))

    def read(self, count):
        for _ in range(count):
            if (update := self.queue.pop()) is not None:
                self.standing.told(update)
                self.told.append(update)

    def restart(self, _):
        self.start(Standing(TASK, self.standing.token()))

    def finish(self):
        """The task ends, and a look by REST finds that; the consumer reads all."""
        self.now = len(self.states) - 1
        if self.end == "deleted":
            self.take(self.machine.see_deleted("snapshot"))
        else:
            self.snapshot(0)
        self.read(len(self.queue) + 1)


@settings(max_examples=500, deadline=None)
@given(st.integers(1, 12), st.sampled_from(ENDS), st.booleans(), steps)
def test_whatever_comes_states_are_in_order_and_the_end_comes_once(length, end, conflate, schedule):
    """No duplicate, nothing after the end, and no schedule in which it doesn't come."""
    world = World(length, end, conflate=conflate)
    for name, argument in schedule:
        getattr(world, name)(argument)
    world.finish()
    types = [update.type for update in world.told]
    versions = [update.task.version for update in world.told if update.type != "deleted"]
    assert versions == sorted(set(versions))
    assert [kind in TERMINAL_TYPES for kind in types] == [False] * (len(types) - 1) + [True]
    assert types[-1] == {"failed": "error"}.get(end, end)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 12), st.sampled_from(ENDS), steps)
def test_what_was_left_out_is_said(length, end, schedule):
    """Versions that follow without a gap, or `conflated`."""
    world = World(length, end, conflate=True)
    for name, argument in schedule:
        getattr(world, name)(argument)
    world.finish()
    seen = [update for update in world.told if update.type != "deleted"]
    for before, after in pairwise(seen):
        assert after.conflated or after.task.version == before.task.version + 1
