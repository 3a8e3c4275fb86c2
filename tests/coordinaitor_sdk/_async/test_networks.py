"""Company networks: proxies, private authorities, client certificates, for REST and WebSocket alike."""

import logging
import ssl

import httpx
import httpx2
import pytest
import trustme
from both import client
from network import Proxy, TlsFront

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import APIError, ConfigurationError, ConnectionFailedError

pytestmark = pytest.mark.anyio
ONCE = Retry(attempts=1)


@pytest.fixture(scope="module")
def authority():
    """A company's own certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("authority") / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def secured(server, authority):
    """The reference server behind TLS."""
    with TlsFront(int(server.url.rpartition(":")[2]), authority) as front:
        yield front


@pytest.fixture(scope="module")
def strict(server, authority):
    """Takes only clients that show a certificate."""
    with TlsFront(int(server.url.rpartition(":")[2]), authority, wants_client_certificate=True) as front:
        yield front


@pytest.fixture
def proxy():
    with Proxy() as proxy:
        yield proxy


@pytest.fixture
def trusting(authority):
    """A context that trusts the company's authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def watched(c):
    """A task made and watched to its end; the sources of its updates."""
    task = await c.tasks.create(title="x", estimated_hours=4)
    return [update.source async for update in c.tasks.watch(task.id)]


class TestProxy:
    async def test_rest_and_websocket_go_through_it(self, kind, server, proxy):
        """One setting for both."""
        async with client(kind, server.url, api_key="ak_test", proxy=proxy.url) as c:
            assert "push" in await watched(c)
        place = server.url.removeprefix("http://")
        assert {seen.method for seen in proxy.seen} >= {"POST", "CONNECT"}
        assert all(place in seen.target for seen in proxy.seen)

    async def test_it_is_told_its_own_user_and_not_the_clients(self, kind, secured, trusting):
        """A credential for the API is for the API alone."""
        with Proxy("user:pa%24s") as proxy:
            given = proxy.url.replace("pa%24s", "pa%2524s")
            async with client(kind, secured.url, api_key="ak_test", proxy=given, ssl_context=trusting) as c:
                assert "push" in await watched(c)
            assert {seen.method for seen in proxy.seen} == {"CONNECT"}
            assert {seen.authorization for seen in proxy.seen} == {None}

    async def test_one_that_refuses_is_named(self, kind, secured, trusting):
        """And not taken for the server."""
        with Proxy("user:right") as proxy:
            url = proxy.url.replace("right", "wrong")
            async with client(kind, secured.url, proxy=url, ssl_context=trusting, retry=ONCE) as c:
                with pytest.raises(ConnectionFailedError, match="proxy") as caught:
                    await c.system.health()
        assert "wrong" not in str(caught.value)

    async def test_one_that_is_not_there_is_a_connection_error(self, kind, server):
        """As if the server were away."""
        async with client(kind, server.url, proxy="http://127.0.0.1:9", retry=ONCE) as c:
            with pytest.raises(ConnectionFailedError):
                await c.system.health()

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    async def test_the_environments_is_used(self, kind, server, proxy, monkeypatch, name):
        """As by curl."""
        monkeypatch.setenv(name, proxy.url)
        async with client(kind, server.url, api_key="ak_test") as c:
            assert "push" in await watched(c)
        assert {seen.method for seen in proxy.seen} >= {"POST", "CONNECT"}

    async def test_the_environments_exceptions_hold(self, kind, server, proxy, monkeypatch):
        """`NO_PROXY`, for both."""
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
        async with client(kind, server.url, api_key="ak_test") as c:
            assert "push" in await watched(c)
        assert proxy.seen == []

    async def test_none_can_be_asked_for(self, kind, server, monkeypatch):
        """Whatever the environment says."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        async with client(kind, server.url, api_key="ak_test", proxy=False) as c:
            assert "push" in await watched(c)

    @pytest.mark.parametrize("wrong", ["socks5://localhost:1080", "localhost:8080", "http://", "http://h:x"])
    async def test_an_address_that_can_not_be_used_is_refused(self, kind, wrong):
        """With what it should look like."""
        with pytest.raises(ConfigurationError, match="must look like http://proxy"):
            client(kind, proxy=wrong)

    async def test_a_wrong_address_in_the_environment_is_named(self, kind, monkeypatch):
        """At the first call: another origin may not need it."""
        monkeypatch.setenv("HTTPS_PROXY", "socks5://localhost:1080")
        async with client(kind, "https://localhost:9") as c:
            with pytest.raises(ConfigurationError, match="in the environment"):
                await c.system.health()


class TestShownProxy:
    async def test_it_is_told_without_its_password(self, kind, monkeypatch):
        """Given, from the environment, or none."""
        async with client(
            kind, "https://api.example.com", proxy="http://user:pw@proxy.example.com:8080"
        ) as c:
            assert c.proxy == "http://proxy.example.com:8080"
        async with client(kind, "https://api.example.com") as c:
            assert c.proxy is None
            monkeypatch.setenv("HTTPS_PROXY", "http://user:pw@proxy.example.com:3128")
            assert c.proxy == "http://proxy.example.com:3128"


class TestPrivateAuthority:
    async def test_a_context_serves_rest_and_websocket(self, kind, secured, trusting):
        """One setting for both."""
        async with client(kind, secured.url, api_key="ak_test", ssl_context=trusting) as c:
            assert "push" in await watched(c)

    async def test_a_file_of_certificates_in_the_environment(
        self, kind, secured, authority_file, monkeypatch
    ):
        """`SSL_CERT_FILE`, as curl and requests know it."""
        monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
        async with client(kind, secured.url, api_key="ak_test") as c:
            assert "push" in await watched(c)

    async def test_without_it_the_certificate_is_refused_with_a_hint(self, kind, secured):
        """And nothing is sent again and again."""
        async with client(kind, secured.url, api_key="ak_test", retry=ONCE) as c:
            with pytest.raises(ConnectionFailedError, match="SSL_CERT_FILE") as caught:
                await c.tasks.get("task-123")
        assert caught.value.attempts[0].status is None

    @pytest.mark.parametrize("content", [None, "no certificate"])
    async def test_a_file_that_can_not_be_read_is_named(self, kind, tmp_path, monkeypatch, content):
        """Instead of a mute fallback to other authorities."""
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        async with client(kind, "https://localhost:9") as c:
            with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
                await c.system.health()


class TestClientCertificate:
    async def test_it_is_shown_by_rest_and_websocket(
        self, kind, strict, authority, authority_file, tmp_path, monkeypatch
    ):
        """From one file or two."""
        issued = authority.issue_cert("me@example.com")
        whole, certificate, key = (tmp_path / name for name in ("whole.pem", "cert.pem", "key.pem"))
        issued.private_key_and_cert_chain_pem.write_to_path(str(whole))
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
        for shown in (whole, (certificate, key)):
            async with client(kind, strict.url, api_key="ak_test", client_cert=shown) as c:
                assert "push" in await watched(c)

    async def test_without_it_there_is_no_connection(self, kind, strict, trusting):
        """The server hangs up in the handshake, or at the first bytes."""
        async with client(kind, strict.url, ssl_context=trusting, retry=ONCE) as c:
            with pytest.raises(ConnectionFailedError):
                await c.system.health()

    async def test_a_file_that_is_not_there_is_named(self, kind, tmp_path):
        """At the first call."""
        async with client(kind, "https://localhost:9", client_cert=tmp_path / "no.pem") as c:
            with pytest.raises(ConfigurationError, match=r"no\.pem"):
                await c.system.health()

    async def test_it_does_not_go_with_a_context(self, kind, trusting):
        """Which of them should hold?"""
        with pytest.raises(ConfigurationError, match="load_cert_chain"):
            client(kind, client_cert="me.pem", ssl_context=trusting)


class TestWebSocketAddress:
    async def test_it_may_be_another_one(self, kind, server, proxy):
        """For servers that have their live updates elsewhere."""
        ws_url = server.url.replace("http", "ws") + "/ws"
        async with client(kind, server.url, api_key="ak_test", ws_url=ws_url) as c:
            assert "push" in await watched(c)
            assert (c.settings.ws_url, c.settings.sources["ws_url"]) == (ws_url, "argument")

    async def test_it_may_stand_in_the_environment(self, kind, server, monkeypatch):
        """`COORDINAITOR_WS_URL`; at a wrong one REST carries the watch."""
        monkeypatch.setenv("COORDINAITOR_WS_URL", server.url.replace("http", "ws") + "/nothing")
        async with client(kind, server.url, api_key="ak_test") as c:
            assert set(await watched(c)) == {"poll"}

    @pytest.mark.parametrize("wrong", ["http://localhost/ws", "ws://user:secret@localhost/ws", "ws:", "/ws"])
    async def test_one_that_can_not_be_used_is_refused(self, kind, wrong):
        """With what it should look like."""
        with pytest.raises(ConfigurationError, match="must look like wss://") as caught:
            client(kind, ws_url=wrong)
        assert "secret" not in str(caught.value)

    async def test_credentials_do_not_go_there_in_the_clear(self, kind):
        """Beyond this machine."""
        with pytest.raises(ConfigurationError, match="plain ws"):
            client(kind, "https://api.example.com", api_key="k", ws_url="ws://api.example.com/ws")


def foreign(kind, **kwargs):
    """A client of the HTTP library itself."""
    library = httpx2 if kind.endswith("httpx2") else httpx
    return library.AsyncClient(**kwargs) if kind.startswith("async") else library.Client(**kwargs)


async def closed(kind, http):
    if kind.startswith("async"):
        await http.aclose()
    else:
        http.close()


class TestForeignClient:
    async def test_it_is_used_and_left_open(self, kind, server):
        """With what it was given by its owner."""
        seen = []

        def note(request):
            seen.append((request.headers["x-mine"], request.headers["user-agent"].partition("/")[0]))

        async def note_later(request):
            note(request)

        hook = note_later if kind.startswith("async") else note
        http = foreign(kind, headers={"X-Mine": "yes"}, event_hooks={"request": [hook]})
        async with client(kind, server.url, api_key="ak_test", http_client=http) as c:
            assert (await c.tasks.get("task-123")).id == "task-123"
        assert (seen, http.is_closed) == ([("yes", "coordinaitor")], False)
        await closed(kind, http)

    async def test_watching_polls_and_says_so_once(self, kind, server, caplog):
        """How it reaches the server is its own affair."""
        http = foreign(kind)
        with caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
            async with client(kind, server.url, api_key="ak_test", http_client=http) as c:
                assert set(await watched(c)) == {"poll"}
        assert caplog.text.count("watches poll") == 1
        await closed(kind, http)

    async def test_with_the_way_told_watching_is_live(self, kind, server):
        """`ws_url=`, for one."""
        http = foreign(kind)
        ws_url = server.url.replace("http", "ws") + "/ws"
        async with client(kind, server.url, api_key="ak_test", http_client=http, ws_url=ws_url) as c:
            assert "push" in await watched(c)
        await closed(kind, http)

    async def test_one_that_its_owner_closed_is_a_clear_error(self, kind, server):
        """Not a RuntimeError of another library."""
        http = foreign(kind)
        await closed(kind, http)
        async with client(kind, server.url, http_client=http, retry=ONCE) as c:
            with pytest.raises(ConnectionFailedError, match="was closed"):
                await c.system.health()

    async def test_another_kind_of_client_is_refused(self, kind):
        """A sync one for an async client, and what is no client at all."""
        other = foreign("sync" if kind.startswith("async") else "async")
        for wrong in (other, object()):
            with pytest.raises(ConfigurationError, match="http_client must be"):
                client(kind, http_client=wrong)

    async def test_a_redirect_is_not_followed_with_credentials(self, kind):
        """Whatever the client was told about redirects."""
        library = httpx2 if kind.endswith("httpx2") else httpx
        asked = []

        def elsewhere(request):
            asked.append(str(request.url))
            return library.Response(302, headers={"Location": "https://example.org/"})

        http = foreign(kind, transport=library.MockTransport(elsewhere), follow_redirects=True)
        async with client(kind, "http://localhost:9", api_key="ak_test", http_client=http) as c:
            with pytest.raises(APIError, match="redirects are not followed"):
                await c.tasks.get("task-123")
        assert asked == ["http://localhost:9/api/v1/tasks/task-123"]
        await closed(kind, http)
