"""A server that answers 500 to a POST that took effect (DESIGN 3.2)."""

from uuid import uuid4

import pytest
from both import client
from vendor import FAILING, speaking

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import ServerError

pytestmark = pytest.mark.anyio


@pytest.fixture
def failing(idle_server):
    with speaking(idle_server, FAILING) as place:
        yield place


@pytest.fixture
async def api(kind, failing):
    async with client(
        kind, failing.url, api_prefix=failing.prefix, api_key="ak_test", retry=Retry(backoff=0)
    ) as api:
        yield api


@pytest.fixture
async def direct(kind, idle_server):
    """The same server, without the failures."""
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def fails(failing, posting, path):
    """The call is one POST, and an error that says so."""
    with pytest.raises(ServerError, match="Internal Server Error") as caught:
        await posting
    assert (caught.value.status, len(caught.value.attempts)) == (500, 1)
    assert failing.posts == [f"/api{path}"]


async def test_a_task_is_not_posted_again(api, failing):
    """There is one and not two."""
    tag = f"once-{uuid4().hex[:8]}"
    await fails(failing, api.tasks.create(title="x", tags=[tag]), "/tasks")
    assert len([task async for task in api.tasks.list(tags=tag)]) == 1


async def test_a_project_is_not_posted_again(api, failing):
    """There is one and not two."""
    name = f"once-{uuid4().hex[:8]}"
    await fails(failing, api.projects.create(name=name), "/projects")
    assert len([project async for project in api.projects.list(search=name)]) == 1


async def test_a_comment_is_not_posted_again(api, failing, direct):
    """There is one and not two."""
    made = await direct.tasks.create(title="x")
    await fails(failing, api.tasks.add_comment(made.id, "once"), f"/tasks/{made.id}/comments")
    task = await api.tasks.get(made.id, include="comments")
    assert [comment.content for comment in task.comments] == ["once"]


async def test_a_file_is_not_posted_again(api, failing, direct):
    """Although its bytes could be."""
    made = await direct.tasks.create(title="x")
    await fails(failing, api.tasks.upload_file(made.id, b"once", filename="a.txt"), f"/tasks/{made.id}/files")
    task = await api.tasks.get(made.id, include="files")
    assert [file.size for file in task.files] == [4]


async def test_a_member_is_not_posted_again(api, failing, direct):
    """A second time would be a conflict, which hides that the first went well."""
    made = await direct.projects.create(name="x")
    posting = api.projects.add_member(made.id, "user-456", role="developer")
    await fails(failing, posting, f"/projects/{made.id}/members")
    assert [member.user_id for member in (await api.projects.get(made.id)).team_members] == ["user-456"]
