"""The twins hold the same names, and mean the same."""

import ast
import asyncio
import gc
import os
import threading
import time
from pathlib import Path

import pytest

from coordinaitor_sdk._runtime import aio, threads

pytestmark = pytest.mark.anyio


def public_names(module):
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    named = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    named += [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return {name for name in named if not name.startswith("_") and name != "T"}


def test_both_modules_hold_the_same_names():
    """What is generated from one must find all of it in the other."""
    assert public_names(aio) == public_names(threads)


class TestSingleFlightInALoop:
    async def test_one_run_serves_all_who_come_meanwhile(self):
        """200 callers, one run."""
        flight, runs = aio.SingleFlight(), []

        async def work():
            runs.append(1)
            await asyncio.sleep(0.01)
            return len(runs)

        assert set(await asyncio.gather(*(flight.run(work) for _ in range(200)))) == {1}
        assert await flight.run(work) == 2

    async def test_a_cancelled_caller_does_not_end_the_run(self):
        """The others still get their result."""
        flight = aio.SingleFlight()
        first = asyncio.ensure_future(flight.run(lambda: asyncio.sleep(0.02, "done")))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(flight.run(lambda: asyncio.sleep(0, "other")))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "done"

    async def test_a_failure_reaches_all_and_is_forgotten(self):
        """The next caller tries anew."""
        flight = aio.SingleFlight()

        async def fail():
            await asyncio.sleep(0)
            raise ValueError("no")

        failures = await asyncio.gather(flight.run(fail), flight.run(fail), return_exceptions=True)
        assert [type(failure) for failure in failures] == [ValueError, ValueError]
        assert await flight.run(lambda: asyncio.sleep(0, "fine")) == "fine"


class TestSingleFlightInThreads:
    def test_one_run_serves_all_who_come_meanwhile(self):
        """50 threads, one run."""
        flight, runs, results = threads.SingleFlight(), [], []

        def work():
            runs.append(1)
            time.sleep(0.1)
            return len(runs)

        crowd = [threading.Thread(target=lambda: results.append(flight.run(work))) for _ in range(50)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert set(results) == {1}
        assert flight.run(work) == 2

    def test_a_failure_reaches_all_and_is_forgotten(self):
        """The next caller tries anew."""
        flight, failures = threads.SingleFlight(), []

        def fail():
            time.sleep(0.05)
            raise ValueError("no")

        def run():
            try:
                flight.run(fail)
            except ValueError as error:
                failures.append(error)

        crowd = [threading.Thread(target=run) for _ in range(5)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert len(failures) == 5
        assert flight.run(lambda: "fine") == "fine"


class Resource:
    def __init__(self):
        self.closed = False


async def close_soon(resource):
    resource.closed = True


def close_now(resource):
    resource.closed = True


class TestScopedToALoop:
    def test_each_loop_has_its_own_value_closed_with_it(self):
        """`asyncio.run` twice, and nobody closes anything."""
        scoped = aio.Scoped(Resource, close_soon)

        async def twice():
            first, second = await scoped.get(), await scoped.get()
            assert first is second
            assert not first.closed
            return first

        one, two = asyncio.run(twice()), asyncio.run(twice())
        assert one is not two
        assert one.closed
        assert two.closed

    async def test_close_closes_and_get_makes_anew(self):
        """A closed client may be used again."""
        scoped = aio.Scoped(Resource, close_soon)
        first = await scoped.get()
        await scoped.close()
        assert first.closed
        assert await scoped.get() is not first
        await scoped.close()
        await scoped.close()


class TestScopedToAProcess:
    def test_threads_share_one_value(self):
        """Made once."""
        scoped, values = threads.Scoped(Resource, close_now), []
        crowd = [threading.Thread(target=lambda: values.append(scoped.get())) for _ in range(20)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert len(set(values)) == 1

    def test_close_closes_and_get_makes_anew(self):
        """A closed client may be used again."""
        scoped = threads.Scoped(Resource, close_now)
        first = scoped.get()
        scoped.close()
        assert first.closed
        assert scoped.get() is not first

    def test_the_last_reference_closes(self):
        """A client that goes out of scope leaves no socket."""
        scoped = threads.Scoped(Resource, close_now)
        value = scoped.get()
        del scoped
        gc.collect()
        assert value.closed

    def test_a_forked_child_makes_its_own(self):
        """And leaves the parent's alone."""
        scoped = threads.Scoped(Resource, close_now)
        value = scoped.get()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if scoped.get() is not value and not value.closed else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert scoped.get() is value


class TestTimeLimit:
    async def test_it_ends_what_takes_too_long_in_a_loop(self):
        """By interrupting it."""
        with pytest.raises(TimeoutError):
            async with aio.TimeLimit(0.01):
                await asyncio.sleep(5)

    def test_it_ends_what_takes_too_long_in_a_thread(self):
        """Where it looks."""
        with threads.TimeLimit(0.01) as limit:
            limit.check()
            time.sleep(0.02)
            with pytest.raises(TimeoutError):
                limit.check()

    async def test_without_a_limit_it_never_ends_anything(self):
        """None is no limit."""
        async with aio.TimeLimit(None) as limit:
            limit.check()
        with threads.TimeLimit(None) as limit:
            limit.check()


class TestHeld:
    async def test_all_of_it_happens_on_one_thread_away_from_the_loop(self):
        """A lock that belongs to a thread can be given back."""
        lock, threads_seen = threading.RLock(), set()
        for _ in range(3):
            async with aio.Held(lambda: lock) as held:
                threads_seen.add(await held.run(threading.get_ident))
                assert not await asyncio.to_thread(lock.acquire, timeout=0.01)
        assert threading.get_ident() not in threads_seen
        assert lock.acquire(timeout=5)

    async def test_what_was_begun_is_ended_although_the_caller_is_cancelled(self):
        """Then the lock is given back."""
        lock, begun, done = threading.Lock(), threading.Event(), threading.Event()

        def save():
            begun.set()
            time.sleep(0.1)
            done.set()

        async def caller():
            async with aio.Held(lambda: lock) as held:
                await held.run(save)

        task = asyncio.ensure_future(caller())
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert await asyncio.to_thread(lock.acquire, timeout=5)
        assert done.is_set()

    async def test_a_lock_that_comes_after_the_caller_has_gone_is_given_back(self):
        """Nobody else would do it."""
        lock = threading.Lock()
        lock.acquire()

        async def caller():
            async with aio.Held(lambda: lock):
                raise AssertionError("it is cancelled before")

        task = asyncio.ensure_future(caller())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        lock.release()
        assert await asyncio.to_thread(lock.acquire, timeout=5)

    @pytest.mark.parametrize("twin", [aio, threads])
    async def test_an_error_is_the_callers(self, twin):
        """Of the lock as of what is done under it, which gives the lock back."""
        lock = threading.Lock()

        def fails():
            raise KeyError

        async def use(held):
            if twin is threads:
                with held as one:
                    return one.run(fails)
            async with held as one:
                return await one.run(fails)

        with pytest.raises(KeyError):
            await use(twin.Held(lambda: lock))
        assert lock.acquire(timeout=5)
        with pytest.raises(KeyError):
            await use(twin.Held(fails))
