"""Who takes a task, and what work makes of a status."""

from __future__ import annotations

import pytest

from coordinaitor_sdk.server.domain.agent_choice import Candidate, choose_agent, status_of


def candidate(name, *skills, active=0, limit=2):
    """An agent."""
    return Candidate(name, frozenset(skills), active, limit)


@pytest.mark.parametrize(
    ("tags", "candidates", "expected"),
    [
        ([], [], None),
        (["react"], [candidate("a", "react", active=2)], None),
        (["react"], [candidate("a", "python"), candidate("b", "react")], "b"),
        (["React"], [candidate("a", "python"), candidate("b", "react")], "b"),
        (["react", "qa"], [candidate("a", "react"), candidate("b", "react", "qa", active=1)], "b"),
        (["react"], [candidate("a", "python"), candidate("b", "react", active=2)], "a"),
        (["other"], [candidate("b", "x"), candidate("a", "y", active=1)], "b"),
        ([], [candidate("a", active=1, limit=2), candidate("b", active=1, limit=3)], "b"),
        ([], [candidate("b"), candidate("a")], "a"),
    ],
)
def test_choice_is_by_fit_then_load_then_id(tags, candidates, expected):
    """Most matching tags among the free ones; any free one when nobody fits; none when all are full."""
    chosen = choose_agent(tags, candidates)
    assert (chosen and chosen.id) == expected


@pytest.mark.parametrize(
    ("current", "active", "expected"),
    [
        ("available", 1, "available"),
        ("available", 2, "busy"),
        ("busy", 1, "available"),
        ("busy", 3, "busy"),
        ("offline", 0, "available"),
        ("offline", 2, "busy"),
        ("error", 2, "error"),
    ],
)
def test_status_follows_the_free_slots(current, active, expected):
    """Busy without a free slot; an error stays."""
    assert status_of(current, active, 2) == expected


@pytest.mark.parametrize("current", ["available", "busy", "offline", "error"])
def test_disabled_agent_is_offline(current):
    """Whatever it works on."""
    assert status_of(current, 1, 2, enabled=False) == "offline"
