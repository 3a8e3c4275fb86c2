"""The one reading of `Retry-After` and its kin."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.retry_after import retry_after

NOW = 1_700_000_000.0


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("text", "seconds"), [("3", 3.0), ("0", 0.0), ("1.5", 1.5), (" 7 ", 7.0), ("31536000", 31536000.0)]
    )
    def test_seconds_are_read(self, text, seconds):
        """Whole seconds and fractions."""
        assert retry_after(503, {"retry-after": text}) == seconds

    def test_a_date_is_read_against_now(self):
        """RFC 9110 allows an HTTP date; one that has passed asks for no wait."""
        future = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
        past = format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True)
        assert retry_after(503, {"retry-after": future}, now=NOW) == 90.0
        assert retry_after(503, {"retry-after": past}, now=NOW) == 0.0

    @pytest.mark.parametrize("text", ["NaN", "inf", "-inf", "-1", "1e999", "", "soon", "Mon, 99 Foo 2024"])
    def test_what_can_not_be_meant_is_ignored(self, text):
        """The backoff decides then."""
        assert retry_after(503, {"retry-after": text}, now=NOW) is None

    def test_the_body_is_read_where_the_header_is_missing(self):
        """The document's `retryAfter`."""
        assert retry_after(429, {}, 12) == 12.0
        assert retry_after(429, {"retry-after": "5"}, 12) == 5.0

    def test_a_429_without_either_waits_for_the_reset(self):
        """`X-RateLimit-Reset` is Unix time."""
        assert retry_after(429, {"x-ratelimit-reset": str(NOW + 30)}, now=NOW) == 30.0
        assert retry_after(503, {"x-ratelimit-reset": str(NOW + 30)}, now=NOW) is None

    @given(st.text(), st.one_of(st.none(), st.floats(), st.text(), st.booleans(), st.lists(st.integers())))
    def test_nothing_makes_it_fail_or_go_back_in_time(self, text, body):
        """Any header and any body give None or a finite wait."""
        wait = retry_after(429, {"retry-after": text}, body, now=NOW)
        assert wait is None or 0 <= wait < float("inf")
