"""Tokens renewed for a crowd, by several processes and over losses; the server rotates (DESIGN 3.10)."""

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from both import client
from relay import relayed
from server_process import ServerProcess

from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, FileTokenStore, MemoryTokenStore, Retry
from coordinaitor_sdk.exceptions import AuthenticationError, ConnectionFailedError

pytestmark = pytest.mark.anyio

REFRESH = "/api/v1/auth/refresh"
LOGIN = "/api/v1/auth/login"
TTL = 2.0


@pytest.fixture(scope="module")
def rotating():
    """Access tokens that hold for two seconds, and refresh tokens that are good for one use."""
    with ServerProcess() as process:
        yield process.start(agents="off", access_token_ttl=TTL, rotate_refresh=True)


@pytest.fixture
def relay(rotating):
    with relayed(rotating) as relay:
        yield relay


@pytest.fixture
def store(tmp_path, relay, rotating):
    """A file with the tokens of a session; the login is not counted."""
    store = FileTokenStore(tmp_path / "tokens.json")
    email, password = rotating.admin_email, rotating.admin_password
    with Coordinaitor(relay.url, token_store=store, email=email, password=password) as api:
        api.auth.login()
    relay.seen.clear()
    return store


async def expired():
    """Wait until the token that was just given has ended."""
    await asyncio.sleep(TTL + 0.1)


@pytest.fixture(params=[True, False], ids=["expiry known", "expiry found out"])
def crowded(request, tmp_path):
    """A relay, and a store whose token has expired; the next one holds, however slow the crowd is."""
    store = FileTokenStore(tmp_path / "tokens.json")
    with ServerProcess() as server, relayed(server.start(agents="off", access_token_ttl=0.5)) as relay:
        login = {"email": server.admin_email, "password": server.admin_password}
        with Coordinaitor(relay.url, token_store=store, **login) as api:
            api.auth.login()
        server.restart(access_token_ttl=3600, rotate_refresh=True)
        if not request.param:
            store.save(replace(store.load(), expires_at=None, lifetime=None))
        yield relay, store


class TestCrowd:
    async def test_200_calls_in_a_loop_make_one_refresh(self, crowded):
        """And none of them fails."""
        relay, store = crowded
        async with AsyncCoordinaitor(relay.url, token_store=store) as api:
            answers = await asyncio.gather(*(api.tasks.get("task-123") for _ in range(200)))
        assert [answer.id for answer in answers] == ["task-123"] * 200
        assert relay.seen[REFRESH] == 1

    def test_200_calls_in_32_threads_make_one_refresh(self, crowded):
        """And none of them fails."""
        relay, store = crowded
        with Coordinaitor(relay.url, token_store=store) as api, ThreadPoolExecutor(32) as crowd:
            answers = list(crowd.map(api.tasks.get, ["task-123"] * 200))
        assert [answer.id for answer in answers] == ["task-123"] * 200
        assert relay.seen[REFRESH] == 1

    async def test_clients_with_one_store_share_a_refresh(self, relay, store):
        """Whoever comes second finds the new tokens there."""
        clients = [AsyncCoordinaitor(relay.url, token_store=store) for _ in range(5)]
        await expired()
        await asyncio.gather(*(api.tasks.get("task-123") for api in clients))
        for api in clients:
            await api.close()
        assert relay.seen[REFRESH] == 1


class TestCancelled:
    async def test_the_caller_that_began_the_refresh_may_go(self, relay, store):
        """The others have their answers, and the token is saved."""
        relay.during[REFRESH] = lambda: time.sleep(0.3)
        await expired()
        async with AsyncCoordinaitor(relay.url, token_store=store) as api:
            first = asyncio.ensure_future(api.tasks.get("task-123"))
            await asyncio.sleep(0.1)
            others = [asyncio.ensure_future(api.tasks.get("task-123")) for _ in range(10)]
            await asyncio.sleep(0.1)
            first.cancel()
            assert {answer.id for answer in await asyncio.gather(*others)} == {"task-123"}
            assert store.load().access == api.auth.tokens.access
        assert first.cancelled()
        assert relay.seen[REFRESH] == 1

    async def test_when_all_callers_go_the_token_is_saved(self, relay, store):
        """It has cost the former one."""
        before = store.load()
        relay.during[REFRESH] = lambda: time.sleep(0.3)
        await expired()
        async with AsyncCoordinaitor(relay.url, token_store=store) as api:
            calls = [asyncio.ensure_future(api.tasks.get("task-123")) for _ in range(3)]
            await asyncio.sleep(0.1)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.sleep(0.6)
            assert api.auth.tokens.access not in {None, before.access}
        assert store.load().refresh == api.auth.tokens.refresh != before.refresh

    def test_a_loop_that_ends_in_a_refresh_leaves_no_lock_and_no_word(self, relay, store, capfd):
        """The next one takes the lock at once, and the session goes on."""
        relay.during[REFRESH] = lambda: time.sleep(0.5)
        time.sleep(TTL + 0.1)

        async def begin(api):
            call = asyncio.ensure_future(api.tasks.get("task-123"))
            await asyncio.sleep(0.2)
            assert not call.done()

        api = AsyncCoordinaitor(relay.url, token_store=store)
        asyncio.run(begin(api))
        assert asyncio.run(_id(api)) == "task-123"
        assert capfd.readouterr().err == ""


async def _id(api):
    async with api:
        return (await api.tasks.get("task-123")).id


class TestLost:
    async def test_a_refresh_whose_answer_was_lost_is_made_again(self, kind, relay, store):
        """The server has rotated the token already: it gives the same successor."""
        relay.losing[REFRESH] = 1
        await expired()
        async with client(kind, relay.url, token_store=store, retry=Retry(backoff=0.01)) as api:
            assert (await api.tasks.get("task-123")).id == "task-123"
            await expired()
            assert (await api.tasks.get("task-123")).id == "task-123"
        assert relay.seen[REFRESH] == 3

    async def test_a_refresh_that_failed_is_not_the_end(self, kind, relay, store):
        """The call fails as unreachable, the stored tokens stay, and the next call is fine."""
        before = store.load()
        relay.losing[REFRESH] = 1
        await expired()
        async with client(kind, relay.url, token_store=store, retry=Retry(attempts=1)) as api:
            with pytest.raises(ConnectionFailedError):
                await api.tasks.get("task-123")
            assert store.load() == before
            assert (await api.tasks.get("task-123")).id == "task-123"
        assert store.load().refresh != before.refresh


WORKER = """
import sys, time
from coordinaitor_sdk import Coordinaitor, FileTokenStore
with Coordinaitor(sys.argv[1], token_store=FileTokenStore(sys.argv[2])) as api:
    end = time.monotonic() + float(sys.argv[3])
    while time.monotonic() < end:
        print(api.tasks.get("task-123").id, flush=True)
        time.sleep(0.02)
"""


class TestProcesses:
    def test_two_processes_share_a_session(self, relay, store):
        """Over many refreshes each uses what the other has got; and each token is renewed once."""
        crowd = [worker(relay, store, 9) for _ in range(2)]
        for process in crowd:
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err, set(out.split())) == (0, "", {"task-123"})
        assert 4 <= relay.seen[REFRESH] <= 6
        assert relay.seen[LOGIN] == 0

    @pytest.mark.slow
    def test_processes_that_are_killed_at_any_moment_end_no_session(self, relay, store):
        """Before, in or after a refresh: the next one goes on, and so does the one beside it."""
        steady = worker(relay, store, 20)
        for wait in (1.0, 2.1, 1.6, 2.3, 1.9, 2.0, 2.2, 1.8):
            killed = worker(relay, store, 60)
            time.sleep(wait)
            killed.kill()
            assert killed.communicate()[1] == ""
        out, err = steady.communicate(timeout=60)
        assert (steady.returncode, err, set(out.split())) == (0, "", {"task-123"})
        with Coordinaitor(relay.url, token_store=store) as api:
            assert api.tasks.get("task-123").id == "task-123"
        assert relay.seen[REFRESH] >= 8
        assert relay.seen[LOGIN] == 0

    def test_a_process_that_was_killed_in_a_refresh_has_ended_no_session(self, relay, store):
        """The server has rotated, the answer was never read: the stored token yields the successor again."""
        answered = threading.Event()

        def hold():
            answered.set()
            time.sleep(0.5)

        relay.during[REFRESH] = hold
        time.sleep(TTL + 0.1)
        process = worker(relay, store, 60)
        assert answered.wait(20)
        process.kill()
        process.communicate()
        relay.during.clear()
        with Coordinaitor(relay.url, token_store=store) as api:
            assert api.tasks.get("task-123").id == "task-123"
        assert relay.seen[REFRESH] == 2

    async def test_a_logout_is_seen_by_the_other(self, kind, relay, store):
        """It neither goes on nor brings the tokens back."""
        async with client(kind, relay.url, token_store=store) as other:
            await other.tasks.get("task-123")
            with Coordinaitor(relay.url, token_store=store) as api:
                api.auth.logout()
            assert store.load() is None
            with pytest.raises(AuthenticationError, match="log in again"):
                await other.tasks.get("task-123")
        assert store.load() is None

    async def test_a_login_is_seen_by_the_other(self, kind, relay, store, rotating):
        """After a logout it goes on with the tokens of the new session."""
        async with client(kind, relay.url, token_store=store) as other:
            await other.tasks.get("task-123")
            with Coordinaitor(relay.url, token_store=store) as api:
                api.auth.logout()
                api.auth.login(rotating.admin_email, rotating.admin_password)
            assert (await other.tasks.get("task-123")).id == "task-123"
            assert other.auth.tokens.refresh == store.load().refresh
        assert relay.seen[REFRESH] == 0


def worker(relay, store, seconds):
    """A process that gets a task 50 times a second."""
    command = [sys.executable, "-W", "error", "-c", WORKER, relay.url, str(store.path), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_a_store_in_memory_is_shared_by_clients(relay, rotating):
    """The second needs no login."""
    store, login = MemoryTokenStore(), (rotating.admin_email, rotating.admin_password)
    async with client("async", relay.url, token_store=store, email=login[0], password=login[1]) as api:
        await api.tasks.get("task-123")
    async with client("sync", relay.url, token_store=store) as api:
        await api.tasks.get("task-123")
    assert relay.seen[LOGIN] == 1
