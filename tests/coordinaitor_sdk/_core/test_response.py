"""Bytes -> typed value or typed error (DESIGN 3.2, 3.3)."""

import json
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.response import NOTHING, HttpResponse, error_from, one, page
from coordinaitor_sdk.exceptions import (
    APIError,
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    ServiceUnavailableError,
    ValidationFailedError,
)
from coordinaitor_sdk.models.system import Health
from coordinaitor_sdk.models.task import Task
from coordinaitor_sdk.models.user import Notification

TASK = one(Task, "task")
TASKS = page(Task, "tasks")
DOCUMENTED = {
    "id": "task-123",
    "title": "Implement user authentication",
    "status": "active",
    "priority": "high",
    "projectId": "proj-456",
    "tags": ["authentication", "security"],
    "estimatedHours": 8,
    "progress": 0.4,
    "dueDate": "2024-02-15T00:00:00Z",
    "assignedAgent": {"id": "agent-789", "name": "Senior Developer Bot", "type": "coding"},
    "comments": [{"id": "comment-123", "content": "Started", "author": "agent-789"}],
    "history": [{"id": "history-123", "action": "status_changed", "from": "pending", "to": "active"}],
}


def answer(body, status=200, headers=None):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(
        status, headers or {"content-type": "application/json"}, content, "GET", "http://x/tasks/1"
    )


class TestForms:
    @pytest.mark.parametrize(
        "body",
        [
            {"success": True, "data": DOCUMENTED},
            DOCUMENTED,
            {"task": DOCUMENTED, "message": "ok"},
        ],
        ids=["envelope", "bare", "keyed"],
    )
    def test_one_object_is_read_from(self, body):
        """All three forms of a good answer give the same task."""
        task = TASK.read(answer(body))
        assert task.project_id == "proj-456"
        assert task.due_date == datetime(2024, 2, 15, tzinfo=UTC)
        assert task.history[0].from_ == "pending"

    @pytest.mark.parametrize(
        "body",
        [
            {"success": True, "data": [DOCUMENTED], "pagination": {"page": 1, "total": 7, "pages": 7}},
            [DOCUMENTED],
            {"tasks": [DOCUMENTED], "total": 7, "page": 1, "totalPages": 7},
            {"tasks": [DOCUMENTED], "pagination": {"total": 7}},
        ],
        ids=["envelope", "bare", "keyed with siblings", "keyed with pagination"],
    )
    def test_a_page_is_read_from(self, body):
        """All forms of a list give the same page."""
        result = TASKS.read(answer(body))
        assert [task.id for task in result] == ["task-123"]
        if not isinstance(body, list):
            assert result.pagination.total == 7

    @pytest.mark.parametrize("data", [{"n": 1}, None, "text"])
    def test_a_bare_object_may_have_data_of_its_own(self, data):
        """It has an id and no `success`: it is no envelope."""
        notification = one(Notification, "notification").read(answer({"id": "n-1", "data": data}))
        assert (notification.id, notification.data) == ("n-1", data)

    def test_a_task_is_readable_in_either_spelling(self):
        """By attribute and by key, in Python's spelling and the wire's."""
        task = TASK.read(answer({"success": True, "data": DOCUMENTED | {"brandNew": 1}}))
        assert task["project_id"] == task["projectId"] == task.project_id == task.projectId
        assert task["brandNew"] == task["brand_new"] == task.brand_new == 1
        assert task.get("nothing", 5) == 5
        assert "brandNew" in task
        assert "nothing" not in task
        with pytest.raises(KeyError, match="nothing"):
            task["nothing"]
        with pytest.raises(AttributeError, match="nothing"):
            _ = task.nothing

    def test_to_dict_gives_back_what_the_server_sent(self):
        """The wire's names, and only what was there."""
        assert TASK.read(answer(DOCUMENTED)).to_dict() == DOCUMENTED

    def test_an_answer_without_content_is_read_as_nothing(self):
        """204 has no body."""
        assert NOTHING.read(answer(b"", 204)) is None


class TestTolerance:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title", 5),
            ("progress", "a third"),
            ("dueDate", "never"),
            ("tags", ["a", 3]),
            ("tags", 7),
            ("assignedAgent", "agent-789"),
            ("comments", [{"id": 1}]),
            ("status", None),
        ],
    )
    def test_an_odd_value_stays_as_it_came(self, name, value):
        """A known field of an unexpected type keeps its raw value, and the rest stays typed."""
        task = TASK.read(answer({"success": True, "data": DOCUMENTED | {name: value}}))
        assert task.to_dict()[name] == value
        assert task.id == "task-123"
        assert task.due_date == datetime(2024, 2, 15, tzinfo=UTC) or name == "dueDate"

    @pytest.mark.parametrize("text", ["8", "0", "-1", "1.5", "20240115", "1705312800", "2024-01-15"])
    def test_what_is_no_date_and_time_is_no_moment(self, text):
        """Digits are not seconds since 1970, nor is a date midnight."""
        task = TASK.read(answer({"success": True, "data": DOCUMENTED | {"dueDate": text}}))
        assert task.due_date == task.to_dict()["dueDate"] == text

    @pytest.mark.parametrize(
        "fields",
        [
            {"createdAt": "2024-01-16T14:20:00.151Z", "updatedAt": "2024-01-16T14:20:00.123456+02:00"},
            {"dueDate": "2024-01-16T14:20:00Z", "completedAt": "2024-01-16T14:20:00"},
            {"estimatedHours": 8, "actualHours": 8.5, "progress": 1, "version": 3},
        ],
    )
    def test_dates_and_numbers_are_given_back_as_they_came(self, fields):
        """Character for character."""
        kept = TASK.read(answer({"success": True, "data": fields})).to_dict()
        assert json.dumps(kept) == json.dumps(fields)

    def test_an_odd_item_of_a_page_stays_where_it_is(self):
        """A list keeps its length and order."""
        result = TASKS.read(answer({"success": True, "data": [DOCUMENTED, "odd", {"id": "b", "title": 1}]}))
        assert result.data[1] == "odd"
        assert (result.data[2].id, result.data[2].title) == ("b", 1)

    @given(
        st.dictionaries(
            st.sampled_from([*DOCUMENTED, "newField"]),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.floats(allow_nan=False, allow_infinity=False)
                | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
                ),
                max_leaves=6,
            ),
            max_size=6,
        )
    )
    def test_no_mutation_fails_or_loses_a_value(self, changes):
        """Whatever a field holds, the call succeeds and the field is there."""
        mutated = DOCUMENTED | changes
        task = TASK.read(answer({"success": True, "data": mutated}))
        assert set(task.to_dict()) == set(mutated)

    def test_a_page_with_odd_values_pickles(self):
        """Raw values don't stand in the way of a process pool."""
        task = TASK.read(answer({"data": DOCUMENTED | {"title": 5}}))
        assert pickle.loads(pickle.dumps(task)) == task


class TestUnreadable:
    @pytest.mark.parametrize(
        "content",
        [
            b"<html>hello</html>",
            b"",
            b'{"success": true, "data":',
            b"\xff\xfe",
            b"[" * 10_000,
            b'"text"',
            b"[]",
            b'{"success": true}',
            b'{"success": true, "data": 5}',
        ],
    )
    def test_what_is_no_task_is_a_decode_error(self, content):
        """A page of HTML, a cut answer, or another shape: one clear error."""
        with pytest.raises(ResponseDecodeError, match=r"base_url") as caught:
            TASK.read(answer(content, headers={"content-type": "text/html"}))
        assert caught.value.status == 200
        assert caught.value.content_type == "text/html"

    def test_a_success_that_says_it_failed_is_an_error(self):
        """The envelope's `success: false` is believed."""
        body = {"success": False, "data": DOCUMENTED, "error": {"code": "X", "message": "no"}}
        with pytest.raises(APIError, match="no"):
            TASK.read(answer(body))
        del body["data"]
        for cast in (TASK, TASKS):
            with pytest.raises(APIError, match="no") as caught:
                cast.read(answer(body))
            assert caught.value.code == "X"


class TestErrors:
    def test_the_documented_object_is_read_whole(self):
        """Code, message, details, request id."""
        error = error_from(
            answer(
                {
                    "success": False,
                    "error": {
                        "code": "VALIDATION_ERROR",
                        "message": "Validation failed",
                        "details": {"title": ["Title is required"]},
                    },
                    "meta": {"requestId": "req-789"},
                },
                422,
            )
        )
        assert type(error) is ValidationFailedError
        assert (error.code, error.message, error.request_id) == (
            "VALIDATION_ERROR",
            "Validation failed",
            "req-789",
        )
        assert "title: Title is required" in str(error)

    @pytest.mark.parametrize(
        ("body", "message", "code"),
        [
            ({"error": "Unauthorized"}, "Unauthorized", None),
            ({"error": "Unauthorized", "message": "no token", "code": "E1"}, "Unauthorized: no token", "E1"),
            ({"message": "gone"}, "gone", None),
        ],
    )
    def test_other_servers_forms_are_read(self, body, message, code):
        """`{"error": "text", "message"?, "code"?}`."""
        error = error_from(answer(body, 401))
        assert type(error) is AuthenticationError
        assert (error.message, error.code) == (message, code)

    def test_html_says_what_to_check(self):
        """A web page for an unknown path."""
        error = error_from(answer(b"<html>", 404, {"content-type": "text/html"}))
        assert type(error) is NotFoundError
        assert "api_prefix" in error.message

    def test_a_redirect_is_named(self):
        """Redirects are not followed: credentials stay with their origin."""
        error = error_from(answer(b"", 302, {"location": "https://elsewhere/"}))
        assert "https://elsewhere/" in error.message

    @pytest.mark.parametrize(
        ("status", "cls"),
        [(429, RateLimitError), (500, ServerError), (503, ServiceUnavailableError), (418, APIError)],
    )
    def test_the_class_follows_the_status(self, status, cls):
        """One class for each documented status."""
        assert type(error_from(answer(b"", status, {}))) is cls

    def test_retry_after_of_the_body_is_kept(self):
        """The document's 429."""
        body = {"success": False, "error": {"code": "RATE_LIMIT_ERROR", "message": "slow", "retryAfter": 36}}
        assert error_from(answer(body, 429)).retry_after == 36.0


class TestHealth:
    HEALTH = one(Health, "health", good=frozenset({503}))

    def test_a_503_with_a_health_body_is_the_answer(self):
        """An unhealthy system answers too."""
        sick = answer({"success": False, "data": {"status": "unhealthy"}}, 503)
        assert self.HEALTH.accepts(sick)
        assert self.HEALTH.read(sick).status == "unhealthy"

    def test_a_503_with_an_error_is_an_error(self):
        """A proxy's 503 is no health."""
        assert not self.HEALTH.accepts(answer({"success": False, "error": {"message": "down"}}, 503))
        assert not self.HEALTH.accepts(answer(b"<html>", 503))
