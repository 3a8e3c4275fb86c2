"""`client.projects` against the real server, in both clients."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from both import client

from coordinaitor_sdk.exceptions import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    ValidationFailedError,
)

pytestmark = pytest.mark.anyio
END = datetime(2030, 6, 30, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


class TestChanging:
    async def test_a_project_keeps_what_it_was_created_with(self, api):
        """Nested objects too, in Python's spelling."""
        made = await api.projects.create(
            name=f"Mobile {uuid4()}",
            description="d",
            start_date="2030-02-01T00:00:00Z",
            end_date=END,
            priority="medium",
            budget={"hours": 500, "cost": 75000},
            team_members=[{"user_id": "user-123", "role": "project-manager"}],
            agents=["agent-123"],
            tags=["mobile"],
        )
        kept = await api.projects.get(made.id)
        assert (kept.budget.hours, kept.budget.cost) == (500, 75000)
        assert (kept.team_members[0].user_id, kept.team_members[0].role) == ("user-123", "project-manager")
        assert (kept.tags, kept.agents, kept.end_date) == (["mobile"], ["agent-123"], END)
        assert made.id in [
            p.id async for p in api.projects.list(search=made.name, status="active", member_id="user-123")
        ]
        assert made.id not in [p.id async for p in api.projects.list(status="archived")]

    async def test_update_changes_the_given_fields_and_none_empties(self, api):
        """The others stay."""
        made = await api.projects.create(name="x", end_date=END, description="keep", budget={"hours": 1})
        team = [{"user_id": "user-456", "role": "developer", "permissions": ["tasks:read"]}]
        changed = await api.projects.update(
            made.id, end_date=None, budget=None, status="on-hold", team_members=team
        )
        assert (changed.end_date, changed.budget, changed.status) == (None, None, "on-hold")
        assert changed.description == "keep"
        assert changed.team_members[0].permissions == ["tasks:read"]

    async def test_a_deleted_project_is_gone(self, api):
        """Its tasks stay."""
        made = await api.projects.create(name="x")
        task = await api.tasks.create(title="x", project_id=made.id)
        assert await api.projects.delete(made.id) is None
        with pytest.raises(NotFoundError):
            await api.projects.get(made.id)
        assert (await api.tasks.get(task.id)).project_id is None

    async def test_a_rejected_field_is_the_servers_to_name(self, api, form):
        """422."""
        with pytest.raises(ValidationFailedError) as caught:
            await api.projects.create(name="x", agents=["agent-none"])
        assert bool(caught.value.details) == form.documented

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {}, {"name": "x", "budget": {"hours": -1}}, {"name": "x", "start_date": "soon"}],
    )
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await offline.projects.create(**wrong)


class TestReading:
    async def test_the_list_is_iterated_over_page_by_page(self, api):
        """Every project once."""
        name = f"Paged {uuid4()}"
        ids = [(await api.projects.create(name=name)).id for _ in range(3)]
        pager = api.projects.list(search=name, limit=2)
        assert [project.id async for project in pager] == ids[::-1]
        assert [len(page) async for page in pager.pages()] == [2, 1]

    async def test_its_counts_follow_its_tasks(self, api):
        """Computed, not invented."""
        made = await api.projects.create({"name": f"Counted {uuid4()}"})
        for status in ("completed", "pending"):
            task = await api.tasks.create(title="x", project_id=made.id)
            await api.tasks.update(task.id, status=status)
        counts = (await api.projects.get(made.id)).task_count
        assert (counts.total, counts.completed, counts.pending) == (2, 1, 1)

    async def test_its_tasks_come_page_by_page(self, api, form):
        """With the filters of the list of tasks."""
        made = await api.projects.create(name="x")
        ids = [
            (await api.tasks.create(title=f"{n}", project_id=made.id, priority="high")).id for n in range(3)
        ]
        pager = api.projects.tasks(made.id, limit=2, sort_by="createdAt", sort_order="asc", priority="high")
        assert [task.id async for task in pager] == ids
        assert {task.priority async for task in pager} == {form.says("high")}
        assert [task.id async for task in api.projects.tasks(made.id, priority="low")] == []


class TestMembers:
    async def test_a_member_comes_and_goes(self, api):
        """Twice is a conflict, and who is none can't go."""
        made = await api.projects.create(name="x")
        added = await api.projects.add_member(
            made.id, "user-789", role="developer", permissions=["tasks:read", "tasks:write"]
        )
        assert (added.user_id, added.role, added.permissions) == (
            "user-789", "developer", ["tasks:read", "tasks:write"]
        )  # fmt: skip
        with pytest.raises(ConflictError):
            await api.projects.add_member(made.id, "user-789", role="developer")
        with pytest.raises(ValidationFailedError):
            await api.projects.add_member(made.id, "user-none", role="developer")
        assert (await api.projects.get(made.id)).team_size == 1
        assert await api.projects.remove_member(made.id, "user-789") is None
        with pytest.raises(NotFoundError):
            await api.projects.remove_member(made.id, "user-789")
