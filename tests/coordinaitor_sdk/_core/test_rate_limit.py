"""What is read of a rate limit, and how calls are spread over it."""

from contextlib import nullcontext

import pytest

from coordinaitor_sdk._core.http import HttpResponse
from coordinaitor_sdk._core.rate_limit import Pacer, RateLimit


def answer(status=200, **headers):
    told = {f"x-ratelimit-{name.replace('_', '-')}": str(value) for name, value in headers.items()}
    return HttpResponse(status, told, b"", "GET", "http://h/")


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pacer(clock):
    return Pacer(nullcontext(), clock)


def call(pacer, clock, **headers):
    """A call that waits for its turn, and is answered at once; the seconds that it waited."""
    wait = pacer.reserve()
    clock.now += wait
    pacer.learn(answer(**headers), None)
    return wait


class TestReading:
    def test_all_that_is_told(self):
        """API document, "Rate Limiting"; the burst is this server's own."""
        told = answer(limit=1000, remaining=999, reset=1642248600, window=3600, burst_remaining=49)
        assert RateLimit.told_by(told.headers) == RateLimit(1000, 999, 1642248600, 3600, 49)

    @pytest.mark.parametrize("odd", ["nan", "inf", "-1", "many", ""])
    def test_what_can_not_be_meant_is_not_told(self, odd):
        """The rest is."""
        assert RateLimit.told_by(answer(limit=odd, remaining=5).headers) == RateLimit(remaining=5)

    def test_without_a_word_there_is_none(self):
        """A window alone says nothing."""
        assert RateLimit.told_by({}) is None
        assert RateLimit.told_by(answer(window=3600).headers) is None


class TestWithABurst:
    def test_what_is_left_of_it_goes_at_once(self, pacer, clock):
        """Ten left: ten without a wait, then one each second, as the bucket refills."""
        pacer.reserve()
        pacer.learn(answer(limit=3600, burst_remaining=10), None)
        assert [pacer.reserve() for _ in range(13)] == [0.0] * 10 + [1.0, 2.0, 3.0]

    def test_calls_under_way_are_not_counted_twice_in_our_favour(self, pacer, clock):
        """The server's figure may not know them yet."""
        pacer.reserve()
        pacer.learn(answer(limit=3600, burst_remaining=10), None)
        for _ in range(4):
            pacer.reserve()
        pacer.learn(answer(limit=3600, burst_remaining=9), None)
        assert [pacer.reserve() for _ in range(7)] == [0.0] * 6 + [1.0]

    def test_time_refills_the_bucket(self, pacer, clock):
        """At the limit's rate, and never beyond what it held."""
        pacer.reserve()
        pacer.learn(answer(limit=3600, burst_remaining=2), None)
        assert [pacer.reserve() for _ in range(3)] == [0.0, 0.0, 1.0]
        clock.now += 100
        assert [pacer.reserve() for _ in range(3)] == [0.0, 0.0, 1.0]

    def test_a_long_run_keeps_to_the_rate_and_never_exceeds_the_bucket(self, pacer, clock):
        """Against a server that counts."""
        held, at, waited = 5.0, clock.now, 0.0
        for _ in range(200):
            wait = pacer.reserve()
            clock.now += wait
            waited += wait
            held = min(5.0, held + (clock.now - at))
            at = clock.now
            assert held > 0.999, "the server would have refused"
            held -= 1
            pacer.learn(answer(limit=3600, burst_remaining=int(held)), None)
        assert 190 <= waited <= 205


class TestWithoutABurst:
    def test_calls_go_one_by_one(self, pacer, clock):
        """Limit / window: 3.6 s between two of 1,000 an hour."""
        told = {"limit": 1000, "remaining": 900, "reset": clock.now + 3000, "window": 3600}
        assert call(pacer, clock, **told) == 0.0
        waits = [call(pacer, clock, **told) for _ in range(4)]
        assert waits == [pytest.approx(3.6)] * 4

    def test_a_pause_is_not_made_up_for(self, pacer, clock):
        """One goes at once, and no burst that nobody promised."""
        told = {"limit": 3600}
        call(pacer, clock, **told)
        clock.now += 60
        assert [call(pacer, clock, **told) for _ in range(3)] == [0.0, pytest.approx(1.0), pytest.approx(1.0)]

    def test_with_nothing_left_calls_wait_for_the_next_window(self, pacer, clock):
        """As told by `X-RateLimit-Reset`."""
        call(pacer, clock, limit=1000, remaining=0, reset=clock.now + 100)
        assert pacer.reserve() == pytest.approx(100)


class TestRefusals:
    def test_a_429_closes_the_way_until_it_said(self, pacer, clock):
        """For all calls of the client."""
        pacer.reserve()
        pacer.learn(answer(429, limit=3600, burst_remaining=0), 30.0)
        assert pacer.reserve() == pytest.approx(30.0)

    def test_a_call_that_gives_up_gives_its_place_back(self, pacer, clock):
        """Another one takes it."""
        pacer.reserve()
        pacer.learn(answer(limit=3600, burst_remaining=1), None)
        assert pacer.reserve() == 0.0
        assert pacer.reserve() == 1.0
        pacer.forget()
        assert pacer.reserve() == 1.0

    def test_before_the_first_answer_nothing_waits(self, pacer):
        """Nothing is known yet."""
        assert [pacer.reserve() for _ in range(50)] == [0.0] * 50

    def test_a_server_without_a_limit_is_not_waited_for(self, pacer, clock):
        """It tells none."""
        assert [call(pacer, clock) for _ in range(5)] == [0.0] * 5
