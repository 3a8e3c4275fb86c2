"""What one call is, and what is refused before it is sent (DESIGN 3.4, 5)."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from coordinaitor_sdk._core import request
from coordinaitor_sdk._core.request import NOT_GIVEN
from coordinaitor_sdk.exceptions import InvalidArgumentError


class TestPath:
    def test_an_id_is_quoted(self):
        """No id can leave its place in the path."""
        assert request.path_segment("a/b?c", "task_id") == "a%2Fb%3Fc"

    @pytest.mark.parametrize("value", ["", "  ", ".", "..", None, 5])
    def test_an_id_that_can_not_be_one_is_refused(self, value):
        """It would name another resource."""
        with pytest.raises(InvalidArgumentError, match="task_id"):
            request.path_segment(value, "task_id")


class TestQuery:
    def test_an_empty_list_asks_for_nothing(self):
        """It is left out, as None is."""
        given = {"include": [], "tags": (), "search": None, "available": False}
        assert request.query_string(given) == "available=false"

    def test_values_are_written_as_the_document_says(self):
        """Camel case, commas, lower-case booleans; what is None or left out is not sent."""
        params = {
            "project_id": "proj-1",
            "tags": ["a", "b"],
            "available": True,
            "status": None,
            "page": NOT_GIVEN,
            "search": "a b&c",
        }
        assert request.query_string(params) == "projectId=proj-1&tags=a%2Cb&available=true&search=a+b%26c"

    @pytest.mark.parametrize("value", ["\udc80", ["a", "\udc80"]])
    def test_what_is_no_unicode_is_refused(self, value):
        """As a file name may be that came from the system."""
        with pytest.raises(InvalidArgumentError, match="search"):
            request.query_string({"search": value})
        with pytest.raises(InvalidArgumentError, match="task_id"):
            request.path_segment("task-\udc80", "task_id")


class TestBody:
    def test_not_given_is_left_out_and_none_is_null(self):
        """A field left out stays as it is; None empties it."""
        body = request.json_body({"title": "x", "agent_id": None, "due_date": NOT_GIVEN})
        assert json.loads(body) == {"title": "x", "agentId": None}

    def test_only_known_nested_keys_are_renamed(self):
        """Free maps pass untouched."""
        body = request.json_body(
            {"team_members": [{"user_id": "u", "role": "r"}], "configuration": {"max_tokens": 1}},
            nested={"team_members": {"user_id": "userId"}},
        )
        assert json.loads(body) == {
            "teamMembers": [{"userId": "u", "role": "r"}],
            "configuration": {"max_tokens": 1},
        }

    @pytest.mark.parametrize("mapping", [{"project_id": "p"}, {"projectId": "p"}])
    def test_a_mapping_may_be_in_either_spelling(self, mapping):
        """The document's Python example uses Python's."""
        assert request.fields_from(mapping, {}, known=frozenset({"project_id"})) == {"project_id": "p"}

    def test_an_unknown_field_is_passed_on(self):
        """The server decides about it."""
        assert request.fields_from({"brandNew": 1}, {}, known=frozenset({"title"})) == {"brandNew": 1}

    def test_both_forms_at_once_are_refused(self):
        """Which of them would win?"""
        with pytest.raises(InvalidArgumentError, match="not both"):
            request.fields_from({"title": "a"}, {"title": "b"}, known=frozenset({"title"}))

    def test_both_spellings_at_once_are_refused(self):
        """Which of them would win?"""
        with pytest.raises(InvalidArgumentError, match="twice"):
            request.fields_from({"project_id": "a", "projectId": "b"}, {}, known=frozenset({"project_id"}))

    def test_what_json_can_not_hold_is_refused(self):
        """An object of the caller's own."""
        with pytest.raises(InvalidArgumentError, match="JSON"):
            request.json_body({"title": object()})


class TestDates:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (datetime(2024, 2, 20, tzinfo=UTC), "2024-02-20T00:00:00Z"),
            ("2024-02-20T00:00:00Z", "2024-02-20T00:00:00Z"),
            (datetime(2024, 2, 20, tzinfo=timezone(timedelta(hours=2))), "2024-02-20T00:00:00+02:00"),
        ],
    )
    def test_an_aware_date_is_written(self, value, text):
        """RFC 3339."""
        assert request.timestamp(value, "due_date") == text

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            ("2024-02-20", "no time zone"),
            (datetime(2024, 2, 20), "no time zone"),
            (date(2024, 2, 20), "needs a time"),
            ("tomorrow", "not a date"),
            (5, "must be a datetime"),
        ],
    )
    def test_a_naive_or_unreadable_date_is_refused(self, value, why):
        """With a word on how to write it."""
        with pytest.raises(InvalidArgumentError, match=why):
            request.timestamp(value, "due_date")


class TestNumbers:
    @pytest.mark.parametrize("value", [-1, -0.01, float("nan"), float("inf"), "3", True])
    def test_what_is_no_amount_is_refused(self, value):
        """Hours are finite and not negative."""
        with pytest.raises(InvalidArgumentError, match="hours"):
            request.check_numbers({"hours": value}, "hours")

    @pytest.mark.parametrize("value", [0, -1, 1.5, "1", True])
    def test_what_counts_nothing_is_refused(self, value):
        """Pages and limits count from 1."""
        with pytest.raises(InvalidArgumentError, match="limit"):
            request.check_count("limit", value)
