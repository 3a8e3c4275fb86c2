"""A client with a token store: what it takes from there, what it keeps there, and what it does without."""

from dataclasses import replace

import pytest
import respx
from both import client
from relay import relayed

from coordinaitor_sdk import FileTokenStore, MemoryTokenStore, Tokens
from coordinaitor_sdk.exceptions import AuthenticationError, ConfigurationError
from coordinaitor_sdk.profiles import Profile

pytestmark = pytest.mark.anyio

LOGIN, REFRESH = "/api/v1/auth/login", "/api/v1/auth/refresh"


@pytest.fixture
def relay(idle_server):
    with relayed(idle_server) as relay:
        yield relay


@pytest.fixture
def login(idle_server):
    return {"email": idle_server.admin_email, "password": idle_server.admin_password}


@pytest.fixture
def store(tmp_path):
    return FileTokenStore(tmp_path / "tokens.json")


@pytest.fixture
async def filled(kind, relay, login, store):
    """The store, with the tokens of a session."""
    async with client(kind, relay.url, token_store=store, **login) as api:
        await api.auth.login()
    relay.seen.clear()
    return store


def spoil(store):
    """Let the access token be one that the server refuses."""
    store.save(replace(store.load(), access="x"))


class TestWithALogin:
    async def test_the_first_process_logs_in_and_the_next_need_not(self, kind, relay, login, store):
        """Nothing is sent before the first call."""
        for _ in range(2):
            async with client(kind, relay.url, token_store=store, **login) as api:
                await api.tasks.get("task-123")
        assert (relay.seen[LOGIN], relay.seen[REFRESH]) == (1, 0)

    async def test_stored_tokens_are_renewed_before_a_login(self, kind, relay, login, filled):
        """And saved."""
        spoil(filled)
        async with client(kind, relay.url, token_store=filled, **login) as api:
            await api.tasks.get("task-123")
            assert filled.load().access == api.auth.tokens.access != "x"
        assert (relay.seen[LOGIN], relay.seen[REFRESH]) == (0, 1)

    @pytest.mark.parametrize("removed", [False, True], ids=["ended elsewhere", "and removed"])
    async def test_a_session_that_has_ended_is_followed_by_another(self, kind, relay, login, filled, removed):
        """It is saved, though somebody has logged out meanwhile: this client may log in."""
        async with client(kind, relay.url, token_store=filled, **login) as api:
            await api.tasks.get("task-123")
            ended = filled.load()
            async with client(kind, relay.url, token_store=filled) as other:
                await other.auth.logout()
            if not removed:
                filled.save(ended)
            await api.tasks.get("task-123")
        assert relay.seen[LOGIN] == 1
        assert filled.load().refresh not in {None, ended.refresh}


class TestAlone:
    async def test_stored_tokens_are_enough(self, kind, relay, filled):
        """No e-mail, no password."""
        async with client(kind, relay.url, token_store=filled) as api:
            assert (await api.tasks.get("task-123")).id == "task-123"

    async def test_without_tokens_nothing_is_sent(self, kind, relay, store):
        """The error says how to get some."""
        async with client(kind, relay.url, token_store=store) as api:
            with pytest.raises(AuthenticationError, match=r"no stored tokens .* `auth\.login\(email"):
                await api.tasks.get("task-123")
            with pytest.raises(ConfigurationError, match="no session to refresh"):
                await api.auth.refresh()
        assert not relay.seen

    async def test_a_token_that_can_not_be_renewed_gets_the_servers_own_answer(self, kind, relay, store):
        """There is no refresh token, and nobody has stored another session."""
        store.save(Tokens(access="forged"))
        async with client(kind, relay.url, token_store=store) as api:
            with pytest.raises(AuthenticationError, match="token"):
                await api.tasks.get("task-123")
        assert relay.seen == {"/api/v1/tasks/task-123": 1}


class TestByHand:
    async def test_a_login_is_saved(self, kind, relay, login, store):
        """The next process needs none."""
        async with client(kind, relay.url, token_store=store) as api:
            await api.auth.login(**login)
            assert store.load() == replace(api.auth.tokens, origin=f"http://{relay.url[7:]}")

    async def test_a_refresh_is_saved(self, kind, relay, filled):
        """Also the first thing that a process does."""
        before = filled.load()
        async with client(kind, relay.url, token_store=filled) as api:
            await api.auth.refresh()
        assert filled.load().access != before.access
        assert relay.seen[REFRESH] == 1

    async def test_the_session_of_a_refresh_token_is_saved(self, kind, relay, filled):
        """As that of a login is."""
        store = MemoryTokenStore()
        async with client(kind, relay.url, token_store=store) as api:
            await api.auth.refresh(filled.load().refresh)
        assert store.load().refresh == filled.load().refresh

    async def test_an_oauth_session_is_saved(self, kind):
        """With the tokens that the code gave."""
        store = MemoryTokenStore()
        with respx.mock(base_url="http://localhost:3000") as root:
            root.post("/oauth/token").respond(json={"access_token": "o", "refresh_token": "or"})
            async with client(kind, token_store=store) as api:
                await api.auth.exchange_code("code", client_id="app")
        assert store.load() == Tokens(access="o", refresh="or", origin="http://localhost:3000")

    async def test_a_logout_removes_the_tokens(self, kind, relay, filled):
        """The newest, as the first thing that a process does too."""
        tokens = filled.load()
        async with client(kind, relay.url, token_store=filled) as api:
            await api.auth.logout()
            with pytest.raises(AuthenticationError):
                await api.tasks.get("task-123")
        assert filled.load() is None
        async with client(kind, relay.url, refresh_token=tokens.refresh) as api:
            with pytest.raises(AuthenticationError, match="has ended"):
                await api.tasks.get("task-123")

    async def test_ending_another_session_leaves_the_stored_one(self, kind, relay, login, filled):
        """It is not this client's."""
        async with client(kind, relay.url, **login) as other:
            await other.auth.login()
            async with client(kind, relay.url, token_store=filled) as api:
                await api.tasks.get("task-123")
                await api.auth.logout(other.auth.tokens.refresh)
                assert (await api.tasks.get("task-123")).id == "task-123"
        assert filled.load() is not None


class TestProfile:
    async def test_a_login_by_hand_leaves_the_profile_alone(self, kind, relay, login, filled, profile):
        """It is for `coordinaitor auth login` to change."""
        profile.save_tokens(filled.load(), base_url=relay.url, email="me@example.com")
        before = profile.read_credentials()
        async with client(kind, relay.url) as api:
            await api.auth.login(**login)
        assert profile.read_credentials() == before

    async def test_a_logout_removes_the_profiles_tokens(self, kind, relay, filled, profile):
        """They are good for nothing any more."""
        profile.save_tokens(filled.load(), base_url=relay.url, email=None)
        async with client(kind, relay.url) as api:
            await api.auth.logout()
        assert profile.read_credentials() is None


class TestTrouble:
    async def test_tokens_go_to_their_own_server_only(self, kind, idle_server, relay, filled):
        """Another address gets none, and the store stays as it is."""
        before = filled.load()
        async with client(kind, idle_server.url, token_store=filled) as api:
            with pytest.raises(AuthenticationError, match="no stored tokens for this server"):
                await api.tasks.get("task-123")
        assert filled.load() == before

    async def test_a_login_does_not_replace_the_tokens_of_another_server(
        self, kind, idle_server, login, filled, caplog
    ):
        """The client works, and says what to do."""
        before = filled.load()
        async with client(kind, idle_server.url, token_store=filled, **login) as api:
            assert (await api.tasks.get("task-123")).id == "task-123"
        assert filled.load() == before
        assert "give each server a store of its own" in caplog.text

    async def test_a_damaged_file_is_an_error_before_anything_is_sent(self, kind, relay, login, store):
        """And is not touched, although a login would be possible."""
        store.path.write_text("{")
        async with client(kind, relay.url, token_store=store, **login) as api:
            with pytest.raises(ConfigurationError, match="is damaged"):
                await api.tasks.get("task-123")
        assert not relay.seen
        assert store.path.read_text() == "{"

    async def test_a_read_only_file_serves_until_its_token_has_to_be_renewed(self, kind, relay, filled):
        """Then it is an error, and the refresh token in it is still unused."""
        filled.path.chmod(0o400)
        async with client(kind, relay.url, token_store=filled) as api:
            await api.tasks.get("task-123")
        filled.path.chmod(0o600)
        spoil(filled)
        filled.path.chmod(0o400)
        async with client(kind, relay.url, token_store=filled) as api:
            with pytest.raises(ConfigurationError, match="read-only: make it writable"):
                await api.tasks.get("task-123")
            assert relay.seen[REFRESH] == 0
            filled.path.chmod(0o600)
            assert (await api.tasks.get("task-123")).id == "task-123"

    async def test_a_fresh_token_that_can_not_be_saved_is_used(self, kind, relay, filled, caplog):
        """With a warning that holds no secret; and it is saved the next time."""

        class Full(MemoryTokenStore):
            full = True

            def save(self, tokens):
                if self.full:
                    raise OSError(tokens.access)
                super().save(tokens)

        store = Full(filled.load())
        store._tokens = replace(store.load(), access="x")
        async with client(kind, relay.url, token_store=store) as api:
            for _ in range(3):
                assert (await api.tasks.get("task-123")).id == "task-123"
            fresh = api.auth.tokens
            assert (relay.seen[REFRESH], store.load().access) == (1, "x")
            assert "new tokens are not kept" in caplog.text
            assert fresh.access not in caplog.text
            store.full = False
            await api.auth.refresh()
            assert store.load().access == api.auth.tokens.access

    def test_tokens_are_not_sent_over_plain_http(self, kind, store):
        """As any other credential."""
        with pytest.raises(ConfigurationError, match="plain http"):
            client(kind, "http://example.com", token_store=store)


@pytest.fixture
def profile(tmp_path, monkeypatch):
    monkeypatch.setenv("COORDINAITOR_CONFIG_DIR", str(tmp_path))
    return Profile()
