"""A server that answers 500 to a POST that took effect (DESIGN 3.2)."""

from uuid import uuid4

import pytest
from both import client
from vendor import FAILING, speaking

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import ServerError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    with speaking(idle_server, FAILING) as place:
        async with client(
            kind, place.url, api_prefix=place.prefix, api_key="ak_test", retry=Retry(backoff=0)
        ) as api:
            yield api


async def test_a_500_after_the_commit_is_not_posted_again(api):
    """The error says what the server said, of one attempt; there is one task and not two."""
    tag = f"once-{uuid4().hex[:8]}"
    with pytest.raises(ServerError, match="Internal Server Error") as caught:
        await api.tasks.create(title="x", tags=[tag])
    assert (caught.value.status, len(caught.value.attempts)) == (500, 1)
    assert len([task async for task in api.tasks.list(tags=tag)]) == 1


async def test_a_500_to_a_comment_is_not_posted_again(api, kind, idle_server):
    """Nor to any other POST."""
    async with client(kind, idle_server.url, api_key="ak_test") as direct:
        made = await direct.tasks.create(title="x")
    with pytest.raises(ServerError):
        await api.tasks.add_comment(made.id, "once")
    task = await api.tasks.get(made.id, include="comments")
    assert [comment.content for comment in task.comments] == ["once"]
