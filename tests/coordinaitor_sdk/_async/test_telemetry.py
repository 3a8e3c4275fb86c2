"""What is told of a call: one log line, middleware, one span, and the system's health as it changes."""

import asyncio
import logging
import sys

import pytest
from both import client
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from raw_server import RawServer, answer
from server_process import ServerProcess

from coordinaitor_sdk import HttpResponse, Retry
from coordinaitor_sdk.exceptions import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidArgumentError,
    NotFoundError,
)

pytestmark = pytest.mark.anyio
QUICK = Retry(backoff=0.001)
TASK = answer(b'{"success":true,"data":{"id":"t"}}', "X-Request-Id: req-7")


class TestLogging:
    @pytest.fixture(autouse=True)
    def _at_info(self, caplog):
        caplog.set_level(logging.INFO, "coordinaitor_sdk")

    def lines(self, caplog):
        return [one.getMessage() for one in caplog.records if one.name == "coordinaitor_sdk"]

    async def test_a_call_is_one_line(self, kind, caplog):
        """Method, path, status, milliseconds, attempts, request id; the query may hold what is private."""
        with RawServer(answer(b"", status="503 Busy"), TASK) as server:
            async with client(kind, server.url, api_key="k", retry=QUICK) as c:
                await c.tasks.get("t", include=["comments"])
        (line,) = self.lines(caplog)
        assert line.startswith("GET /api/v1/tasks/t 200 in ")
        assert line.endswith(" ms, attempts: 2, request: req-7")

    async def test_a_refusal_is_one_line(self, kind, idle_server, caplog):
        """With its status."""
        async with client(kind, idle_server.url, api_key="ak_test") as c:
            with pytest.raises(NotFoundError) as caught:
                await c.tasks.get("nothing")
        (line,) = self.lines(caplog)
        assert line.startswith("GET /api/v1/tasks/nothing 404 in ")
        assert line.endswith(f" ms, attempts: 1, request: {caught.value.request_id}")

    async def test_a_failure_is_one_line(self, kind, caplog):
        """With the name of its error."""
        async with client(kind, "http://127.0.0.1:9", retry=Retry(attempts=2, backoff=0)) as c:
            with pytest.raises(ConnectionFailedError):
                await c.system.health()
        (line,) = self.lines(caplog)
        assert line.startswith("GET /api/v1/system/health ConnectionFailedError in ")
        assert line.endswith(" ms, attempts: 2, request: -")

    async def test_a_login_is_a_call_too(self, kind, idle_server, caplog):
        """Before the one that needed it."""
        credentials = {"email": idle_server.admin_email, "password": idle_server.admin_password}
        async with client(kind, idle_server.url, **credentials) as c:
            await c.tasks.get("task-123")
        assert [line.split(" in ")[0] for line in self.lines(caplog)] == [
            "POST /api/v1/auth/login 200",
            "GET /api/v1/tasks/task-123 200",
        ]


def middleware(kind, before=None, after=None):
    """Middleware for a client of this kind, from plain functions."""

    async def around_later(request, send):
        if before is not None:
            before(request)
        response = await send(request)
        return after(response) if after is not None else response

    def around(request, send):
        if before is not None:
            before(request)
        response = send(request)
        return after(response) if after is not None else response

    return around_later if kind.startswith("async") else around


class TestMiddleware:
    async def test_it_stands_around_each_attempt_the_first_outermost(self, kind):
        """And sees requests and answers."""
        seen = []

        def layer(name):
            return middleware(
                kind,
                lambda request: seen.append(f"{name} {request.method} {request.url.rpartition('/')[2]}"),
                lambda response: seen.append(f"{name} {response.status}") or response,
            )

        with RawServer(answer(b"", status="503 Busy"), TASK) as server:
            layers = [layer("outer"), layer("inner")]
            async with client(kind, server.url, retry=QUICK, middleware=layers) as c:
                await c.tasks.get("t")
        assert seen == [
            *("outer GET t", "inner GET t", "inner 503", "outer 503"),
            *("outer GET t", "inner GET t", "inner 200", "outer 200"),
        ]

    async def test_it_may_add_headers(self, kind):
        """A signature, for one."""
        with RawServer(TASK) as server:
            sign = middleware(kind, lambda request: request.headers.update({"X-Signed": "yes"}))
            async with client(kind, server.url, middleware=[sign]) as c:
                await c.tasks.get("t")
        assert b"x-signed: yes" in server.requests[0].lower()

    async def test_it_may_answer_by_itself(self, kind):
        """A fault for a test, or a canned answer: the server is not asked."""
        content = b'{"success":true,"data":{"id":"mine"}}'

        async def later(request, send):
            return HttpResponse(200, {}, content, request.method, request.url)

        def at_once(request, send):
            return HttpResponse(200, {}, content, request.method, request.url)

        layer = later if kind.startswith("async") else at_once
        async with client(kind, "http://127.0.0.1:9", middleware=[layer]) as c:
            assert (await c.tasks.get("t")).id == "mine"

    async def test_it_never_sees_a_credential(self, kind, idle_server):
        """Neither before nor after the request was sent."""
        held = []
        layer = middleware(kind, held.append, lambda response: held.append(response) or response)
        async with client(kind, idle_server.url, api_key="ak_test", middleware=[layer]) as c:
            await c.tasks.get("task-123")
        assert {name.lower() for name in held[0].headers} == {"user-agent", "accept"}
        assert "ak_test" not in str(held[0].headers) + str(dict(held[1].headers))

    async def test_it_can_not_send_a_credential_elsewhere(self, kind):
        """Whatever it makes of the address."""

        def elsewhere(request):
            request.url = "http://127.0.0.1:8/api/v1/tasks/t"

        async with client(
            kind, "http://127.0.0.1:9", api_key="k", middleware=[middleware(kind, elsewhere)]
        ) as c:
            with pytest.raises(InvalidArgumentError, match="elsewhere"):
                await c.tasks.get("t")

    async def test_what_it_raises_is_raised(self, kind, idle_server):
        """And not retried."""
        calls = []

        def refuse(request):
            calls.append(request)
            raise ZeroDivisionError

        async with client(kind, idle_server.url, middleware=[middleware(kind, refuse)]) as c:
            with pytest.raises(ZeroDivisionError):
                await c.tasks.get("t")
        assert len(calls) == 1


class TestTracing:
    @pytest.fixture
    def spans(self):
        return InMemorySpanExporter()

    @pytest.fixture
    def provider(self, spans):
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(spans))
        return provider

    async def test_a_call_is_one_span(self, kind, spans, provider):
        """Its retries included; few names, whatever is called."""
        with RawServer(answer(b"", status="503 Busy"), TASK) as server:
            async with client(kind, server.url, api_key="k", retry=QUICK, tracing=provider) as c:
                await c.tasks.get("t", include=["comments"])
        (span,) = spans.get_finished_spans()
        assert (span.name, span.kind) == ("GET /tasks/{id}", SpanKind.CLIENT)
        assert dict(span.attributes) == {
            "http.request.method": "GET",
            "url.template": "/api/v1/tasks/{id}",
            "server.address": "127.0.0.1",
            "server.port": int(server.url.rpartition(":")[2]),
            "http.response.status_code": 200,
            "http.request.resend_count": 1,
            "coordinaitor.request_id": "req-7",
        }

    async def test_the_server_is_told_of_it(self, kind, spans, provider):
        """W3C `traceparent`, and spans of the caller's are its parents."""
        with RawServer(TASK) as server:
            async with client(kind, server.url, tracing=provider) as c:
                with provider.get_tracer("mine").start_as_current_span("work") as work:
                    await c.tasks.get("t")
        span = next(one for one in spans.get_finished_spans() if one.name != "work")
        assert span.parent.span_id == work.get_span_context().span_id
        parent = f"traceparent: 00-{span.context.trace_id:032x}-{span.context.span_id:016x}"
        assert parent in server.requests[0].decode().lower()

    async def test_a_failure_is_told_by_its_kind(self, kind, spans, provider, idle_server):
        """Not by its message, which may quote anything."""
        async with client(kind, idle_server.url, api_key="ak_test", tracing=provider) as c:
            with pytest.raises(NotFoundError):
                await c.tasks.get("nothing")
        async with client(
            kind, "http://127.0.0.1:9", tracing=provider, retry=Retry(attempts=2, backoff=0)
        ) as c:
            with pytest.raises(ConnectionFailedError):
                await c.system.health()
        refused, failed = spans.get_finished_spans()
        assert (refused.attributes["error.type"], refused.attributes["http.response.status_code"]) == (
            "404",
            404,
        )
        assert failed.attributes["error.type"] == "ConnectionFailedError"
        assert failed.attributes["http.request.resend_count"] == 1
        assert (refused.status.is_ok, refused.events, refused.status.description) == (False, (), None)

    async def test_without_opentelemetry_it_says_what_to_install(self, kind, monkeypatch):
        """Instead of an ImportError."""
        monkeypatch.setitem(sys.modules, "opentelemetry", None)
        with pytest.raises(ConfigurationError, match=r"coordinaitor\[otel\]"):
            client(kind, tracing=True)


class TestMonitor:
    async def test_it_tells_how_it_is_and_then_what_changes(self, kind):
        """A server that goes away is a change, and so is its return."""
        with ServerProcess() as process:
            server = process.start()
            async with client(kind, server.url, retry=Retry(attempts=1)) as c:
                changes = c.system.monitor(interval=0.1).__aiter__()
                first = await anext(changes)
                assert (first.status, first.previous, first.error) == ("healthy", None, None)
                assert first.health.version
                process.kill()
                gone = await anext(changes)
                assert (gone.status, gone.previous, gone.health) == ("unreachable", "healthy", None)
                assert isinstance(gone.error, ConnectionFailedError)
                process.restart()
                back = await anext(changes)
                assert (back.status, back.previous) == ("healthy", "unreachable")

    async def test_a_service_that_changes_is_a_change(self, kind):
        """Though the whole is called the same; figures that move are none."""

        def health(state, latency):
            services = b'{"database":{"status":"%s","latency":%d}}' % (state, latency)
            return answer(b'{"success":true,"data":{"status":"healthy","services":%s}}' % services)

        told = [health(b"up", 1), health(b"up", 2), health(b"slow", 3), health(b"slow", 3)]
        with RawServer(*told) as server:
            async with client(kind, server.url) as c:
                changes = c.system.monitor(interval=0.01).__aiter__()
                assert (await anext(changes)).services == {"database": "up"}
                assert (await anext(changes)).services == {"database": "slow"}
        assert len(server.requests) >= 3

    async def test_an_unhealthy_answer_is_told(self, kind):
        """503 with a health body is the answer (DESIGN 3.9)."""
        with RawServer(answer(b'{"success":false,"data":{"status":"unhealthy"}}', status="503 No")) as server:
            async with client(kind, server.url) as c:
                change = await anext(c.system.monitor(interval=1).__aiter__())
        assert change.status == "unhealthy"

    @pytest.mark.parametrize("wrong", [0, -1, float("nan"), None])
    async def test_an_interval_that_can_not_be_meant_is_refused(self, kind, wrong):
        """Before anything is asked."""
        async with client(kind, "http://127.0.0.1:9") as c:
            with pytest.raises(InvalidArgumentError, match="interval"):
                await anext(c.system.monitor(interval=wrong).__aiter__())


def test_a_monitor_that_is_left_leaves_nothing(idle_server):
    """A loop that ends while it waits."""

    async def main():
        async with client("async", idle_server.url) as c:
            async for change in c.system.monitor(interval=60):
                return change.status
        return None

    assert asyncio.run(main()) == "healthy"
