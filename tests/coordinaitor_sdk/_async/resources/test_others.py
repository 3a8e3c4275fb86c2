"""`client.agents`, `client.projects` and `client.system` against the real server, in both clients."""

from uuid import uuid4

import pytest
from both import client

from coordinaitor_sdk.exceptions import BadRequestError, InvalidArgumentError, NotFoundError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


class TestAgents:
    async def test_each_documented_filter_reaches_the_server(self, api):
        """The seed has three agents."""
        everyone = {agent.id: agent async for agent in api.agents.list()}
        assert set(everyone) == {"agent-123", "agent-456", "agent-789"}
        one = everyone["agent-123"]
        for yes in (
            {"type": one.type},
            {"capabilities": one.capabilities[:2]},
            {"status": "available"},
            {"available": True},
        ):
            assert "agent-123" in [agent.id async for agent in api.agents.list(**yes)], yes
        for no in (
            {"type": "analysis"},
            {"capabilities": ["flying"]},
            {"status": "error"},
            {"available": False},
        ):
            assert "agent-123" not in [agent.id async for agent in api.agents.list(**no)], no

    async def test_one_is_got_by_its_id(self, api):
        """Typed."""
        agent = await api.agents.get("agent-123")
        assert agent.max_concurrent_tasks >= 1
        with pytest.raises(NotFoundError):
            await api.agents.get("agent-none")

    async def test_an_unknown_type_is_the_servers_to_refuse(self, api):
        """400."""
        with pytest.raises(BadRequestError, match="coding"):
            await api.agents.list(type="bogus").first_page()


class TestProjects:
    async def test_a_project_keeps_what_it_was_created_with(self, api):
        """Nested objects too, in Python's spelling."""
        made = await api.projects.create(
            name=f"Mobile {uuid4()}",
            description="d",
            start_date="2030-02-01T00:00:00Z",
            end_date="2030-06-30T23:59:59Z",
            priority="medium",
            budget={"hours": 500, "cost": 75000},
            team_members=[{"user_id": "user-123", "role": "project-manager"}],
            agents=["agent-123"],
            tags=["mobile"],
        )
        kept = await api.projects.get(made.id)
        assert (kept.budget.hours, kept.budget.cost) == (500, 75000)
        assert (kept.team_members[0].user_id, kept.team_members[0].role) == ("user-123", "project-manager")
        assert kept.tags == ["mobile"]
        assert made.id in [
            p.id async for p in api.projects.list(search=made.name, status="active", member_id="user-123")
        ]
        assert made.id not in [p.id async for p in api.projects.list(status="archived")]

    async def test_its_counts_follow_its_tasks(self, api):
        """Computed, not invented."""
        made = await api.projects.create({"name": f"Counted {uuid4()}"})
        for status in ("completed", "pending"):
            task = await api.tasks.create(title="x", project_id=made.id)
            await api.tasks.update(task.id, status=status)
        counts = (await api.projects.get(made.id)).task_count
        assert (counts.total, counts.completed, counts.pending) == (2, 1, 1)

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {}, {"name": "x", "budget": {"hours": -1}}, {"name": "x", "start_date": "soon"}],
    )
    async def test_what_can_not_be_meant_is_refused_at_once(self, api, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await api.projects.create(**wrong)


class TestHealth:
    async def test_it_needs_no_credentials(self, kind, idle_place):
        """A monitor has none."""
        async with client(kind, idle_place.url) as api:
            health = await api.system.health()
        assert health.status == "healthy"
        assert health.services["database"].latency >= 0
        assert "redis" not in health.services
