"""`client.agents` against the real server, in both clients."""

from uuid import uuid4

import pytest
from both import client

from coordinaitor_sdk.exceptions import (
    BadRequestError,
    InvalidArgumentError,
    NotFoundError,
    ValidationFailedError,
)

pytestmark = pytest.mark.anyio
HOURS = {"timezone": "America/New_York", "start": "09:00", "end": "17:00", "days": ["monday", "friday"]}


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


@pytest.fixture
async def own(kind, own_place):
    async with client(kind, own_place.url, api_key="ak_test") as api:
        yield api


class TestReading:
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

    async def test_what_belongs_to_it_comes_along(self, own):
        """Its tasks, its metrics, its log."""
        made = await own.agents.create(name="x", type="qa")
        task = await own.tasks.create(title="x", agent_id=made.id)
        agent = await own.agents.get(made.id, include=["tasks", "metrics", "logs"])
        assert [one.id for one in agent.tasks] == [task.id]
        assert (agent.metrics.task_metrics.total_tasks, agent.logs) == (1, [])
        assert (await own.agents.get(made.id)).tasks is None


class TestChanging:
    async def test_an_agent_keeps_what_it_was_created_with(self, own):
        """Every documented field."""
        fields = {
            "name": f"Bot {uuid4()}",
            "type": "coding",
            "model": "gpt-4",
            "provider": "openai",
            "capabilities": ["react", "aws"],
            "specializations": ["devops"],
            "max_concurrent_tasks": 2,
            "configuration": {"temperature": 0.7, "max_tokens": 4000, "codeStyle": None},
        }
        made = await own.agents.create(**fields, working_hours=HOURS)
        kept = await own.agents.get(made.id)
        assert {name: kept[name] for name in fields} == fields
        assert kept.working_hours.to_dict() == HOURS

    async def test_update_changes_the_given_fields_and_none_empties(self, own):
        """The others stay."""
        made = await own.agents.create(name="x", type="qa", model="gpt-4", working_hours=HOURS)
        changed = await own.agents.update(made.id, model=None, working_hours=None, type="review")
        assert (changed.model, changed.working_hours, changed.type, changed.name) == (
            None, None, "review", "x"
        )  # fmt: skip
        assert (await own.agents.update(made.id, {"maxConcurrentTasks": 7})).max_concurrent_tasks == 7

    async def test_it_is_disabled_and_enabled(self, own):
        """With a reason; the second time nothing changes."""
        made = await own.agents.create(name="x", type="qa")
        for _ in range(2):
            disabled = await own.agents.disable(made.id, reason="Maintenance required")
            assert (disabled.status, disabled.disabled_reason) == ("offline", "Maintenance required")
        for _ in range(2):
            enabled = await own.agents.enable(made.id)
            assert (enabled.status, enabled.enabled, enabled.disabled_reason) == ("available", True, None)

    async def test_a_rejected_field_is_the_servers_to_name(self, own, form):
        """422."""
        with pytest.raises(ValidationFailedError) as caught:
            await own.agents.create(name="x", type="bogus")
        assert ("type" in caught.value.details) == form.documented
        with pytest.raises(NotFoundError):
            await own.agents.update("agent-none", name="x")

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"name": "x"},
            {"name": "", "type": "qa"},
            {"name": "x", "type": "qa", "max_concurrent_tasks": 0},
        ],
    )
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await offline.agents.create(wrong)


class TestWork:
    async def test_its_tasks_come_page_by_page(self, own, form):
        """Newest first, filtered by state."""
        made = await own.agents.create(name="x", type="qa")
        ids = [(await own.tasks.create(title=f"{n}", agent_id=made.id)).id for n in range(5)]
        await own.tasks.update(ids[0], status="active")
        pager = own.agents.tasks(made.id, limit=2)
        assert [task.id async for task in pager] == ids[::-1]
        assert [len(page) async for page in pager.pages()] == [2, 2, 1]
        assert [(task.id, task.status) async for task in own.agents.tasks(made.id, status="active")] == [
            (ids[0], form.says("active"))
        ]

    async def test_its_metrics_are_computed(self, own):
        """What the server can't tell is None."""
        made = await own.agents.create(name="x", type="qa")
        task = await own.tasks.create(title="x", agent_id=made.id)
        await own.tasks.update(task.id, status="completed")
        metrics = await own.agents.metrics(made.id)
        assert (metrics.agent_id, metrics.period.start) == (made.id, made.created_at)
        assert (metrics.task_metrics.completed_tasks, metrics.task_metrics.success_rate) == (1, 1)
        assert metrics.performance_metrics.quality_score is None
        assert metrics.utilization_metrics.total_hours >= 0
