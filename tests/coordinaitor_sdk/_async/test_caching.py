"""Answers that are kept: for how long, for whom, and where (API document, "Implement Caching")."""

import sys
import time

import pytest
from both import client

from coordinaitor_sdk import Cache
from coordinaitor_sdk.exceptions import ConfigurationError, InvalidArgumentError

pytestmark = pytest.mark.anyio


class Counted:
    """Middleware can't see what the cache answers, since it stands before it: the server's answers tell."""

    def __init__(self):
        self.ids = []

    async def of(self, c, call):
        """Whether the answer to a call is a new one of the server's."""
        raw = await call(c)
        new = raw.request_id not in self.ids
        self.ids.append(raw.request_id)
        return new


@pytest.fixture
def is_new():
    return Counted().of


def get(c):
    return c.tasks.with_raw_response.get("task-123")


class TestTime:
    async def test_within_its_time_an_answer_is_given_again(self, kind, idle_server, is_new):
        """Without asking."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            assert [await is_new(c, get) for _ in range(3)] == [True, False, False]

    async def test_lists_are_kept_by_their_parameters(self, kind, idle_server, is_new):
        """Another page is another answer."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            calls = [
                lambda c: c.tasks.with_raw_response.list(limit=2),
                lambda c: c.tasks.with_raw_response.list(limit=2, page=2),
                lambda c: c.tasks.with_raw_response.list(limit=2),
            ]
            assert [await is_new(c, call) for call in calls] == [True, True, False]

    async def test_after_it_the_server_is_asked_whether_it_still_holds(self, kind, idle_server, is_new):
        """By its ETag: the body does not come again."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=1) as c:
            first = await get(c)
            time.sleep(2.1)
            again = await get(c)
        assert (again.status, again.parsed) == (200, first.parsed)
        assert again.request_id != first.request_id, "a 304 brings the headers of its own"
        assert again.content == first.content, "and the body stays, its own request id included"

    async def test_what_has_changed_comes_anew(self, kind, idle_server):
        """The ETag is another."""
        async with (
            client(kind, idle_server.url, api_key="ak_test", cache=0) as c,
            client(kind, idle_server.url, api_key="ak_test") as other,
        ):
            task = await other.tasks.create(title="before")
            assert (await c.tasks.get(task.id)).title == "before"
            await other.tasks.update(task.id, title="after")
            assert (await c.tasks.get(task.id)).title == "after"

    async def test_a_change_of_this_client_shows_at_once(self, kind, idle_server):
        """In what it concerns, and in lists."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            task = await c.tasks.create(title="before", tags=[f"cache-{kind.replace(' ', '-')}"])
            tag = task.tags[0]
            assert [(await c.tasks.get(task.id)).title, len(await c.tasks.list(tags=tag))] == ["before", 1]
            await c.tasks.update(task.id, title="after")
            assert (await c.tasks.get(task.id)).title == "after"
            await c.tasks.delete(task.id)
            assert len(await c.tasks.list(tags=tag)) == 0

    async def test_one_call_can_go_past_it(self, kind, idle_server, is_new):
        """As browsers do on reload."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            fresh = {"Cache-Control": "no-cache"}
            first = await get(c)
            again = await c.tasks.with_raw_response.get("task-123", headers=fresh)
        assert again.request_id != first.request_id

    async def test_a_watch_goes_past_it(self, kind, server):
        """It wants the state of now."""
        async with client(kind, server.url, api_key="ak_test", cache=3600) as c:
            task = await c.tasks.create(title="x", estimated_hours=2)
            await c.tasks.get(task.id)
            assert (await c.tasks.wait(task.id, timeout=30)).status == "completed"

    async def test_errors_are_not_kept(self, kind, idle_server):
        """What is not there may come."""
        from coordinaitor_sdk.exceptions import NotFoundError

        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            ids = []
            for _ in range(2):
                with pytest.raises(NotFoundError) as caught:
                    await c.tasks.get("nothing")
                ids.append(caught.value.request_id)
        assert ids[0] != ids[1]


class TestWhose:
    async def test_another_credential_does_not_see_it(self, kind, idle_server, tmp_path, is_new):
        """Though both keep their answers in one file."""
        cache = Cache(ttl=60, path=tmp_path / "answers.db")
        admin = {"email": idle_server.admin_email, "password": idle_server.admin_password}
        async with (
            client(kind, idle_server.url, api_key="ak_test", cache=cache) as one,
            client(kind, idle_server.url, **admin, cache=cache) as two,
        ):
            assert [await is_new(c, get) for c in (one, two, one, two)] == [True, True, False, False]

    async def test_a_login_as_another_is_another(self, kind, idle_server, is_new):
        """One client, two users."""
        async with client(kind, idle_server.url, api_key="ak_test", cache=60) as c:
            assert await is_new(c, get)
            await c.auth.login(idle_server.admin_email, idle_server.admin_password)
            assert await is_new(c, get)

    async def test_the_file_tells_no_credential(self, kind, idle_server, tmp_path):
        """And is readable by its owner alone."""
        path = tmp_path / "answers.db"
        async with client(kind, idle_server.url, api_key="ak_test", cache=Cache(path=path)) as c:
            await get(c)
        assert path.stat().st_mode & 0o077 == 0
        content = b"".join(one.read_bytes() for one in tmp_path.iterdir())
        assert b"task-123" in content
        assert b"ak_test" not in content

    async def test_the_file_serves_the_next_process(self, kind, idle_server, tmp_path, is_new):
        """With the same credential."""
        cache = Cache(ttl=60, path=tmp_path / "answers.db")
        for expected in (True, False):
            async with client(kind, idle_server.url, api_key="ak_test", cache=cache) as c:
                assert await is_new(c, get) is expected


class TestBadInput:
    @pytest.mark.parametrize("wrong", [{"ttl": -1}, {"ttl": 1.5}, {"ttl": True}, {"max_bytes": 0}])
    async def test_a_number_that_can_not_be_meant_is_refused(self, kind, wrong):
        """At once."""
        with pytest.raises(InvalidArgumentError, match="whole number"):
            client(kind, cache=Cache(**wrong))

    async def test_a_file_that_can_not_be_used_is_named(self, kind, idle_server, tmp_path):
        """A folder, and something that is no database."""
        (tmp_path / "text.db").write_text("this is no database, and longer than its header would be" * 9)
        for path in (tmp_path, tmp_path / "no" / "folder.db", tmp_path / "text.db"):
            async with client(kind, idle_server.url, api_key="ak_test", cache=Cache(path=path)) as c:
                with pytest.raises(ConfigurationError, match="name another file"):
                    await get(c)
        assert (tmp_path / "text.db").read_text().startswith("this is no database")

    async def test_without_hishel_it_says_what_to_install(self, kind, monkeypatch):
        """Instead of an ImportError."""
        monkeypatch.setitem(sys.modules, "hishel.httpx", None)
        monkeypatch.setitem(sys.modules, "hishel.httpx2", None)
        async with client(kind, "http://127.0.0.1:9", cache=60) as c:
            with pytest.raises(ConfigurationError, match=r"coordinaitor\[cache\]"):
                await c.system.health()
