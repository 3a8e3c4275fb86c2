"""The form of times, and waiting."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk.server.clock import SystemClock, WorldClock, moment_of, stamp

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


def test_stamp_is_utc_with_milliseconds():
    """Always three digits, always Z."""
    berlin = timezone(timedelta(hours=1))
    assert stamp(datetime(2024, 1, 15, 10, 30, tzinfo=berlin)) == "2024-01-15T09:30:00.000Z"
    assert stamp(datetime(2024, 1, 15, 10, 30, 0, 123_999, tzinfo=UTC)) == "2024-01-15T10:30:00.123Z"


@given(moments, moments)
def test_stamps_sort_like_the_moments(first, second):
    """The text can be compared instead of the time, and read back to the millisecond."""
    if stamp(first) < stamp(second):
        assert first < second
    assert timedelta(0) <= first - moment_of(stamp(first)) < timedelta(milliseconds=1)


def test_wait_ends_at_its_moment_or_when_woken():
    """Whichever comes first; a moment that has passed is no wait."""

    async def run():
        clock, wake = SystemClock(), asyncio.Event()
        began = time.monotonic()
        await clock.wait(clock.now() - timedelta(hours=1), wake)
        await clock.wait(clock.now() + timedelta(seconds=0.1), wake)
        assert 0.09 < time.monotonic() - began < 1
        asyncio.get_running_loop().call_later(0.05, wake.set)
        await clock.wait(None, wake)
        assert time.monotonic() - began < 2

    asyncio.run(run())


def test_a_world_clock_goes_with_the_machine_until_it_is_moved():
    """Stopped it stands at whole milliseconds; let go, it keeps its distance to the machine's."""
    clock = WorldClock()
    assert abs(clock.now() - SystemClock().now()) < timedelta(seconds=1)
    clock.freeze(datetime(2024, 1, 15, 10, 30, 0, 123_999, tzinfo=UTC))
    assert clock.is_frozen
    assert clock.now() == clock.now() == datetime(2024, 1, 15, 10, 30, 0, 123_000, tzinfo=UTC)
    clock.resume()
    ahead = clock.ahead
    assert not clock.is_frozen
    assert timedelta(0) < clock.now() - moment_of("2024-01-15T10:30:00.123Z") < timedelta(seconds=1)
    clock.resume()
    assert clock.ahead == ahead


def test_a_stopped_clock_ends_a_wait_only_when_woken():
    """Even one for a moment that has passed on the machine's clock."""

    async def run():
        clock, wake = WorldClock(datetime(2024, 1, 1, tzinfo=UTC)), asyncio.Event()
        waiting = asyncio.create_task(clock.wait(datetime(2024, 1, 2, tzinfo=UTC), wake))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        wake.set()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(run())
