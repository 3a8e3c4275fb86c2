"""The token bucket, and the count of the running hour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk.server.domain.rate_limits import TIERS, WINDOW, Bucket, Limit

HOUR = 1_700_002_800.0
"""A moment at which an hour begins."""


def test_tiers_are_the_documented_ones():
    """API document, "Rate Limit Tiers"."""
    assert {name: (limit.per_hour, limit.burst) for name, limit in TIERS.items()} == {
        "free": (1_000, 50),
        "pro": (10_000, 200),
        "enterprise": (100_000, 1_000),
    }


def test_a_full_bucket_gives_its_burst_at_once_and_then_refuses():
    """The wait is that until the next token, rounded up."""
    limit = Limit(3_600, 3)
    bucket = Bucket(limit, HOUR)
    assert [bucket.take(limit, HOUR).tokens for _ in range(3)] == [2, 1, 0]
    assert bucket.take(limit, HOUR).retry_after == 1
    assert bucket.take(limit, HOUR + 0.5).retry_after == 1
    assert bucket.take(limit, HOUR + 1).retry_after == 0
    slow = Limit(36, 1)
    bucket = Bucket(slow, HOUR)
    bucket.take(slow, HOUR)
    assert bucket.take(slow, HOUR + 0.5).retry_after == 100


def test_the_running_hour_tells_and_refuses_nothing():
    """Remaining never goes below 0; the next hour begins anew."""
    limit = Limit(2, 10)
    bucket = Bucket(limit, HOUR)
    taken = [bucket.take(limit, HOUR + 10) for _ in range(4)]
    assert [one.remaining for one in taken] == [1, 0, 0, 0]
    assert {one.retry_after for one in taken} == {0}
    assert {one.reset for one in taken} == {int(HOUR) + WINDOW}
    later = bucket.take(limit, HOUR + WINDOW)
    assert (later.remaining, later.reset) == (1, int(HOUR) + 2 * WINDOW)


def test_a_refused_request_costs_nothing():
    """Neither of the bucket nor of the hour."""
    limit = Limit(3_600, 1)
    bucket = Bucket(limit, HOUR)
    assert bucket.take(limit, HOUR).remaining == 3_599
    assert [bucket.take(limit, HOUR).remaining for _ in range(5)] == [3_599] * 5
    assert bucket.take(limit, HOUR + 1).retry_after == 0


def test_a_clock_that_goes_back_takes_nothing_away():
    """It gives nothing either."""
    limit = Limit(3_600, 2)
    bucket = Bucket(limit, HOUR)
    assert bucket.take(limit, HOUR).tokens == 1
    assert bucket.take(limit, HOUR - 100).tokens == 0
    assert bucket.take(limit, HOUR - 100).retry_after == 1


@given(
    st.builds(Limit, st.integers(1, 100_000), st.integers(1, 100)),
    st.lists(st.floats(0, 100), min_size=1, max_size=60),
)
def test_who_waits_as_long_as_told_is_let_in(limit, pauses):
    """Whatever came before; and never more than the burst and what was refilled pass."""
    bucket, now, passed = Bucket(limit, HOUR), HOUR, 0
    for pause in pauses:
        now += pause
        standing = bucket.take(limit, now)
        passed += standing.retry_after == 0
        assert passed <= limit.burst + (now - HOUR) * limit.per_hour / WINDOW + 1e-6
        if standing.retry_after:
            now += standing.retry_after
            assert bucket.take(limit, now).retry_after == 0
            passed += 1
