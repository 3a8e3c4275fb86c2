"""The retry loop and what a transport's failures mean, in both clients (DESIGN 3.9, 3.11, 5)."""

import asyncio
import logging
import pickle
import socket
import threading
import time

import httpx
import pytest
import respx
from both import client

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import (
    AuthorizationError,
    ConfigurationError,
    ConnectionFailedError,
    CoordinaitorError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    PoolTimeoutError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    ServiceUnavailableError,
    TimeoutExceededError,
)

pytestmark = pytest.mark.anyio
URL = "http://localhost:3000"
TASK = {"success": True, "data": {"id": "t", "status": "active"}}
QUICK = Retry(backoff=0.001)


@pytest.fixture
def api():
    with respx.mock(base_url=f"{URL}/api/v1", assert_all_called=False) as router:
        yield router


class TestRetrying:
    async def test_a_failure_that_passes_is_not_seen(self, kind, api):
        """Two 503 and a lost connection, then the answer."""
        route = api.get("/tasks/t")
        route.side_effect = [httpx.Response(503), httpx.ReadError("gone"), httpx.Response(200, json=TASK)]
        async with client(kind, api_key="k", retry=QUICK) as c:
            assert (await c.tasks.get("t")).id == "t"
        assert route.call_count == 3

    async def test_the_error_tells_of_every_attempt(self, kind, api):
        """Four tries, and what each of them met."""
        api.get("/tasks/t").side_effect = [
            httpx.Response(500),
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.Response(502, json={"error": "bad gateway"}),
        ]
        async with client(kind, api_key="k", retry=QUICK) as c:
            with pytest.raises(ServerError) as caught:
                await c.tasks.get("t")
        attempts = caught.value.attempts
        assert [attempt.status for attempt in attempts] == [500, None, None, 502]
        assert attempts[0].waited == 0.0
        assert all(attempt.waited >= 0 for attempt in attempts)
        assert (caught.value.method, caught.value.url) == ("GET", f"{URL}/api/v1/tasks/t")

    @pytest.mark.parametrize(
        "failure", [httpx.Response(500), httpx.ReadError("gone"), httpx.ReadTimeout("slow")]
    )
    async def test_a_post_that_may_have_taken_effect_is_sent_once(self, kind, api, failure):
        """Otherwise there might be two tasks."""
        route = api.post("/tasks")
        route.side_effect = [failure, httpx.Response(201, json=TASK)]
        async with client(kind, api_key="k", retry=QUICK) as c:
            with pytest.raises(CoordinaitorError):
                await c.tasks.create(title="x")
        assert route.call_count == 1

    async def test_a_post_that_never_left_is_sent_again_with_its_key(self, kind, api):
        """One idempotency key for one logical call."""
        route = api.post("/tasks")
        route.side_effect = [
            httpx.ConnectError("refused"),
            httpx.Response(429),
            httpx.Response(201, json=TASK),
        ]
        async with client(kind, api_key="k", retry=QUICK) as c:
            assert (await c.tasks.create(title="x")).id == "t"
        keys = {call.request.headers["idempotency-key"] for call in route.calls}
        assert (route.call_count, len(keys)) == (3, 1)

    async def test_an_origin_that_echoes_the_key_may_be_posted_to_again(self, kind, api):
        """Idempotency is then known to hold."""

        def echo(request):
            headers = {"Idempotency-Key": request.headers["idempotency-key"]}
            return httpx.Response(201, json=TASK, headers=headers)

        answers = iter([echo, lambda _: httpx.Response(500), echo])
        route = api.post("/tasks").mock(side_effect=lambda request: next(answers)(request))
        async with client(kind, api_key="k", retry=QUICK) as c:
            await c.tasks.create(title="first")
            assert (await c.tasks.create(title="second")).id == "t"
        assert route.call_count == 3

    async def test_a_delete_whose_answer_was_lost_has_succeeded(self, kind, api):
        """404 on the second attempt: the first one deleted it."""
        api.delete("/tasks/t").side_effect = [httpx.ReadError("gone"), httpx.Response(404)]
        async with client(kind, api_key="k", retry=QUICK) as c:
            assert await c.tasks.delete("t") is None

    async def test_a_delete_of_nothing_is_an_error(self, kind, api):
        """404 on the first attempt."""
        api.delete("/tasks/t").respond(404)
        async with client(kind, api_key="k", retry=QUICK) as c:
            with pytest.raises(NotFoundError):
                await c.tasks.delete("t")

    async def test_a_refusal_is_not_retried(self, kind, api):
        """403 stays 403."""
        route = api.get("/tasks/t").respond(403, json={"error": "no"})
        async with client(kind, api_key="k", retry=QUICK) as c:
            with pytest.raises(AuthorizationError):
                await c.tasks.get("t")
        assert route.call_count == 1

    async def test_retry_after_beyond_the_deadline_is_raised_at_once(self, kind, api):
        """With the time to wait on the error."""
        api.get("/tasks/t").respond(429, headers={"Retry-After": "3600"})
        started = time.monotonic()
        async with client(kind, api_key="k", deadline=5.0) as c:
            with pytest.raises(RateLimitError) as caught:
                await c.tasks.get("t")
        assert time.monotonic() - started < 2.0
        assert caught.value.retry_after == 3600.0

    async def test_retry_after_is_waited_for(self, kind, api):
        """Never a shorter backoff instead."""
        api.get("/tasks/t").side_effect = [
            httpx.Response(503, headers={"Retry-After": "0.3"}),
            httpx.Response(200, json=TASK),
        ]
        started = time.monotonic()
        async with client(kind, api_key="k", retry=QUICK) as c:
            await c.tasks.get("t")
        assert time.monotonic() - started >= 0.3

    async def test_a_long_wait_is_logged(self, kind, api, caplog):
        """Someone who looks at a still terminal wants to know why."""
        api.get("/tasks/t").respond(503, headers={"Retry-After": "6"})
        with caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
            async with client(kind, api_key="k", deadline=6.5) as c:
                call = asyncio.ensure_future(c.tasks.get("t"))
                await asyncio.sleep(0.3)
                assert "waiting 6.0 s before try 2: HTTP 503" in caplog.text
                with pytest.raises(ServiceUnavailableError):
                    await call


class TestTime:
    async def test_timeout_bounds_one_attempt(self, kind, silent_server):
        """A server that accepts and says nothing."""
        async with client(kind, silent_server, timeout=0.2, retry=Retry(attempts=2, backoff=0.01)) as c:
            with pytest.raises(TimeoutExceededError, match="timeout=") as caught:
                await c.system.health()
        assert len(caught.value.attempts) == 2
        assert not isinstance(caught.value, DeadlineExceededError)

    async def test_deadline_bounds_the_whole_call(self, kind, silent_server):
        """However many attempts are left."""
        started = time.monotonic()
        async with client(kind, silent_server, timeout=30.0, deadline=0.4) as c:
            with pytest.raises(DeadlineExceededError, match="deadline="):
                await c.system.health()
        assert time.monotonic() - started < 2.0

    async def test_a_server_that_drips_does_not_outlast_the_timeout(self, kind, dripping_server):
        """The time between two bytes is not the time of the answer."""
        started = time.monotonic()
        async with client(kind, dripping_server, timeout=0.5, retry=Retry(attempts=1)) as c:
            with pytest.raises(TimeoutExceededError):
                await c.system.health()
        assert time.monotonic() - started < 2.0

    @pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": -1}, {"deadline": float("nan")}])
    async def test_a_time_that_can_not_be_meant_is_refused(self, kind, wrong):
        """At once, not at the first call."""
        with pytest.raises(InvalidArgumentError, match="positive number of seconds"):
            client(kind, **wrong)


class TestFailures:
    @pytest.mark.parametrize(
        ("failure", "cls"),
        [
            (httpx.ConnectError("refused"), ConnectionFailedError),
            (httpx.ConnectTimeout("slow"), TimeoutExceededError),
            (httpx.ReadTimeout("slow"), TimeoutExceededError),
            (httpx.WriteTimeout("slow"), TimeoutExceededError),
            (httpx.PoolTimeout("full"), PoolTimeoutError),
            (httpx.ReadError("gone"), ConnectionFailedError),
            (httpx.WriteError("gone"), ConnectionFailedError),
            (httpx.RemoteProtocolError("cut"), ConnectionFailedError),
            (httpx.ProxyError("no"), ConnectionFailedError),
            (httpx.DecodingError("not gzip"), ResponseDecodeError),
        ],
    )
    async def test_no_transport_exception_leaks(self, kind, api, failure, cls):
        """Each has a class of this library, with what to do next, and pickles."""
        api.get("/tasks/t").mock(side_effect=failure)
        async with client(kind, api_key="k", retry=Retry(attempts=1)) as c:
            with pytest.raises(cls) as caught:
                await c.tasks.get("t")
        assert type(caught.value) is cls
        assert pickle.loads(pickle.dumps(caught.value)).attempts == caught.value.attempts

    async def test_a_server_that_is_down_is_named(self, kind):
        """With its address and what to check."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with client(kind, f"http://127.0.0.1:{port}", retry=QUICK) as c:
            with pytest.raises(ConnectionFailedError, match=f"127.0.0.1:{port}.*is the server running"):
                await c.system.health()

    async def test_a_page_of_html_is_a_decode_error(self, kind, api):
        """A proxy's login page answers 200."""
        api.get("/tasks/t").respond(200, html="<html>Please log in</html>")
        async with client(kind, api_key="k") as c:
            with pytest.raises(ResponseDecodeError, match="text/html") as caught:
                await c.tasks.get("t")
        assert "Please log in" in caught.value.excerpt

    async def test_nothing_is_sent_for_bad_input(self, kind, api):
        """Refused before the transport is asked."""
        async with client(kind, api_key="k") as c:
            for call in (
                lambda: c.tasks.get(""),
                lambda: c.tasks.create(title=" "),
                lambda: c.tasks.create({}),
                lambda: c.tasks.create(title="x", estimated_hours=-1),
                lambda: c.tasks.update("t", progress=1.5),
                lambda: c.tasks.create(title="x", due_date="yesterday"),
                lambda: c.tasks.add_comment("t", ""),
                lambda: c.tasks.assign("t", ""),
                lambda: c.projects.create(name=""),
            ):
                with pytest.raises(InvalidArgumentError):
                    await call()
        assert not api.calls


class TestCredentialsStayHome:
    async def test_a_redirect_is_not_followed(self, kind, api):
        """httpx would take X-API-Key along to another origin."""
        api.get("/tasks/t").respond(302, headers={"Location": "http://elsewhere/"})
        async with client(kind, api_key="secret-key") as c:
            with pytest.raises(CoordinaitorError, match="redirects are not followed") as caught:
                await c.tasks.get("t")
        assert len(api.calls) == 1
        assert "secret-key" not in str(caught.value) + repr(vars(caught.value))

    async def test_plain_http_to_another_machine_is_refused(self, kind):
        """Unless it is wanted."""
        with pytest.raises(ConfigurationError, match="https"):
            client(kind, "http://api.example.com", api_key="k")
        assert client(kind, "http://api.example.com", api_key="k", allow_insecure_http=True)
        assert client(kind, "http://api.example.com")

    async def test_no_log_or_repr_holds_a_secret(self, kind, api, caplog):
        """Neither at DEBUG."""
        api.get("/tasks/t").respond(200, json=TASK)
        with caplog.at_level(logging.DEBUG):
            async with client(kind, api_key="secret-key") as c:
                await c.tasks.get("t")
                shown = repr(getattr(c, "_wrapped", c)) + repr(c.settings)
        assert "secret-key" not in caplog.text + shown


@pytest.fixture
def dripping_server():
    """Answers one byte of its body every 50 ms, for 5 seconds at most."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def serve():
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
                )
                for _ in range(100):
                    if stop.wait(0.05):
                        break
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    thread.join()
    listener.close()
