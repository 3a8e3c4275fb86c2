"""Spreading calls over the rate limit of the real server, instead of running into it."""

import asyncio
import logging
import time

import pytest
from both import client
from server_process import ServerProcess

from coordinaitor_sdk import Retry
from coordinaitor_sdk.exceptions import InvalidArgumentError, PacingTimeoutError, RateLimitError

pytestmark = pytest.mark.anyio
ONCE = Retry(attempts=1)


@pytest.fixture
def tight_server():
    """Ten calls at once, then ten a second."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test", rate_limit=36000, burst=10)


async def test_many_calls_meet_no_429(kind, tight_server):
    """Forty, one after another, without a retry."""
    async with client(kind, tight_server.url, api_key="ak_test", pacing=True, retry=ONCE) as c:
        for _ in range(40):
            await c.tasks.get("task-123")


async def test_many_calls_at_once_meet_no_429(kind, tight_server):
    """The first answer tells; thirty then share what is left."""
    async with client(kind, tight_server.url, api_key="ak_test", pacing=True, retry=ONCE) as c:
        await c.tasks.get("task-123")
        await asyncio.gather(*(c.tasks.get("task-123") for _ in range(30)))


async def test_without_pacing_they_do(kind, tight_server):
    """It is off unless asked for."""
    async with client(kind, tight_server.url, api_key="ak_test", retry=ONCE) as c:
        with pytest.raises(RateLimitError):
            await asyncio.gather(*(c.tasks.get("task-123") for _ in range(40)))


async def test_the_wait_for_a_turn_does_not_count_against_the_deadline(kind, tight_server):
    """Which starts when the call may go."""
    async with client(kind, tight_server.url, api_key="ak_test", pacing=True, retry=ONCE, deadline=1.0) as c:
        await c.tasks.get("task-123")
        started = time.monotonic()
        await asyncio.gather(*(c.tasks.get("task-123") for _ in range(30)))
        assert time.monotonic() - started > 1.2


async def test_a_turn_that_is_too_far_away_is_refused(kind, tight_server):
    """At once, and with the time to wait; nothing is sent."""
    async with client(
        kind, tight_server.url, api_key="ak_test", pacing=True, pacing_timeout=0.5, retry=ONCE
    ) as c:
        await c.tasks.get("task-123")
        done = await asyncio.gather(*(c.tasks.get("task-123") for _ in range(40)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, PacingTimeoutError)]
    assert len(refused) >= 10
    assert all(one.wait > 0.5 and one.attempts == () for one in refused)
    assert {type(one).__name__ for one in done} == {"Task", "PacingTimeoutError"}
    assert "pacing_timeout=0.5" in str(refused[0])


async def test_a_call_that_is_cancelled_while_it_waits_gives_its_place_back(tight_server):
    """Others need not wait for it."""
    async with client("async", tight_server.url, api_key="ak_test", pacing=True, retry=ONCE) as c:
        await c.tasks.get("task-123")
        waiting = [asyncio.ensure_future(c.tasks.get("task-123")) for _ in range(60)]
        await asyncio.sleep(0.2)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        started = time.monotonic()
        await c.tasks.get("task-123")
        assert time.monotonic() - started < 2.5, "sixty places would be 5 s"


async def test_clients_of_other_options_share_the_pace(kind, tight_server):
    """It is the server's, not theirs."""
    async with client(kind, tight_server.url, api_key="ak_test", pacing=True, retry=ONCE) as c:
        other = c.with_options(timeout=10)
        for _ in range(15):
            await c.tasks.get("task-123")
            await other.tasks.get("task-123")


async def test_a_long_wait_is_logged(kind, caplog):
    """Someone who looks at a still terminal wants to know why."""
    with ServerProcess() as process, caplog.at_level(logging.WARNING, "coordinaitor_sdk"):
        server = process.start(api_key="ak_test", rate_limit=600, burst=1)
        async with client(kind, server.url, api_key="ak_test", pacing=True) as c:
            await c.tasks.get("task-123")
            call = asyncio.ensure_future(c.tasks.get("task-123"))
            await asyncio.sleep(0.3)
            assert "s for the rate limit" in caplog.text
            assert (await call).id == "task-123"


async def test_a_time_that_can_not_be_meant_is_refused(kind):
    """At once."""
    with pytest.raises(InvalidArgumentError, match="pacing_timeout"):
        client(kind, pacing=True, pacing_timeout=0)
