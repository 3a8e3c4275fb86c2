"""Deliveries composed here."""

from datetime import UTC, datetime

import pytest

from coordinaitor_sdk import InvalidArgumentError, webhooks

DATA = {"id": "task-1", "assignedAgent": {"id": "agent-1", "name": "Bot", "type": "coding"}}


def test_a_composed_delivery_is_received_as_the_servers():
    """Signature, name, id, time; tasks carry `agent` too."""
    moment = datetime(2024, 1, 16, 15, 30, tzinfo=UTC)
    sent = webhooks.compose(
        "task.completed", DATA, "s3cret", organization={"id": "org-1", "name": "Acme"}, timestamp=moment
    )
    delivery = webhooks.Receiver("s3cret", memory=webhooks.LocalMemory()).read(sent.body, sent.headers)
    assert delivery.id == sent.id == sent.headers[webhooks.DELIVERY_HEADER]
    assert (delivery.event.event, delivery.event.timestamp) == ("task.completed", moment)
    assert delivery.event.organization.name == "Acme"
    assert delivery.event.data["agent"].to_dict() == {"id": "agent-1", "name": "Bot"}


def test_a_time_as_the_server_wrote_it_stays():
    """Bytes are what is signed."""
    sent = webhooks.compose("task.failed", DATA, "s", timestamp="2024-01-16T15:30:00.000Z", delivery_id="d")
    assert b'"timestamp":"2024-01-16T15:30:00.000Z"' in sent.body
    assert (sent.id, b'"organization"' in sent.body) == ("d", False)


def test_without_a_time_it_is_now():
    """A receiver with an age limit takes it."""
    sent = webhooks.compose("task.failed", DATA, "s")
    webhooks.verify(sent.body, sent.headers[webhooks.SIGNATURE_HEADER], "s", max_age=60)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"secret": ""}, "secret must not be empty"),
        ({"data": {"x": {1, 2}}}, "data must be JSON"),
        ({"timestamp": datetime(2024, 1, 1)}, "time zone"),
    ],
)
def test_what_can_not_be_meant_is_refused(changed, words):
    """With the reason."""
    given = {"data": DATA, "secret": "s"} | changed
    with pytest.raises(InvalidArgumentError, match=words):
        webhooks.compose("task.failed", **given)


def test_no_secret_is_in_its_repr():
    """A signature tells nothing, but neither is it for logs."""
    assert "s3cret" not in repr(webhooks.compose("task.failed", DATA, "s3cret"))
