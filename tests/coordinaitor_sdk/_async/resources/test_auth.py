"""`client.auth` against the real server, in both clients."""

import asyncio

import pytest
from both import client
from consent import answer, told
from server_process import ServerProcess

from coordinaitor_sdk import Coordinaitor
from coordinaitor_sdk.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ConfigurationError,
    InvalidArgumentError,
    ValidationFailedError,
)

pytestmark = pytest.mark.anyio
REDIRECT = "http://127.0.0.1:8765/cb"


@pytest.fixture(scope="module")
def enterprise():
    """A server with OAuth clients, whose access tokens hold for one second."""
    with ServerProcess() as process:
        yield process.start(
            agents="off",
            api_key="ak_test",
            access_token_ttl=1,
            oauth_client=["app:http://127.0.0.1/cb", "backend:s3cr3t:https://app.example/cb"],
        )


def login(server):
    return {"email": server.admin_email, "password": server.admin_password}


class TestSession:
    async def test_what_login_returns_the_client_uses_from_then_on(self, kind, place):
        """Tokens at the top, wherever the server puts them, and who logged in."""
        async with client(kind, place.url) as c:
            found = await c.auth.login(**login(place))
            assert found.user.email == place.admin_email
            assert found.access_token == c.auth.tokens.access
            assert found.refresh_token == c.auth.tokens.refresh
            assert (await c.tasks.get("task-123")).id == "task-123"
            assert found.access_token not in repr(found)

    async def test_refresh_renews_now(self, kind, place):
        """The client's own session, or one whose refresh token is given."""
        async with client(kind, place.url, **login(place)) as c:
            first = await c.auth.login()
            again = await c.auth.refresh()
            assert again.access_token == c.auth.tokens.access
            assert again.refresh_token
        async with client(kind, place.url) as other:
            taken = await other.auth.refresh(first.refresh_token)
            assert taken.access_token
            assert (await other.tasks.get("task-123")).id == "task-123"

    async def test_there_must_be_something_to_refresh_or_to_log_in_with(self, kind, idle_server):
        """An API key has no session."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            with pytest.raises(ConfigurationError, match="refresh_token="):
                await c.auth.refresh()
            with pytest.raises(ConfigurationError, match="email="):
                await c.auth.login()
            await c.auth.logout()
            with pytest.raises(InvalidArgumentError, match="password"):
                await c.auth.login("a@b.c")

    async def test_logout_ends_another_session_by_its_refresh_token(self, kind, place):
        """And leaves one's own alone."""
        with Coordinaitor(place.url, **login(place)) as other:
            other.auth.login()
            ended = other.auth.tokens
        async with client(kind, place.url, **login(place)) as c:
            await c.auth.login()
            await c.auth.logout(ended.refresh)
            assert (await c.tasks.get("task-123")).id == "task-123"
        async with client(kind, place.url, refresh_token=ended.refresh) as c:
            with pytest.raises(AuthenticationError, match="has ended"):
                await c.tasks.get("task-123")


class TestApiKeys:
    async def test_a_key_does_what_it_may_and_no_more(self, kind, idle_place):
        """It is shown once, and in no repr."""
        async with client(kind, idle_place.url, **login(idle_place)) as c:
            made = await c.auth.create_api_key("My Integration", ["tasks:read"], rate_limit=100, burst=5)
            assert (made.name, made.permissions) == ("My Integration", ["tasks:read"])
            assert (made.rate_limit, made.burst) == (100, 5)
            assert made.key not in repr(made)
            with pytest.raises(ValidationFailedError):
                await c.auth.create_api_key("x", ["tasks:explode"])
        async with client(kind, idle_place.url, api_key=made.key) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"
            with pytest.raises(AuthorizationError):
                await c.tasks.create(title="x")

    @pytest.mark.parametrize(
        ("name", "permissions", "limits"),
        [("", ["tasks:read"], {}), ("x", "tasks:read", {}), ("x", [], {"burst": 0})],
    )
    async def test_what_can_not_be_meant_is_refused_at_once(self, offline, name, permissions, limits):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError):
            await offline.auth.create_api_key(name, permissions, **limits)


class TestOAuth:
    async def test_a_public_client_gets_a_session_that_renews_itself(self, kind, enterprise):
        """By PKCE; a second later the token is renewed at the token endpoint, with its scope."""
        async with client(kind, enterprise.url) as c:
            request = (
                c if kind.startswith("async") else Coordinaitor(enterprise.url)
            ).auth.authorization_url("app", redirect_uri=REDIRECT, scope=["tasks:read"])
            found = told(await asyncio.to_thread(answer, request.url))
            assert found["state"] == request.state
            result = await c.auth.exchange_code(
                found["code"], client_id="app", redirect_uri=REDIRECT, code_verifier=request.code_verifier
            )
            assert result.scope == "tasks:read"
            assert (await c.tasks.get("task-123")).id == "task-123"
            await asyncio.sleep(1.1)
            assert (await c.tasks.get("task-123")).id == "task-123"
            assert c.auth.tokens.access != result.access_token

    async def test_a_confidential_client_needs_its_secret(self, kind, enterprise):
        """With PKCE or without."""
        with Coordinaitor(enterprise.url) as plain:
            request = plain.auth.authorization_url("backend", pkce=False)
        assert request.code_verifier is None
        code = told(await asyncio.to_thread(answer, request.url))["code"]
        async with client(kind, enterprise.url) as c:
            with pytest.raises(AuthenticationError, match="secret"):
                await c.auth.exchange_code(code, client_id="backend", client_secret="wrong")
            await c.auth.exchange_code(code, client_id="backend", client_secret="s3cr3t")
            assert (await c.tasks.get("task-123")).id == "task-123"

    async def test_a_code_that_does_not_hold_is_an_error_in_the_rfcs_terms(self, kind, enterprise):
        """And is not sent twice."""
        async with client(kind, enterprise.url) as c:
            with pytest.raises(BadRequestError, match="no such code") as caught:
                await c.auth.exchange_code("guessed", client_id="app")
            assert (caught.value.code, len(caught.value.attempts)) == ("invalid_grant", 1)
            with pytest.raises(InvalidArgumentError, match="code"):
                await c.auth.exchange_code("", client_id="app")
