"""The control API as typed calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from server_process import ServerProcess

from coordinaitor_sdk import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    Coordinaitor,
    NotFoundError,
    ValidationFailedError,
)
from coordinaitor_sdk.testing import Control

START = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def url():
    """A server with a control API."""
    with ServerProcess() as process:
        yield process.start(control=True).url


@pytest.fixture
def control(url):
    """That API."""
    with Control(url) as found:
        yield found


def test_the_readmes_few_lines_hold(control):
    """A world for a block, a client in it, time that is over at once; afterwards nothing is left."""
    with control.world(now="2024-01-15T10:30:00Z") as world:
        with Coordinaitor(control.url, api_key=world.api_key) as client:
            task = client.tasks.create(title="Build user dashboard")
            idle = control.run_until_idle(world.world)
            done = client.tasks.get(task.id)
            assert done.status == "completed"
            assert START < done.completed_at < idle.now < START + timedelta(minutes=5)
        assert world.world in [one.world for one in control.worlds()]
    assert world.world not in [one.world for one in control.worlds()]


def test_a_world_is_made_as_asked_and_logs_in(control):
    """Seed, random seed, name and time; its admin's password holds."""
    made = control.create(seed="empty", random_seed=42, name="Initech", now=START)
    assert (made.organization.name, made.random_seed, made.now, made.frozen) == ("Initech", 42, START, True)
    credentials = {"email": made.admin.email, "password": made.admin.password}
    with Coordinaitor(control.url, **credentials) as client:
        assert list(client.tasks.list()) == []
        control.delete(made.world)
        with pytest.raises(AuthenticationError):
            client.tasks.list().first_page()
    with pytest.raises(NotFoundError, match="GET /_control/worlds"):
        control.delete(made.world)


def test_time_is_stopped_moved_and_let_go(control):
    """By seconds or a timedelta; a reset brings back the first moment under a new epoch."""
    with control.world(now=START) as world:
        assert control.advance(world.world, 90.5).now == START + timedelta(seconds=90.5)
        moved = control.advance(world.world, timedelta(hours=1))
        assert (moved.now, moved.frozen, moved.ran) == (START + timedelta(hours=1, seconds=90.5), True, 0)
        assert control.resume(world.world).frozen is False
        assert control.freeze(world.world).frozen is True
        reset = control.reset(world.world)
        assert reset.now == START
        assert reset.epoch != world.epoch


def test_a_block_may_delete_its_world_itself(control):
    """What is gone is not looked for."""
    with control.world() as world:
        control.delete(world.world)


def test_refusals_are_the_librarys_errors(control):
    """Each says what to do."""
    with control.world(now=START) as world:
        with pytest.raises(ValidationFailedError, match="at least 0"):
            control.advance(world.world, -1)
        with pytest.raises(ConflictError, match="POST /_control/worlds"):
            control.reset("org-456")
        with pytest.raises(NotFoundError, match="There is no world org-nope"):
            control.freeze("org-nope")
        assert control.freeze(world.world).now == START


def test_a_server_without_it_is_named():
    """With the option that it lacks."""
    with ServerProcess() as process, Control(process.start(agents="off").url) as control:
        with pytest.raises(ConfigurationError, match="--control"):
            control.worlds()
        with pytest.raises(ConfigurationError, match="--control"):
            control.create()


def test_no_credential_of_the_users_is_sent(url, monkeypatch):
    """The environment's key is the server's that it was made for; here it plays no part."""
    monkeypatch.setenv("COORDINAITOR_API_KEY", "ak_secret")
    with Control(url) as control:
        assert "ak_secret" not in repr(control.__dict__)
        with control.world() as world:
            shown = repr(world)
    assert world.api_key not in shown
    assert world.admin.password not in shown


def test_agents_are_moved_by_hand(control):
    """Each call is a move of one task; None when there is nothing to do."""
    with control.world(agents="manual", now=START, id="org-typed") as world:
        assert (world.world, world.agents) == ("org-typed", "manual")
        with Coordinaitor(control.url, api_key=world.api_key) as client:
            one, two = (client.tasks.create(title=title, agent_id="agent-789") for title in ("One", "Two"))
            assert control.step(world.world, task=one.id).task.status == "active"
            assert control.step(world.world, task=one.id, progress=0.5).task.progress == 0.5
            assert control.step(world.world, task=one.id, complete=True).task.status == "completed"
            failed = control.step(world.world, task=two.id, fail="Out of memory", code="NO_MEMORY").task
            assert (failed.error.code, failed.error.message) == ("NO_MEMORY", "Out of memory")
        assert control.step(world.world).task is None
        with pytest.raises(ConflictError, match="final"):
            control.step(world.world, task=two.id)


def test_a_world_plays_a_scenario(control):
    """At its speed."""
    steps = [{"after": "4s", "complete": True}]
    scenario = {"version": 1, "tasks": [{"title": "Played", "steps": steps}]}
    with (
        control.world(now=START, scenario=scenario, sim_speed=2, failure_rate=1) as world,
        Coordinaitor(control.url, api_key=world.api_key) as client,
    ):
        task = client.tasks.create(title="Played")
        control.run_until_idle(world.world)
        assert client.tasks.get(task.id).completed_at == START + timedelta(seconds=2.15)
    with pytest.raises(ValidationFailedError, match=r"scenario"):
        control.create(scenario={"version": 2, "tasks": []})
