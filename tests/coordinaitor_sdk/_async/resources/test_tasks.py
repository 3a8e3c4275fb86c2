"""`client.tasks` against the real server, in both clients."""

import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from both import client

from coordinaitor_sdk.exceptions import (
    BadRequestError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    ValidationFailedError,
)

pytestmark = pytest.mark.anyio
DUE = datetime(2030, 2, 20, tzinfo=UTC)


@pytest.fixture
async def api(kind, idle_place):
    async with client(kind, idle_place.url, api_key="ak_test") as api:
        yield api


@pytest.fixture
def tag():
    """A tag that only this test's tasks have."""
    return f"tag-{uuid4().hex[:12]}"


@contextmanager
def opened_pipe(path):
    """The content of a file, from a process that writes it."""
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as process:
        yield process.stdout


async def count(api):
    return len(await api.tasks.list(limit=100).collect())


class TestList:
    async def test_each_documented_filter_reaches_the_server(self, api, tag):
        """Each lets the one task through, and its opposite does not."""
        made = await api.tasks.create(
            title="Needle in a haystack",
            priority="high",
            project_id="proj-123",
            agent_id="agent-456",
            tags=[tag, "x"],
        )
        before, after = made.created_at - timedelta(seconds=1), made.created_at + timedelta(seconds=1)
        for yes, no in (
            ({"status": "pending"}, {"status": "active"}),
            ({"priority": "high"}, {"priority": "low"}),
            ({"project_id": "proj-123"}, {"project_id": "proj-456"}),
            ({"agent_id": "agent-456"}, {"agent_id": "agent-123"}),
            ({"search": "haystack"}, {"search": "needles"}),
            ({"tags": [tag, "x"]}, {"tags": f"{tag},y"}),
            ({"created_after": before}, {"created_after": after}),
            ({"created_before": after}, {"created_before": before}),
        ):
            found = [task.id async for task in api.tasks.list(**({"tags": tag} | yes))]
            assert found == [made.id], yes
            assert [task.id async for task in api.tasks.list(**({"tags": tag} | no))] == [], no

    async def test_it_is_iterated_over_page_by_page(self, api, tag):
        """Every item once, in order, whatever the size of a page."""
        ids = [(await api.tasks.create(title=f"{n}", tags=[tag])).id for n in range(7)]
        pager = api.tasks.list(tags=tag, limit=3, sort_by="createdAt", sort_order="asc")
        assert [task.id async for task in pager] == ids
        assert [len(page) async for page in pager.pages()] == [3, 3, 1]
        assert [task.id for task in await pager.collect(max_items=4)] == ids[:4]
        assert await pager.collect(max_items=0) == []
        assert [task.id for task in (await pager.first_page()).data] == ids[:3]

    async def test_its_first_page_is_at_hand(self, api, tag, form):
        """Awaited, or by `.data` and `.pagination`, as in the document's sample."""
        for n in range(3):
            await api.tasks.create(title=f"{n}", tags=[tag])
        page = await api.tasks.list(tags=tag, limit=2)
        assert len(page.data) == 2
        if form.paginates:
            assert (page.pagination.total, page.pagination.pages) == (3, 2)
        if form.documented:
            assert page.pagination.has_next

    async def test_it_may_begin_later(self, api, tag):
        """`page` is where it begins."""
        ids = [(await api.tasks.create(title=f"{n}", tags=[tag])).id for n in range(5)]
        pager = api.tasks.list(tags=tag, page=2, limit=2, sort_by="createdAt", sort_order="asc")
        assert [task.id async for task in pager] == ids[2:]

    async def test_rows_inserted_meanwhile_are_not_repeated(self, api, tag):
        """They push others onto the next page."""
        for n in range(4):
            await api.tasks.create(title=f"{n}", tags=[tag])
        seen = []
        async for page in api.tasks.list(tags=tag, limit=2, sort_by="createdAt", sort_order="desc").pages():
            seen += [task.id for task in page.data]
            if len(seen) == 2:
                await api.tasks.create(title="new", tags=[tag])
        assert len(seen) == len(set(seen)) == 4

    async def test_an_unknown_status_is_the_servers_to_refuse(self, api, form):
        """400 with the values that there are; vendors have states of their own."""
        with pytest.raises(BadRequestError, match="pending, active, completed, failed, cancelled") as caught:
            await api.tasks.list(status="bogus").first_page()
        assert ("status" in caught.value.details) == form.documented

    @pytest.mark.parametrize(
        "wrong",
        [{"limit": 0}, {"page": -1}, {"created_after": "yesterday"}, {"created_before": "2024-01-01"}],
    )
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            offline.tasks.list(**wrong)


class TestChange:
    async def test_a_task_keeps_what_it_was_created_with(self, api, tag, form):
        """Every documented field."""
        fields = {
            "title": "Build user dashboard",
            "description": "With analytics ünd emoji 🎉",
            "priority": "low",
            "project_id": "proj-123",
            "agent_id": "agent-456",
            "tags": [tag],
            "estimated_hours": 12.5,
            "due_date": DUE,
            "requirements": ["Responsive"],
            "acceptance_criteria": ["Fast"],
        }
        made = await api.tasks.create(**fields)
        again = await api.tasks.get(made.id)
        for name, value in fields.items():
            assert again[name] == value, name
        assert (again.status, again.progress) == (form.says("pending"), 0)
        assert again.version == form.version(1)

    @pytest.mark.parametrize(
        "fields", [{"title": "x", "project_id": "proj-123"}, {"title": "x", "projectId": "proj-123"}]
    )
    async def test_a_mapping_serves_in_either_spelling(self, api, fields):
        """The document's Python example uses Python's."""
        assert (await api.tasks.create(fields)).project_id == "proj-123"

    async def test_update_changes_the_given_fields_and_none_empties(self, api, form):
        """The others stay."""
        made = await api.tasks.create(title="x", agent_id="agent-456", due_date=DUE, description="keep")
        changed = await api.tasks.update(made.id, agent_id=None, due_date=None, priority="high")
        assert (changed.agent_id, changed.due_date, changed.priority) == (None, None, form.says("high"))
        assert (changed.description, changed.version) == ("keep", form.version(2))

    async def test_replace_is_put_and_resets_nothing(self, api):
        """The server changes the given fields in both."""
        made = await api.tasks.create(title="x", description="keep")
        changed = await api.tasks.replace(made.id, title="y", tags=["updated"])
        assert (changed.title, changed.tags, changed.description) == ("y", ["updated"], "keep")

    async def test_assign_gives_it_to_an_agent(self, api, form):
        """With a priority and a date, where given."""
        made = await api.tasks.create(title="x")
        given = await api.tasks.assign(made.id, "agent-789", priority="high", due_date=DUE)
        assert (given.agent_id, given.priority, given.due_date) == ("agent-789", form.says("high"), DUE)
        assert given.assigned_agent.id == "agent-789"

    async def test_a_comment_is_kept(self, api):
        """With those it mentions."""
        made = await api.tasks.create(title="x")
        comment = await api.tasks.add_comment(made.id, "Great progress!", mentions=["user-123"])
        assert (comment.content, comment.mentions) == ("Great progress!", ["user-123"])
        kept = await api.tasks.get(made.id, include=["comments", "history"])
        assert [one.id for one in kept.comments] == [comment.id]
        assert kept.history

    @pytest.mark.parametrize("source", ["path", "file", "pipe"])
    async def test_a_file_is_kept(self, api, tmp_path, source):
        """From wherever it comes; what has no length is sent in chunks."""
        made = await api.tasks.create(title="x")
        path = tmp_path / "design mockup.png"
        path.write_bytes(b"\x89PNG" + b"\0" * 100_000)
        with path.open("rb") as opened, opened_pipe(path) as pipe:
            file = {"path": path, "file": opened, "pipe": pipe}[source]
            kept = await api.tasks.upload_file(made.id, file, filename=path.name, description="UI ünd mehr")
        assert (kept.name, kept.size, kept.mime_type, kept.description) == (
            path.name,
            100_004,
            "image/png",
            "UI ünd mehr",
        )
        assert [one.id for one in (await api.tasks.get(made.id, include="files")).files] == [kept.id]

    async def test_a_deleted_task_is_gone(self, api):
        """And deleting it again is an error."""
        made = await api.tasks.create(title="x")
        assert await api.tasks.delete(made.id, reason="duplicate") is None
        with pytest.raises(NotFoundError):
            await api.tasks.get(made.id)
        with pytest.raises(NotFoundError):
            await api.tasks.delete(made.id)

    async def test_a_terminal_state_is_final(self, api):
        """409, and nothing changes."""
        made = await api.tasks.create(title="x")
        done = await api.tasks.update(made.id, status="completed")
        assert done.completed_at is not None
        with pytest.raises(ConflictError) as caught:
            await api.tasks.update(made.id, status="active")
        assert caught.value.code == "CONFLICT_ERROR"
        assert (await api.tasks.get(made.id)).updated_at == done.updated_at


class TestBadInput:
    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"title": "x", "priority": "urgent"}, "priority"),
            ({"title": "x", "project_id": "proj-none"}, "projectId"),
            ({"title": "x" * 5000}, "title"),
            ({"title": "x", "brand_new": 1}, "brand_new"),
            ({"title": "bell\x07"}, "title"),
        ],
    )
    async def test_a_rejected_field_is_named_and_nothing_is_stored(self, api, form, fields, named):
        """422 with the field's own message."""
        before = await count(api)
        with pytest.raises(ValidationFailedError) as caught:
            await api.tasks.create(fields)
        assert "Validation failed" in str(caught.value)
        if form.documented:
            assert named in caught.value.details
            assert caught.value.request_id
        assert await count(api) == before

    async def test_no_such_task_is_not_found(self, api):
        """Whatever is asked of it."""
        for call in (
            lambda: api.tasks.get("task-none"),
            lambda: api.tasks.update("task-none", title="x"),
            lambda: api.tasks.assign("task-none", "agent-123"),
            lambda: api.tasks.add_comment("task-none", "x"),
            lambda: api.tasks.get("../agents"),
        ):
            with pytest.raises(NotFoundError):
                await call()
