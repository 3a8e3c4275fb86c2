"""Reading what comes over the WebSocket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk._core.frames import read_frame


def test_a_push_is_typed():
    """The whole task, with its place in the log."""
    push = {"type": "task.updated", "seq": 7, "epoch": "e", "data": {"id": "t", "projectId": "p"}}
    frame = read_frame(json.dumps(push))
    assert (frame.type, frame.seq, frame.data.project_id) == ("task.updated", 7, "p")


def test_odd_values_in_a_push_stay_as_they_came():
    """A push is read as tolerantly as an answer."""
    frame = read_frame(json.dumps({"type": "task.updated", "seq": "7x", "data": {"id": "t", "title": 5}}))
    assert (frame.seq, frame.data.id, frame.data.title) == ("7x", "t", 5)


@pytest.mark.parametrize("message", ["", "{", "[]", "5", b"\xff\xff", "[" * 10_000])
def test_what_is_no_object_is_unreadable(message):
    """It is skipped, never fatal."""
    assert read_frame(message) is None


@given(st.text() | st.binary())
def test_nothing_makes_it_fail(message):
    """Whatever a server sends."""
    read_frame(message)
