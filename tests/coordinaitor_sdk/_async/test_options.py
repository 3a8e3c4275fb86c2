"""What is said for one call, or for some: options, `with_options`, raw answers, and calls of any endpoint."""

import time

import pytest
from both import client

from coordinaitor_sdk import HttpResponse, Page, RawResponse, Retry, Task
from coordinaitor_sdk.exceptions import (
    APIError,
    ConnectionFailedError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    TimeoutExceededError,
)

pytestmark = pytest.mark.anyio
ONCE = Retry(attempts=1)


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


class TestOneCall:
    async def test_timeout_bounds_its_attempts(self, kind, silent_server):
        """Not those of the next call."""
        async with client(kind, silent_server, timeout=30, retry=ONCE) as c:
            started = time.monotonic()
            with pytest.raises(TimeoutExceededError, match=r"within 0\.2 s"):
                await c.system.health(timeout=0.2)
            assert time.monotonic() - started < 5

    async def test_deadline_bounds_the_whole_of_it(self, kind, silent_server):
        """However many attempts were left."""
        async with client(kind, silent_server) as c:
            with pytest.raises(DeadlineExceededError):
                await c.tasks.list(deadline=0.2)

    async def test_a_renewal_of_the_token_counts_against_its_deadline(self, kind, silent_server):
        """A login that hangs does not hold up the call."""
        async with client(kind, silent_server, email="a@b.c", password="p") as c:
            started = time.monotonic()
            with pytest.raises(DeadlineExceededError, match="token") as caught:
                await c.tasks.get("t", deadline=0.3)
            assert time.monotonic() - started < 5
        assert (caught.value.method, caught.value.url) == ("GET", f"{silent_server}/api/v1/tasks/t")

    async def test_headers_go_with_it(self, kind, api, idle_server):
        """`If-None-Match`, for one: the server says that nothing has changed."""
        raw = await api.tasks.with_raw_response.get("task-123")
        with pytest.raises(APIError) as caught:
            await api.tasks.get("task-123", headers={"If-None-Match": raw.headers["etag"]})
        assert caught.value.status == 304

    @pytest.mark.parametrize("name", ["Authorization", "x-api-key", "Cookie"])
    async def test_headers_carry_no_credentials(self, kind, api, name):
        """Those are the client's, which keeps them to their origin."""
        with pytest.raises(InvalidArgumentError, match="give credentials to the client"):
            await api.tasks.get("task-123", headers={name: "secret"})

    @pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding"])
    async def test_headers_do_not_frame_the_request(self, kind, api, name):
        """They follow from what is sent."""
        with pytest.raises(InvalidArgumentError, match="follows from what is sent"):
            await api.tasks.get("task-123", headers={name: "5"})

    @pytest.mark.parametrize("headers", [{"X": "a\nb"}, {"X": "ü"}, {"X": 1}, {"": "x"}])
    async def test_headers_that_can_not_be_sent_are_refused(self, kind, api, headers):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError, match="printable ASCII"):
            await api.tasks.get("task-123", headers=headers)

    async def test_the_same_key_has_one_effect(self, kind, api):
        """However often the call is made."""
        key = f"once {kind}"
        made = [await api.tasks.create(title="x", idempotency_key=key) for _ in range(2)]
        assert made[0].id == made[1].id

    @pytest.mark.parametrize("key", ["", "ü", "a\n", "x" * 256, 5])
    async def test_a_key_that_can_not_be_sent_is_refused(self, kind, api, key):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError, match="1 to 255 printable ASCII"):
            await api.tasks.create(title="x", idempotency_key=key)

    async def test_a_key_is_for_what_posts(self, kind, api):
        """Anything else can be repeated as it is."""
        with pytest.raises(InvalidArgumentError, match="is for POST"):
            await api.tasks.update("task-123", title="x", idempotency_key="k")

    @pytest.mark.parametrize(
        "wrong", [{"timeout": 0}, {"deadline": -1}, {"timeout": "1"}, {"deadline": True}]
    )
    async def test_a_time_that_can_not_be_meant_is_refused(self, kind, api, wrong):
        """Before anything is sent."""
        with pytest.raises(InvalidArgumentError, match="positive number of seconds"):
            await api.tasks.get("task-123", **wrong)

    async def test_an_option_that_there_is_not_is_a_type_error(self, kind, api):
        """As with any function."""
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'timeuot'; options are timeout"):
            await api.tasks.get("task-123", timeuot=3)


class TestSomeCalls:
    async def test_a_client_with_other_options_shares_the_connections(self, kind, api):
        """And the session, and the watches."""
        other = api.with_options(timeout=5, headers={"X-Team": "blue"})
        assert (await other.tasks.get("task-123")).id == "task-123"
        mine, its = (getattr(one, "_wrapped", one) for one in (api, other))
        assert (its._transport, its._watcher) == (mine._transport, mine._watcher)

    async def test_its_options_hold_for_its_calls_alone(self, kind, silent_server):
        """The client that it was made from keeps its own."""
        async with client(kind, silent_server, timeout=30, retry=ONCE) as c:
            brief = c.with_options(timeout=0.2)
            with pytest.raises(TimeoutExceededError, match=r"within 0\.2 s"):
                await brief.system.health()
            with pytest.raises(TimeoutExceededError, match=r"within 0\.3 s"):
                await brief.with_options(deadline=None).system.health(timeout=0.3)

    async def test_a_retry_can_be_switched_off(self, kind):
        """For a loop that tries again by itself."""
        async with client(kind, "http://127.0.0.1:9") as c:
            with pytest.raises(ConnectionFailedError) as caught:
                await c.with_options(retry=ONCE).system.health()
        assert len(caught.value.attempts) == 1

    async def test_options_that_can_not_be_meant_are_refused(self, kind, api):
        """At once, not at the first call."""
        with pytest.raises(InvalidArgumentError):
            api.with_options(timeout=-1)


class TestRawAnswers:
    async def test_it_tells_status_headers_id_and_value(self, kind, api):
        """What a script logs, and what the method itself returns."""
        raw = await api.tasks.with_raw_response.get("task-123")
        assert isinstance(raw, RawResponse)
        assert (raw.status, raw.parsed.id, raw.attempts) == (200, "task-123", 1)
        assert raw.request_id.startswith("req-")
        assert raw.content.startswith(b'{"success":true')
        assert 0 < raw.elapsed < 30
        assert raw.rate_limit is None, "this server has none"

    async def test_a_list_gives_its_first_page(self, kind, api):
        """With its place."""
        raw = await api.tasks.with_raw_response.list(limit=2)
        assert isinstance(raw.parsed, Page)
        assert (len(raw.parsed.data), raw.parsed.pagination.limit) == (2, 2)

    async def test_what_has_no_value_has_an_answer(self, kind, api):
        """204."""
        task = (await api.tasks.with_raw_response.create(title="x")).parsed
        assert (await api.tasks.with_raw_response.delete(task.id)).status == 204

    async def test_options_hold_here_too(self, kind, api):
        """The same parameters."""
        made = [
            (await api.tasks.with_raw_response.create(title="x", idempotency_key=f"raw {kind}")) for _ in "ab"
        ]
        assert made[1].headers["idempotency-replayed"] == "true"

    async def test_a_refusal_is_the_same_error(self, kind, api):
        """With all that it tells."""
        with pytest.raises(NotFoundError) as caught:
            await api.tasks.with_raw_response.get("nothing")
        assert caught.value.request_id.startswith("req-")

    async def test_the_rate_limit_is_told(self, kind, limited_server):
        """Of the answer, and on the client the last one seen."""
        async with client(kind, limited_server.url, api_key="ak_test") as c:
            assert c.rate_limit is None
            raw = await c.tasks.with_raw_response.get("task-123")
            assert raw.rate_limit == c.rate_limit
            assert (raw.rate_limit.limit, raw.rate_limit.window) == (36000, 3600)
            assert raw.rate_limit.remaining < 36000
            assert raw.rate_limit.burst_remaining <= 500


class TestAnyEndpoint:
    async def test_a_model_is_read_as_by_a_method(self, kind, api):
        """Retry, credentials and envelope are the same."""
        task = await api.request("GET", "/tasks/task-123", cast_to=Task)
        assert task == await api.tasks.get("task-123")

    async def test_lists_pages_dicts_and_bytes(self, kind, api):
        """Whatever the caller wants to have."""
        params = {"limit": 2, "status": None}
        tasks = await api.request("GET", "/tasks", cast_to=list[Task], params=params)
        page = await api.request("GET", "/tasks", cast_to=Page[Task], params=params)
        plain = await api.request("GET", "/tasks/task-123", cast_to=dict)
        whole = await api.request("GET", "/tasks/task-123", cast_to=HttpResponse)
        assert [task.id for task in tasks] == [task.id for task in page]
        assert len(tasks) == 2
        assert (plain["id"], whole.status) == ("task-123", 200)
        assert whole.content.startswith(b'{"success":true')

    async def test_a_body_is_sent_as_it_is(self, kind, api):
        """And what has no value gives none."""
        task = await api.request("POST", "/tasks", cast_to=Task, body={"title": "y", "estimatedHours": 2})
        assert (task.title, task.estimated_hours) == ("y", 2)
        assert await api.request("DELETE", f"/tasks/{task.id}", cast_to=type(None)) is None

    async def test_a_refusal_is_the_error_of_its_status(self, kind, api):
        """As of any method."""
        with pytest.raises(NotFoundError):
            await api.request("GET", "/nothing/here", cast_to=dict)

    @pytest.mark.parametrize(
        "path",
        ["tasks", "//example.org/x", "/../oauth/token", "/a b", "/tasks?x=1", "https://example.org/", "/ü"],
    )
    async def test_a_path_that_leads_elsewhere_is_refused(self, kind, api, path):
        """Credentials stay with their origin."""
        with pytest.raises(InvalidArgumentError, match="path must"):
            await api.request("GET", path, cast_to=dict)

    async def test_other_methods_and_types_are_refused(self, kind, api):
        """With what there is."""
        with pytest.raises(InvalidArgumentError, match="GET, POST"):
            await api.request("TRACE", "/tasks", cast_to=dict)
        with pytest.raises(InvalidArgumentError, match="cast_to must be a type"):
            await api.request("GET", "/tasks", cast_to=type("Odd", (), {}))
