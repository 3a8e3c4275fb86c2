"""Credentials at work, against the real server, in both clients (DESIGN 3.5, 3.10, 3.12)."""

import asyncio
import json
import subprocess
import sys
import threading

import httpx
import pytest
import respx
from both import client
from server_process import ServerProcess
from vendor import speaking

from coordinaitor_sdk import Coordinaitor, Retry
from coordinaitor_sdk._core.tokens import Tokens
from coordinaitor_sdk.exceptions import AuthenticationError, ConfigurationError, ResponseDecodeError
from coordinaitor_sdk.profiles import Profile

pytestmark = pytest.mark.anyio


def login(server):
    return {"email": server.admin_email, "password": server.admin_password}


@pytest.fixture(scope="module")
def brief_process():
    """Its access tokens hold for one second."""
    with ServerProcess() as process:
        yield process.start(agents="off", access_token_ttl=1, api_key="ak_test")


@pytest.fixture
def brief_server(brief_process, form, monkeypatch):
    """The same, answering in every form."""
    with speaking(brief_process, form) as place:
        monkeypatch.setenv("COORDINAITOR_API_PREFIX", place.prefix)
        yield place


def logged_in(client):
    """The tokens of a session begun now."""
    client.auth.login()
    return client.auth.tokens


class TestKinds:
    async def test_an_api_key_is_sent_as_such(self, kind, place):
        """`X-API-Key`."""
        async with client(kind, place.url, api_key="ak_test") as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    async def test_email_and_password_log_in_at_the_first_call(self, kind, place):
        """Nothing is sent before."""
        async with client(kind, place.url, **login(place)) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    @pytest.mark.parametrize("prefix", ["/api", "api/v1/"])
    async def test_the_other_prefix_answers_a_login_bare(self, kind, idle_server, prefix):
        """`/api/auth/login` has no envelope, as in the document's first example."""
        async with client(kind, idle_server.url, api_prefix=prefix, **login(idle_server)) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    async def test_tokens_one_level_down_are_found(self, kind):
        """Other servers answer `{"user", "token": {...}}`."""
        with respx.mock(base_url="http://localhost:3000/api") as api:
            token = {"accessToken": "a", "refreshToken": "r", "expiresIn": "24h"}
            api.post("/auth/login").respond(json={"user": {"id": "u"}, "token": token})
            api.get("/tasks/t", headers={"Authorization": "Bearer a"}).respond(json={"task": {"id": "t"}})
            async with client(kind, api_prefix="/api", email="a@b.c", password="p") as c:
                assert (await c.tasks.get("t")).id == "t"

    async def test_a_refresh_token_alone_is_enough(self, kind, place):
        """An access token is got with it."""
        with Coordinaitor(place.url, **login(place)) as first:
            tokens = logged_in(first)
        async with client(kind, place.url, refresh_token=tokens.refresh) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    @pytest.mark.parametrize(
        "credentials",
        [
            {},
            {"email": "admin@orchestrator.com", "password": "wrong"},
            {"email": "nobody@example.com", "password": "admin123"},
            {"api_key": "ak_forged"},
            {"access_token": "forged"},
            {"access_token": "forged", "refresh_token": "forged"},
        ],
        ids=["none", "wrong password", "unknown user", "forged key", "forged token", "forged session"],
    )
    async def test_what_the_server_does_not_accept_is_an_authentication_error(self, kind, place, credentials):
        """With a message that says which, and no secret in it."""
        async with client(kind, place.url, **credentials) as c:
            with pytest.raises(AuthenticationError) as caught:
                await c.tasks.get("task-123")
        assert caught.value.status == 401
        assert "forged" not in str(caught.value)
        assert "wrong" not in str(caught.value).replace("is wrong", "")

    async def test_logging_out_ends_the_session(self, kind, place):
        """Its tokens are refused from then on."""
        async with client(kind, place.url, **login(place)) as c:
            await c.auth.login()
            tokens = c.auth.tokens
            await c.auth.logout()
        async with client(kind, place.url, access_token=tokens.access, refresh_token=tokens.refresh) as c:
            with pytest.raises(AuthenticationError, match="session has ended"):
                await c.tasks.get("task-123")

    async def test_logging_in_needs_a_password(self, kind, place):
        """A key is no login."""
        async with client(kind, place.url, api_key="ak_test") as c:
            with pytest.raises(ConfigurationError, match="email="):
                await c.auth.login()


class TestRenewal:
    async def test_an_expired_token_is_renewed_without_a_word(self, kind, brief_server):
        """By refresh token, and by login where that is all there is."""
        with Coordinaitor(brief_server.url, **login(brief_server)) as first:
            tokens = logged_in(first)
        await asyncio.sleep(1.2)
        async with client(
            kind, brief_server.url, access_token=tokens.access, refresh_token=tokens.refresh
        ) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    async def test_an_expired_token_that_can_not_be_renewed_is_an_error(self, kind, brief_server):
        """It says expired."""
        with Coordinaitor(brief_server.url, **login(brief_server)) as first:
            tokens = logged_in(first)
        await asyncio.sleep(1.2)
        async with client(kind, brief_server.url, access_token=tokens.access) as c:
            with pytest.raises(AuthenticationError, match="expired"):
                await c.tasks.get("task-123")

    async def test_many_calls_on_an_expired_token_make_one_refresh(self):
        """200 at once, in a loop."""
        with fake_api() as refreshes:
            async with client("async", access_token="old", refresh_token="r") as c:
                answers = await asyncio.gather(*(c.tasks.get("t") for _ in range(200)))
        assert {answer.id for answer in answers} == {"t"}
        assert refreshes == [{"refreshToken": "r"}]

    def test_many_threads_on_an_expired_token_make_one_refresh(self):
        """And none of their calls fails."""
        answers = []
        with fake_api() as refreshes, Coordinaitor(access_token="old", refresh_token="r") as c:
            crowd = [threading.Thread(target=lambda: answers.append(c.tasks.get("t").id)) for _ in range(40)]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join()
        assert answers == ["t"] * 40
        assert refreshes == [{"refreshToken": "r"}]

    async def test_a_cancelled_call_does_not_spoil_the_refresh_of_the_others(self):
        """The refresh is nobody's own."""
        with fake_api(delay=0.05) as refreshes:
            async with client("async", access_token="old", refresh_token="r") as c:
                first = asyncio.ensure_future(c.tasks.get("t"))
                second = asyncio.ensure_future(c.tasks.get("t"))
                await asyncio.sleep(0.03)
                first.cancel()
                assert (await second).id == "t"
        assert len(refreshes) == 1

    async def test_a_refresh_whose_answer_was_lost_is_repeated(self, kind):
        """No logout."""
        with respx.mock(base_url="http://localhost:3000/api/v1") as api:
            api.post("/auth/refresh").side_effect = [
                httpx.ReadError("gone"),
                httpx.Response(200, json={"accessToken": "new", "expiresIn": 3600}),
            ]
            api.get("/tasks/t").respond(json={"id": "t"})
            async with client(kind, refresh_token="r", retry=Retry(backoff=0.001)) as c:
                assert (await c.tasks.get("t")).id == "t"

    async def test_an_answer_without_a_token_is_no_login(self, kind):
        """A proxy's page that happens to be JSON."""
        with respx.mock(base_url="http://localhost:3000/api/v1") as api:
            api.post("/auth/login").respond(json={"hello": "world"})
            async with client(kind, email="a@b.c", password="secret-p") as c:
                with pytest.raises(ResponseDecodeError, match="no access token") as caught:
                    await c.tasks.get("t")
        assert "secret-p" not in repr(vars(caught.value))


class TestOneSessionAfterAnother:
    """What belongs to an earlier session never reaches a later one."""

    async def test_a_login_without_a_refresh_token_keeps_none_of_another_session(self, kind, answers):
        """It would renew the tokens of someone else."""
        answers.post("/auth/login").respond(json={"accessToken": "a"})
        async with client(kind, access_token="old", refresh_token="someone-elses") as c:
            assert (await c.auth.login("a@b.c", "p")).refresh_token is None
            assert c.auth.tokens == Tokens(access="a")

    async def test_a_login_after_oauth_is_renewed_where_it_was_made(self, kind, answers):
        """Not at the token endpoint of the session before."""
        with respx.mock(base_url="http://localhost:3000") as root:
            root.post("/oauth/token").respond(json={"access_token": "o", "refresh_token": "or"})
            answers.post("/auth/login").respond(json={"accessToken": "a", "refreshToken": "r"})
            renewal = answers.post("/auth/refresh").respond(json={"accessToken": "b"})
            async with client(kind) as c:
                await c.auth.exchange_code("code", client_id="app")
                await c.auth.login("a@b.c", "p")
                assert (await c.auth.refresh()).access_token == "b"
        assert json.loads(renewal.calls.last.request.content) == {"refreshToken": "r"}

    async def test_a_refused_token_of_another_session_leaves_this_one_as_it_is(self, kind, answers):
        """The same tokens, and they work."""
        answers.post("/auth/refresh").respond(json={"hello": "world"})
        async with client(kind, access_token="a", refresh_token="r") as c:
            with pytest.raises(ResponseDecodeError):
                await c.auth.refresh("other")
            assert c.auth.tokens == Tokens(access="a", refresh="r")

    async def test_a_login_during_a_refresh_holds(self, answers):
        """Although the answer to the refresh comes later."""
        released = asyncio.Event()

        async def refreshed(_):
            await released.wait()
            return httpx.Response(200, json={"accessToken": "late"})

        answers.post("/auth/refresh").mock(side_effect=refreshed)
        answers.post("/auth/login").respond(json={"accessToken": "a", "refreshToken": "r"})
        async with client("async", access_token="old", refresh_token="old-r") as c:
            refresh = asyncio.ensure_future(c.auth.refresh())
            await asyncio.sleep(0.05)
            await c.auth.login("a@b.c", "p")
            released.set()
            assert (await refresh).access_token == "a"
            assert c.auth.tokens == Tokens(access="a", refresh="r")

    async def test_after_a_logout_nothing_is_sent(self, kind, answers):
        """There is no credential left to send."""
        answers.post("/auth/logout").respond(204)
        task = answers.get("/tasks/t")
        async with client(kind, access_token="a", refresh_token="r") as c:
            await c.auth.logout()
            with pytest.raises(AuthenticationError, match=r"auth\.login\(\)"):
                await c.tasks.get("t")
        assert not task.called


class TestProfile:
    async def test_a_stored_login_needs_no_arguments(self, kind, place, profile):
        """After `coordinaitor auth login`."""
        with Coordinaitor(place.url, **login(place)) as first:
            tokens = logged_in(first)
        profile.save_settings(base_url=place.url)
        profile.save_tokens(tokens, base_url=place.url, email=place.admin_email)
        async with client(kind) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"

    async def test_renewed_tokens_are_kept_for_the_next_process(self, kind, brief_server, profile):
        """In the same file."""
        with Coordinaitor(brief_server.url, **login(brief_server)) as first:
            tokens = logged_in(first)
        profile.save_tokens(tokens, base_url=brief_server.url, email=None)
        await asyncio.sleep(1.2)
        async with client(kind, brief_server.url) as c:
            await c.tasks.get("task-123")
        assert profile.credentials(brief_server.url).tokens.access != tokens.access

    async def test_tokens_renewed_by_another_process_are_used(self, kind, profile):
        """A look into the file before a refresh."""
        url = "http://localhost:3000"
        profile.save_tokens(Tokens(access="old", refresh="r"), base_url=url, email=None)
        with fake_api() as refreshes:
            async with client(kind, url) as c:
                profile.save_tokens(Tokens(access="new", refresh="r"), base_url=url, email=None)
                assert (await c.tasks.get("t")).id == "t"
        assert refreshes == []

    async def test_tokens_of_another_server_stored_meanwhile_are_left_alone(self, kind, profile):
        """The user has logged in elsewhere: neither are they sent here, nor overwritten."""
        profile.save_tokens(Tokens(access="old", refresh="r"), base_url="http://localhost:3000", email=None)
        with fake_api() as refreshes:
            async with client(kind, "http://localhost:3000") as c:
                elsewhere = Tokens(access="theirs", refresh="their-r")
                profile.save_tokens(elsewhere, base_url="http://other:1", email=None)
                assert (await c.tasks.get("t")).id == "t"
        assert refreshes == [{"refreshToken": "r"}]
        assert profile.credentials("http://other:1").tokens == elsewhere

    async def test_tokens_that_were_removed_meanwhile_do_not_come_back(self, kind, profile):
        """The user has logged out."""
        profile.save_tokens(Tokens(access="old", refresh="r"), base_url="http://localhost:3000", email=None)
        with fake_api():
            async with client(kind, "http://localhost:3000") as c:
                profile.forget_credentials()
                assert (await c.tasks.get("t")).id == "t"
        assert profile.read_credentials() is None

    def test_two_processes_renew_once_each_and_both_work(self, brief_server, profile):
        """They wait for each other at the file's lock."""
        with Coordinaitor(brief_server.url, **login(brief_server)) as first:
            profile.save_tokens(logged_in(first), base_url=brief_server.url, email=None)
        code = (
            "import sys, time; from coordinaitor_sdk import Coordinaitor\n"
            "with Coordinaitor(sys.argv[1]) as c:\n"
            "    for _ in range(15): print(c.tasks.get('task-123').id); time.sleep(0.1)"
        )
        command = [sys.executable, "-W", "error", "-c", code, brief_server.url]
        crowd = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in crowd:
            out, _ = process.communicate(timeout=30)
            assert (process.returncode, out.split()) == (0, ["task-123"] * 15)


@pytest.fixture
def profile(tmp_path, monkeypatch):
    monkeypatch.setenv("COORDINAITOR_CONFIG_DIR", str(tmp_path))
    return Profile()


@pytest.fixture
def answers():
    """What an API answers."""
    with respx.mock(base_url="http://localhost:3000/api/v1", assert_all_called=False) as router:
        yield router


class fake_api:  # noqa: N801 - reads as a function
    """An API that takes the token "new" and gives it for a refresh; yields the refreshes that it saw."""

    def __init__(self, delay=0.01):
        self.delay = delay
        self.router = respx.mock(base_url="http://localhost:3000/api/v1", assert_all_called=False)

    def __enter__(self):
        refreshes = []

        def get(request):
            fine = request.headers["authorization"] == "Bearer new"
            return (
                httpx.Response(200, json={"id": "t"})
                if fine
                else httpx.Response(401, json={"error": "expired"})
            )

        def refresh(request):
            refreshes.append(json.loads(request.content))
            return httpx.Response(
                200, json={"success": True, "data": {"accessToken": "new", "expiresIn": 3600}}
            )

        api = self.router.__enter__()
        api.get("/tasks/t").mock(side_effect=get)
        api.post("/auth/refresh").mock(side_effect=refresh)
        return refreshes

    def __exit__(self, *exc_info):
        return self.router.__exit__(*exc_info)
