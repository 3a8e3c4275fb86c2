"""The pace of simulated work."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinaitor_sdk.server.domain.work import FAILURE_TAG, Step, fails_at, next_step, plan


@given(st.one_of(st.none(), st.floats(0, 1e5)), st.integers())
def test_plan_rises_to_one_in_the_documented_time(hours, seed):
    """8 to 12 steps, progress rising to 1; an hour a second, from 2 to 60 s, 8 s without an estimate."""
    steps = plan(hours, random.Random(seed))
    assert 8 <= len(steps) <= 12
    progress = [step.progress for step in steps]
    assert progress == sorted(set(progress))
    assert progress[-1] == 1
    expected = 8 if hours is None else min(60, max(2, hours))
    assert sum(step.after for step in steps) == pytest.approx(expected)


@given(st.integers(), st.floats(0, 1))
def test_next_step_goes_beyond_the_progress(seed, progress):
    """Work that is taken up again goes on with the first step that brings something."""
    steps = plan(8, random.Random(seed))
    index = next_step(steps, progress)
    assert steps[index].progress > progress or index == len(steps) - 1
    assert index == 0 or steps[index - 1].progress <= progress


def test_failure_needs_the_tag_and_half_of_the_way():
    """Not before the middle, and only with the tag."""
    assert fails_at([FAILURE_TAG], Step(1, 0.5))
    assert not fails_at([FAILURE_TAG], Step(1, 0.49))
    assert not fails_at(["other"], Step(1, 0.9))
