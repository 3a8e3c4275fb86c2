"""Webhooks as a receiver sees them: signed, verified, parsed."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import contract
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk import AgentEvent, ProjectEvent, TaskEvent, UserEvent, WebhookEvent, webhooks
from coordinaitor_sdk.exceptions import InvalidArgumentError, WebhookSignatureError

EVENTS = re.findall(r"^- `(\w+\.\w+)` - ", contract.text(), re.MULTILINE)
SECRET = "your-webhook-secret"
DOCUMENTED = {
    "event": "task.completed",
    "timestamp": "2024-01-16T15:30:00Z",
    "data": {
        "id": "task-123",
        "title": "Implement user authentication",
        "status": "completed",
        "completedAt": "2024-01-16T15:30:00Z",
        "agent": {"id": "agent-456", "name": "Senior Developer Bot"},
        "project": {"id": "proj-789", "name": "E-commerce Platform"},
    },
    "organization": {"id": "org-123", "name": "Acme Corp"},
}


def bytes_of(value):
    """The value as a delivery has it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class TestSignature:
    def test_it_is_the_documents(self):
        """`sha256=` and the HMAC of the bytes, in hex."""
        expected = hmac.new(SECRET.encode(), b'{"a":1}', hashlib.sha256).hexdigest()
        assert webhooks.sign(b'{"a":1}', SECRET) == f"sha256={expected}"

    @given(payload=st.binary(), secret=st.text(min_size=1).filter(lambda text: text.isprintable()))
    def test_what_was_signed_is_verified(self, payload, secret):
        """Whatever the bytes and the secret."""
        webhooks.verify(payload, webhooks.sign(payload, secret), secret)

    @given(payload=st.binary(min_size=1), place=st.integers(min_value=0), bit=st.integers(0, 7))
    def test_one_changed_bit_is_noticed(self, payload, place, bit):
        """Of the body."""
        changed = bytearray(payload)
        changed[place % len(payload)] ^= 1 << bit
        with pytest.raises(WebhookSignatureError, match="does not match"):
            webhooks.verify(bytes(changed), webhooks.sign(payload, SECRET), SECRET)

    def test_any_of_several_secrets_will_do(self):
        """While they are rotated."""
        webhooks.verify(b"x", webhooks.sign(b"x", "old"), ["new", "old"])
        with pytest.raises(WebhookSignatureError):
            webhooks.verify(b"x", webhooks.sign(b"x", "older"), ["new", "old"])

    @pytest.mark.parametrize(
        "signature", [None, "", "sha256=", "sha256=00", "md5=1", "ü", "\x00", "=é", "\udc80"]
    )
    def test_a_missing_or_odd_signature_is_refused(self, signature):
        """Never another error."""
        with pytest.raises(WebhookSignatureError):
            webhooks.verify(b"x", signature, SECRET)

    def test_no_secret_and_no_signature_stand_in_the_error(self):
        """It is logged, often."""
        good = webhooks.sign(b"x", SECRET)
        with pytest.raises(WebhookSignatureError) as caught:
            webhooks.verify(b"y", good, SECRET)
        assert SECRET not in str(caught.value)
        assert good not in str(caught.value)


ABOUT = {"task": TaskEvent, "agent": AgentEvent, "project": ProjectEvent, "user": UserEvent}


class TestParsing:
    @pytest.mark.parametrize("name", EVENTS)
    def test_every_documented_event_is_typed(self, name):
        """Its data is the object that it is about, with dates as dates."""
        moment = "2024-01-16T15:30:00.151Z"
        delivery = {
            "event": name,
            "data": {"id": "x-1", "createdAt": moment},
            "organization": {"id": "org-1"},
        }
        event = webhooks.parse(bytes_of(delivery))
        assert type(event) is ABOUT[name.partition(".")[0]]
        assert (event.data.id, event.data.created_at.microsecond) == ("x-1", 151000)
        assert event.to_dict() == delivery

    def test_the_documents_payload_is_a_task_event(self):
        """With the task typed."""
        event = webhooks.parse(bytes_of(DOCUMENTED))
        assert isinstance(event, TaskEvent)
        assert (event.event, event.timestamp) == ("task.completed", datetime(2024, 1, 16, 15, 30, tzinfo=UTC))
        assert (event.data.status, event.data.agent.id, event.data.project.name) == (
            "completed",
            "agent-456",
            "E-commerce Platform",
        )
        assert event.organization.id == "org-123"
        assert event.to_dict() == DOCUMENTED

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("agent.status_changed", AgentEvent),
            ("project.completed", ProjectEvent),
            ("user.registered", UserEvent),
            ("task.something_new", TaskEvent),
        ],
    )
    def test_each_event_has_the_class_of_what_it_is_about(self, name, kind):
        """By the first part of its name."""
        event = webhooks.parse(bytes_of({"event": name, "data": {"id": "x-1", "name": "n"}}))
        assert type(event) is kind
        assert event.data.id == "x-1"

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("task.comment_added", {"taskId": "task-1", "comment": {"id": "c"}}),
            ("billing.paid", {"id": "b"}),
            ("task.updated", "text"),
            ("task.updated", None),
        ],
    )
    def test_an_unknown_event_is_kept_as_it_came(self, name, data):
        """Nothing is lost, and nothing is pressed into a task."""
        event = webhooks.parse(bytes_of({"event": name, "data": data}))
        assert type(event) is WebhookEvent
        assert event.data == data

    def test_an_organization_that_is_not_sent_is_none(self):
        """As are other fields that are missing or odd."""
        event = webhooks.parse(bytes_of({"event": "task.updated", "data": {"id": 7}, "timestamp": "soon"}))
        assert (event.organization, event.timestamp, event.data.id) == (None, "soon", 7)


class TestBadInput:
    @pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"event":7}', b'{"event":""}', b"\xff"])
    def test_what_is_no_delivery_says_so(self, payload):
        """One error, a ValueError too."""
        with pytest.raises(InvalidArgumentError):
            webhooks.parse(payload)

    @pytest.mark.parametrize("payload", ["text", {"event": "x"}, None])
    def test_what_is_not_bytes_is_refused_with_a_hint(self, payload):
        """JSON that was parsed and written again is another text."""
        with pytest.raises(InvalidArgumentError, match="raw bytes"):
            webhooks.verify(payload, "sha256=0", SECRET)

    @pytest.mark.parametrize("secret", ["", [], [""]])
    def test_no_secret_is_a_mistake_of_the_caller(self, secret):
        """Not a signature that does not match."""
        with pytest.raises(InvalidArgumentError, match="secret"):
            webhooks.verify(b"x", "sha256=0", secret)


def test_the_document_names_ten_events():
    """All of them are parsed above."""
    assert len(EVENTS) == len(set(EVENTS)) == 10
