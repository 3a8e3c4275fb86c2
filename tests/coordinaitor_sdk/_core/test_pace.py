"""How long a poll waits: by what moves, and by what the rate limit leaves."""

import pytest

from coordinaitor_sdk._core.pace import spacing, until_next_look
from coordinaitor_sdk._core.rate_limit import RateLimit


def wait(quiet, *, interval=30.0, polls=True, least=0.0, random=0.5):
    return until_next_look(interval, quiet, polls=polls, least=least, random=lambda: random)


class TestPolling:
    def test_it_is_fast_while_things_move_and_slower_when_they_do_not(self):
        """Up to the interval."""
        waits = [wait(quiet) for quiet in range(25)]
        assert waits[0] == 0.5
        assert waits == sorted(waits)
        assert waits[-1] == 30.0

    def test_beside_pushes_it_is_the_interval(self):
        """Looks are a check then."""
        assert wait(0, polls=False) == 30.0

    @pytest.mark.parametrize("random", [0.0, 1.0])
    def test_it_is_spread(self, random):
        """Many clients don't come at once."""
        assert wait(0, random=random) == pytest.approx(0.45 if random == 0.0 else 0.55)

    def test_the_rate_limit_comes_first(self):
        """Spread or not."""
        assert wait(0, least=7.0, random=0.0) == 7.0


class TestSpacing:
    def test_with_plenty_left_nothing_waits(self):
        """Nor where the server says nothing."""
        assert spacing(None, 0.0) == 0.0
        assert spacing(RateLimit(limit=1000, remaining=900, reset_at=3600), 0.0) == 0.0

    def test_what_is_left_is_spread_over_the_time_left(self):
        """But for a quarter, which is the user's own."""
        assert spacing(RateLimit(limit=1000, remaining=350, reset_at=1000), 0.0) == 10.0

    @pytest.mark.parametrize(("burst", "seconds"), [(50, 0.0), (20, 0.0), (19, 3.6), (5, 3.6), (4, 7.2)])
    def test_looks_come_no_faster_than_the_limit_fills_up(self, burst, seconds):
        """Once what may go at once runs low; and slower still, where hardly any is left."""
        assert spacing(RateLimit(limit=1000, remaining=990, burst_remaining=burst), 0.0) == seconds

    def test_with_nothing_left_it_waits_for_the_next_window(self):
        """However long that is."""
        assert spacing(RateLimit(limit=1000, remaining=0, reset_at=1800), 0.0) == 1800.0
