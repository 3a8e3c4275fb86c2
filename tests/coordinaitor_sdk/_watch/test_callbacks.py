"""Callbacks on a watch, as in the document's JavaScript, in both clients."""

import asyncio
import logging
import threading
import time

import pytest
from both import client

from coordinaitor_sdk.exceptions import AuthenticationError, InvalidArgumentError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kind, idle_server):
    async with client(kind, idle_server.url, api_key="ak_test") as api:
        yield api


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def listen(watch, *pairs):
    """`on` is plain in both clients."""
    watch = getattr(watch, "_wrapped", watch)
    for event, callback in pairs:
        watch.on(event, callback)
    return watch


async def test_each_is_told_what_it_asked_for(api):
    """`update` everything, a type its own; the end once."""
    made = await api.tasks.create(title="x")
    every, ends, errors = [], [], []
    listen(
        api.tasks.watch(made.id),
        ("update", every.append),
        ("completed", ends.append),
        ("error", errors.append),
    )
    await until(lambda: every)
    await api.tasks.update(made.id, status="completed")
    await until(lambda: ends)
    await until(lambda: len(every) == 2)
    assert [update.type for update in every] == ["progress", "completed"]
    assert [update["progress"] for update in ends] == [every[-1].progress]
    assert errors == []


async def test_one_that_raises_is_logged_and_called_again(api, caplog):
    """Nor are the others concerned."""
    made = await api.tasks.create(title="x")
    calls, good = [], []

    def bad(update):
        calls.append(update.type)
        raise ValueError("broken callback")

    with caplog.at_level(logging.ERROR, "coordinaitor_sdk"):
        listen(api.tasks.watch(made.id), ("update", bad), ("update", good.append))
        await until(lambda: len(calls) == len(good) == 1)
        await api.tasks.update(made.id, status="completed")
        await until(lambda: len(calls) == len(good) == 2)
        await until(lambda: caplog.text.count("a callback of on('update') raised") == 2)


async def test_one_that_blocks_delays_no_other(api):
    """Nor a watch beside it."""
    made = await api.tasks.create(title="x")
    release, good = threading.Event(), []
    listen(api.tasks.watch(made.id), ("update", lambda _: release.wait(10)), ("update", good.append))
    await until(lambda: good)
    started = time.monotonic()
    await api.tasks.update(made.id, status="cancelled")
    assert [update.type async for update in api.tasks.watch(made.id)][-1] == "cancelled"
    await until(lambda: len(good) == 2)
    assert time.monotonic() - started < 5
    release.set()


async def test_close_inside_a_callback_ends_all_of_them(api):
    """As in the document's sample."""
    made = await api.tasks.create(title="x")
    seen, others = [], []

    def once(update):
        seen.append(update)
        watch.close()

    watch = listen(api.tasks.watch(made.id), ("update", others.append))
    await until(lambda: others)
    listen(watch, ("update", once))
    await until(lambda: seen)
    await asyncio.sleep(0.1)
    await api.tasks.update(made.id, status="completed")
    await asyncio.sleep(0.3)
    assert (len(seen), len(others)) == (1, 1)


async def test_a_watch_that_can_not_go_on_tells_why(kind, idle_server, caplog):
    """`lost` has the error; who doesn't ask for it finds it in the log."""
    async with client(kind, idle_server.url, api_key="ak_wrong") as c:
        lost = []
        with caplog.at_level(logging.ERROR, "coordinaitor_sdk"):
            listen(c.tasks.watch("task-123"), ("lost", lost.append), ("update", print))
            await until(lambda: lost and "could not go on: AuthenticationError" in caplog.text)
    assert isinstance(lost[0], AuthenticationError)


async def test_an_event_that_there_is_not_is_refused(api):
    """A callback that is never called would hide a typing error."""
    with pytest.raises(InvalidArgumentError, match="complete"):
        listen(api.tasks.watch("task-123"), ("complete", print))


async def test_closing_the_client_leaves_no_thread_and_no_task(kind, idle_server):
    """Even where a callback listens."""
    async with client(kind, idle_server.url, api_key="ak_test") as c:
        made, seen = await c.tasks.create(title="x"), []
        listen(c.tasks.watch(made.id), ("update", seen.append))
        await until(lambda: seen)
    await until(lambda: not [one for one in threading.enumerate() if one.name == "coordinaitor-callback"])
    assert not [one for one in asyncio.all_tasks() if one.get_coro().__name__ == "_calling"]


async def test_a_coroutine_function_is_awaited(idle_server):
    """On the loop, in the async client."""
    async with client("async", idle_server.url, api_key="ak_test") as c:
        made, seen = await c.tasks.create(title="x"), []

        async def callback(update):
            await asyncio.sleep(0)
            seen.append(threading.current_thread() is threading.main_thread())

        listen(c.tasks.watch(made.id), ("update", callback))
        await until(lambda: seen)
    assert seen == [True]
