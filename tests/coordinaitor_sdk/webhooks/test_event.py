"""What a delivery says."""

import json
import re
from datetime import UTC, datetime

import contract
import pytest

from coordinaitor_sdk import AgentEvent, ProjectEvent, TaskEvent, UserEvent, WebhookEvent, webhooks
from coordinaitor_sdk.exceptions import InvalidArgumentError, WebhookPayloadError

EVENTS = re.findall(r"^- `(\w+\.\w+)` - ", contract.text(), re.MULTILINE)
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
        """One error of its own, an InvalidArgumentError too."""
        with pytest.raises(InvalidArgumentError) as caught:
            webhooks.parse(payload)
        assert type(caught.value) is WebhookPayloadError


def test_the_document_names_ten_events():
    """All of them are parsed above."""
    assert len(EVENTS) == len(set(EVENTS)) == 10
