"""What remembers deliveries, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coordinaitor_sdk import webhooks
from coordinaitor_sdk.exceptions import InvalidArgumentError


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self):
        return self.now


def handled(memory, *keys):
    """Claim and record, in this order."""
    for key in keys:
        assert memory.claim(key) == "new"
        memory.record(key)


def test_a_claimed_delivery_is_busy_until_it_is_recorded():
    """Then it is done."""
    memory = webhooks.LocalMemory()
    assert [memory.claim("a"), memory.claim("a")] == ["new", "busy"]
    memory.record("a")
    assert [memory.claim("a"), memory.claim("a")] == ["done", "done"]


def test_a_released_delivery_is_new_again():
    """As if nobody had claimed it."""
    memory = webhooks.LocalMemory()
    memory.claim("a")
    memory.release("a")
    assert memory.claim("a") == "new"


def test_the_oldest_go_when_it_is_full():
    """In the order in which they were recorded."""
    memory = webhooks.LocalMemory(max_entries=2)
    handled(memory, "a", "b", "c")
    assert [memory.claim(key) for key in "cba"] == ["done", "done", "new"]


def test_what_is_being_handled_is_never_forgotten():
    """However many are recorded meanwhile."""
    memory = webhooks.LocalMemory(max_entries=1)
    memory.claim("slow")
    handled(memory, "a", "b", "c")
    assert memory.claim("slow") == "busy"


def test_each_is_kept_for_the_given_time():
    """And not longer."""
    clock = Clock()
    memory = webhooks.LocalMemory(keep=60, clock=clock)
    handled(memory, "a")
    clock.now += 30
    handled(memory, "b")
    clock.now += 29.9
    assert memory.claim("a") == "done"
    clock.now += 0.1
    assert [memory.claim("a"), memory.claim("b")] == ["new", "done"]


def test_recording_again_renews():
    """It goes to the end of those that are kept."""
    memory = webhooks.LocalMemory(max_entries=2)
    handled(memory, "a", "b")
    memory.record("a")
    handled(memory, "c")
    assert [memory.claim("a"), memory.claim("b")] == ["done", "new"]


def test_of_many_threads_one_gets_it():
    """For every delivery."""
    memory = webhooks.LocalMemory()
    start = Barrier(8)

    def claim_all(_):
        start.wait()
        return [memory.claim(str(number)) for number in range(2_000)]

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(claim_all, range(8)))
    assert all(sorted(each) == ["busy"] * 7 + ["new"] for each in zip(*claims, strict=True))


@pytest.mark.parametrize("bounds", [{"max_entries": 0}, {"keep": 0}, {"keep": float("nan")}, {"keep": -1}])
def test_a_bound_that_is_none_is_refused(bounds):
    """By its name."""
    (name,) = bounds
    with pytest.raises(InvalidArgumentError, match=name):
        webhooks.LocalMemory(**bounds)
