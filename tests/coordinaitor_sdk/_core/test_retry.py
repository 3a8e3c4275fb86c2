"""What is retried, how long is waited, when it ends (DESIGN 3.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.request import Call
from coordinaitor_sdk._core.response import NOTHING
from coordinaitor_sdk._core.retry import CallState, Retry, mark_not_sent
from coordinaitor_sdk.exceptions import (
    APIError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    NotFoundError,
    PoolTimeoutError,
    RateLimitError,
    ServerError,
    ServiceUnavailableError,
    TimeoutExceededError,
)


def state(method="GET", *, repeatable=False, known=False, deadline=120.0, policy=None):
    call = Call(method, "/tasks", NOTHING, repeatable=repeatable)
    return CallState(call, policy or Retry(), 100.0, deadline, lambda: 0.5, known)


class TestWhatIsRetried:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_a_get_is_retried_on(self, status):
        """These statuses may pass."""
        assert state().is_retryable(APIError("x", status=status))

    @pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 409, 413, 422, 501])
    def test_a_get_is_not_retried_on(self, status):
        """Other answers stay what they are."""
        assert not state().is_retryable(APIError("x", status=status))

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_a_lost_connection_is_retried_for(self, method):
        """Repeating these has the effect of sending them once."""
        assert state(method).is_retryable(ConnectionFailedError("x"))

    @pytest.mark.parametrize(
        "error",
        [
            ConnectionFailedError("x"),
            TimeoutExceededError("x"),
            ServerError("x", status=500),
            ServiceUnavailableError("x", status=503),
        ],
    )
    def test_a_post_that_may_have_taken_effect_is_not_retried(self, error):
        """A POST is repeated only if it surely was not processed."""
        assert not state("POST").is_retryable(error)

    @pytest.mark.parametrize(
        "error",
        [
            mark_not_sent(ConnectionFailedError("x")),
            PoolTimeoutError("x"),
            RateLimitError("x", status=429),
            ServiceUnavailableError("x", status=503, retry_after=1.0),
            ServiceUnavailableError("x", status=503, code="SERVICE_UNAVAILABLE"),
        ],
    )
    def test_a_post_that_surely_was_not_processed_is_retried(self, error):
        """Never sent, refused by the limiter, or refused as unavailable."""
        assert state("POST").is_retryable(error)

    @pytest.mark.parametrize("how", [{"repeatable": True}, {"known": True}])
    def test_a_post_known_to_be_idempotent_is_retried(self, how):
        """Login and refresh, and origins that honour idempotency keys."""
        assert state("POST", **how).is_retryable(ConnectionFailedError("x"))

    def test_a_conflict_is_retried_only_while_the_same_key_is_in_flight(self):
        """409 is final but for `idempotency_in_progress`."""
        busy = ConflictError("x", status=409, details={"reason": "idempotency_in_progress"})
        assert state("POST").is_retryable(busy)
        assert not state("POST").is_retryable(ConflictError("x", status=409))

    def test_an_error_of_the_users_own_is_not_retried(self):
        """Only this library's errors are looked at."""
        assert not state().is_retryable(RuntimeError("x"))


class TestHowLong:
    @given(failures=st.integers(1, 10_000), drawn=st.floats(0, 1))
    def test_the_backoff_stays_within_its_bounds(self, failures, drawn):
        """Full jitter over 0.5 x 2^n seconds, up to 10."""
        wait = Retry().wait(failures, lambda: drawn)
        assert 0 <= wait <= min(10.0, 0.5 * 2.0 ** min(failures - 1, 32))

    @given(asked=st.floats(0, 1e6), drawn=st.floats(0, 1))
    def test_the_next_try_never_comes_before_retry_after(self, asked, drawn):
        """The server's wish is the least, whatever the backoff says."""
        tried = CallState(Call("GET", "/", NOTHING), Retry(), 0.0, None, lambda: drawn)
        error = RateLimitError("x", status=429, retry_after=asked)
        tried.record(error, elapsed=0.0, waited=0.0)
        assert tried.wait(error) >= asked

    def test_it_gives_up_when_the_wait_would_pass_the_deadline(self):
        """A Retry-After beyond the deadline is not slept through."""
        assert state(deadline=10.0).gives_up(5.0, now=106.0)
        assert not state(deadline=10.0).gives_up(3.0, now=106.0)

    def test_it_gives_up_when_the_attempts_are_used(self):
        """Four attempts, the first included, unless told otherwise."""
        tried = state(policy=Retry(attempts=2))
        for _ in range(2):
            assert not tried.gives_up(0.0, now=100.0)
            tried.record(ServerError("x", status=500), elapsed=0.1, waited=0.0)
        assert tried.gives_up(0.0, now=100.0)

    def test_every_try_stands_on_the_error(self):
        """The error of the last try tells of all of them."""
        tried = state()
        first, second = ServerError("a", status=500), ServerError("b", status=502)
        tried.record(first, elapsed=0.1, waited=0.0)
        tried.record(second, elapsed=0.2, waited=0.5)
        assert [(a.number, a.status, a.error, a.waited) for a in second.attempts] == [
            (1, 500, "a", 0.0),
            (2, 502, "b", 0.5),
        ]

    @pytest.mark.parametrize("wrong", [{"attempts": 0}, {"backoff": -1}, {"max_backoff": -0.1}])
    def test_a_policy_that_can_not_be_meant_is_refused(self, wrong):
        """A clear error instead of a client that never calls."""
        with pytest.raises(ConfigurationError, match="retry needs"):
            Retry(**wrong)


def test_a_not_found_error_is_final():
    """404 on a first attempt is the answer."""
    assert not state("DELETE").is_retryable(NotFoundError("x", status=404))
