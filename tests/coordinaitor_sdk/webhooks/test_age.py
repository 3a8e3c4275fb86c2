"""How old a delivery may be, by the time in its signed body."""

import re
import time

import pytest
from deliveries import NOW, SECRET, body_of, headers_of

from coordinaitor_sdk import webhooks
from coordinaitor_sdk.exceptions import InvalidArgumentError, WebhookSignatureError, WebhookTimestampError

LIMIT = 3_600.0


def verified(body, *, after, monkeypatch, max_age=LIMIT):
    """`verify`, so many seconds after the event."""
    monkeypatch.setattr(time, "time", lambda: NOW + after)
    webhooks.verify(body, webhooks.sign(body, SECRET), SECRET, max_age=max_age)


@pytest.mark.parametrize("after", [-60.0, 0.0, LIMIT])
def test_a_delivery_within_the_limit_passes(monkeypatch, after):
    """With a minute for clocks that differ."""
    verified(body_of(), after=after, monkeypatch=monkeypatch)


def test_a_late_redelivery_is_refused_and_the_message_says_why(monkeypatch):
    """It carries the time of the event, and the limit can be raised."""
    message = (
        "the event happened 7200 s ago, and max_age is 3600 s: a late redelivery (it carries the time of the"
        " event), or a copy; raise max_age to take redeliveries that come so late"
    )
    with pytest.raises(WebhookTimestampError, match=f"^{re.escape(message)}$"):
        verified(body_of(), after=7_200.0, monkeypatch=monkeypatch)


def test_a_delivery_from_the_future_is_refused(monkeypatch):
    """Beyond a minute one of the clocks is wrong."""
    with pytest.raises(WebhookTimestampError, match=r"61 s in the future.*set the clocks"):
        verified(body_of(), after=-61.0, monkeypatch=monkeypatch)


@pytest.mark.parametrize(
    "body",
    [
        b'{"event":"task.created"}',
        b'{"event":"task.created","timestamp":null}',
        b'{"event":"task.created","timestamp":1705419000}',
        body_of(timestamp="soon"),
        body_of(timestamp="2024-01-16"),
        body_of(timestamp="2024-01-16T15:30:00"),
        body_of(timestamp="2024-13-16T15:30:00Z"),
    ],
)
def test_a_delivery_that_does_not_tell_its_time_is_refused(monkeypatch, body):
    """A time without an offset is none: it could be any of a day."""
    with pytest.raises(WebhookTimestampError, match=r"does not tell its age.*leave max_age out"):
        verified(body, after=0.0, monkeypatch=monkeypatch)


@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_the_ends_of_the_calendar_are_too_far_away(monkeypatch, timestamp):
    """One error, whatever the date."""
    with pytest.raises(WebhookTimestampError):
        verified(body_of(timestamp=timestamp), after=0.0, monkeypatch=monkeypatch)


def test_without_a_limit_any_age_passes(monkeypatch):
    """Also a delivery that has no time."""
    verified(body_of(), after=1e9, monkeypatch=monkeypatch, max_age=None)
    verified(b"not JSON at all", after=0.0, monkeypatch=monkeypatch, max_age=None)


def test_the_signature_is_checked_before_the_age(monkeypatch):
    """A stranger learns nothing about limits."""
    monkeypatch.setattr(time, "time", lambda: NOW + 1e9)
    with pytest.raises(WebhookSignatureError) as caught:
        webhooks.verify(body_of(), webhooks.sign(body_of(), "another"), SECRET, max_age=LIMIT)
    assert type(caught.value) is WebhookSignatureError


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), True, "3600"])
def test_a_limit_that_is_none_is_refused(limit):
    """At once, by `verify` and by a receiver."""
    with pytest.raises(InvalidArgumentError, match="max_age must be a number of seconds above 0"):
        webhooks.verify(body_of(), headers_of(body_of())[webhooks.SIGNATURE_HEADER], SECRET, max_age=limit)
    with pytest.raises(InvalidArgumentError, match="max_age"):
        webhooks.Receiver(SECRET, max_age=limit)
