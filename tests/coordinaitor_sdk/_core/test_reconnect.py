"""When a lost connection is tried again."""

import random

import pytest

from coordinaitor_sdk._core.reconnect import Reconnect

wait = Reconnect().wait


def back_after(outage, draw):
    """Seconds from the server's return to a client's."""
    now = 0.0
    while True:
        now += wait(now, draw)
        if now >= outage:
            return now - outage


@pytest.mark.parametrize("outage", [0.0, 0.5, 2.0, 5.0])
def test_after_an_outage_of_up_to_five_seconds_a_client_is_back_within_two(outage):
    """However the draws fall."""
    draws = random.Random(1)
    assert max(back_after(outage, draws.random) for _ in range(1_000)) < 2.0
    assert back_after(outage, lambda: 1.0) < 2.0


@pytest.mark.parametrize("outage", [0.0, 0.5, 2.0, 5.0, 60.0])
def test_many_clients_do_not_come_back_in_one_second(outage):
    """No second has more than four in five of them."""
    draws = random.Random(2)
    back = sorted(back_after(outage, draws.random) for _ in range(1_000))
    assert max(sum(first <= one < first + 1 for one in back) for first in back) <= 800


def test_after_a_long_outage_tries_become_rare():
    """But no rarer than one in ten seconds."""
    assert wait(3_600.0, lambda: 1.0) == 10.0
