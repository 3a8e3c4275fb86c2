"""What an agent did, from the history of its tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from coordinaitor_sdk.server.domain.agent_metrics import Transition, activity_of, mean_hours, share

NOW = datetime(2024, 1, 15, 20, tzinfo=UTC)


def moment(clock):
    """A time of that day, as the server writes it."""
    return f"2024-01-15T{clock}:00.000Z"


def assigned(task, old, new, clock, holder="a"):
    """The task got another agent."""
    return Transition(task, holder, "assigned", old, new, moment(clock))


def became(task, new, clock, holder="a"):
    """The task got another status."""
    return Transition(task, holder, "status_changed", None, new, moment(clock))


def hours(*transitions):
    """The hours in which agent a had an active task."""
    return activity_of("a", transitions, NOW).hours()


def test_active_hours_last_from_the_start_to_the_end():
    """A pending task doesn't count, nor does an ended one."""
    assert hours() == 0
    assert hours(assigned("t", None, "a", "08:00"), became("t", "active", "10:00")) == 10
    assert (
        hours(
            assigned("t", None, "a", "08:00"),
            became("t", "active", "10:00"),
            became("t", "failed", "11:30"),
        )
        == 1.5
    )


def test_hours_with_several_tasks_count_once():
    """What overlaps is one."""
    assert (
        hours(
            became("t", "active", "10:00"),
            became("t", "completed", "13:00"),
            became("u", "active", "11:00"),
            became("u", "completed", "12:00"),
            became("v", "active", "12:30"),
            became("v", "cancelled", "14:00"),
            became("w", "active", "16:00"),
            became("w", "completed", "17:00"),
        )
        == 5
    )


def test_hours_with_another_agent_are_not_its_own():
    """A task that was taken from it, given back to it, or came to it while active."""
    task = [
        became("t", "active", "08:00"),
        assigned("t", "a", "b", "09:00"),
        assigned("t", "b", "a", "11:00"),
        became("t", "completed", "11:30"),
    ]
    assert activity_of("a", task, NOW).hours() == 1.5
    assert activity_of("b", task, NOW).hours() == 2
    assert activity_of("c", task, NOW).hours() == 0


def test_peak_hours_are_those_in_which_most_tasks_were_started():
    """Two at most, the busiest first, the earlier one of equals first; taking over is no start."""
    clocks = ("10:05", "10:59", "23:10", "14:00", "14:30", "14:31")
    starts = [became(f"t{number}", "active", clock) for number, clock in enumerate(clocks)]
    assert activity_of("a", starts, NOW).peak_hours() == ["14:00-15:00", "10:00-11:00"]
    assert activity_of("a", starts[2:3], NOW).peak_hours() == ["23:00-00:00"]
    taken_over = [became("t", "active", "08:00", "b"), assigned("t", "b", "a", "09:00")]
    assert activity_of("a", taken_over, NOW).peak_hours() == []


def test_what_has_nothing_to_count_is_none():
    """No mean of nothing, no share of nothing."""
    assert mean_hours([]) is None
    assert mean_hours([(moment("08:00"), moment("09:00")), (moment("08:00"), moment("10:00"))]) == 1.5
    assert share(0, 0) is None
    assert share(1, 3) == 0.3333
