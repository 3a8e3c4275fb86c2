"""Faults and the journal as typed calls, as users' tests make them."""

from __future__ import annotations

import pytest
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor, NotFoundError, RateLimitError, Retry, ValidationFailedError
from coordinaitor_sdk.testing import Control, UnfiredFaultError


@pytest.fixture(scope="module")
def control():
    """The control API of a server."""
    with ServerProcess() as process, Control(process.start(control=True, agents="off").url) as found:
        yield found


@pytest.fixture
def world(control):
    """A world on a clock that stands."""
    with control.world(now="2024-01-15T10:30:00Z") as found:
        yield found


@pytest.fixture
def client(control, world):
    """A client in it that waits no time between its attempts."""
    with Coordinaitor(control.url, api_key=world.api_key) as found:
        yield found


def test_the_documented_example_holds(control):
    """A lost answer is asked for again, and nothing is done twice: the journal tells."""
    with (
        control.world(seed="empty") as world,
        Coordinaitor(control.url, api_key=world.api_key) as client,
    ):
        with control.fault(world.world, "reset", operation="create_task", when="after"):
            client.tasks.create(title="Build user dashboard", idempotency_key="dashboard")
        first, second = control.journal(world.world, operation="create_task").entries
        assert (first.status, second.status) == (None, 201)
        assert len(list(client.tasks.list())) == 1
        assert (first.fault.kind, second.fault) == ("reset", None)
        assert second.answer_body.content["data"]["title"] == "Build user dashboard"


def test_a_fault_for_a_block_that_never_happens_fails_the_block(control, world):
    """It is gone all the same; what the block itself raises is raised."""
    with (
        pytest.raises(UnfiredFaultError, match=r"fault-1 \(hang of create_task\), 0 matched"),
        control.fault(world.world, "hang", operation="create_task"),
    ):
        control.worlds()
    assert control.faults(world.world).faults == []
    with pytest.raises(KeyError), control.fault(world.world, "hang"):
        raise KeyError
    assert control.faults(world.world).faults == []


def test_faults_are_told_with_what_became_of_them(control, world, client):
    """Each field as it was asked for."""
    made = control.add_fault(world.world, "rate-limit", retry_after=9, nth=1, operation="list_agents")
    control.add_fault(world.world, "drop", event="task.updated", channel="tasks", share=0.5, for_calls=4)
    assert (made.id, made.kind, made.retry_after, made.count) == ("fault-1", "rate-limit", 9, 1)
    with pytest.raises(RateLimitError) as limited:
        client.with_options(retry=Retry(attempts=1)).agents.list().first_page()
    assert limited.value.retry_after == 9
    told = control.faults(world.world)
    assert [(one.matched, one.fired, one.spent) for one in told.faults] == [(1, 1, True), (0, 0, False)]
    assert told.faults[1].for_calls == 4
    assert told.unfired == ["fault-2"]
    with pytest.raises(UnfiredFaultError, match=r"drop of task\.updated"):
        control.require_fired(world.world)
    control.delete_fault(world.world, "fault-2")
    control.require_fired(world.world)
    control.clear_faults(world.world)
    assert control.faults(world.world).faults == []


def test_the_journal_is_read_in_parts_and_cleared(control, world, client):
    """By place, status and operation."""
    for _ in range(3):
        client.tasks.get("task-123")
    part = control.journal(world.world, limit=2)
    assert ([one.seq for one in part.entries], part.has_more, part.kept) == ([1, 2], True, 3)
    assert [one.seq for one in control.journal(world.world, after=2, status=200).entries] == [3]
    assert part.entries[0].headers["x-api-key"] == "[removed]"
    control.clear_journal(world.world)
    assert control.journal(world.world).entries == []


def test_what_can_not_be_meant_is_an_error(control, world):
    """As of every call."""
    with pytest.raises(ValidationFailedError, match="create_task"):
        control.add_fault(world.world, "hang", operation="create_tsk")
    with pytest.raises(ValidationFailedError, match="list_tasks"):
        control.journal(world.world, operation="lst_tasks")
    for call in (control.faults, control.clear_faults, control.journal, control.clear_journal):
        with pytest.raises(NotFoundError, match="GET /_control/worlds"):
            call("org-none")
