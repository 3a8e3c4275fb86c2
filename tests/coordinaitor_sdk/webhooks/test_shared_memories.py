"""The memories that the page gives for stores which several processes share, as pasted."""

import asyncio

import fakeredis
import pytest
from deliveries import SECRET, body_of, headers_of
from pasted import pasted_names

from coordinaitor_sdk import webhooks


def test_djangos_cache_is_a_memory(pasted_module):
    """Step by step: busy until released or recorded, then done."""
    memory = pasted_module("cache_memory.py").CacheMemory()
    assert [memory.claim("a"), memory.claim("a")] == ["new", "busy"]
    memory.release("a")
    assert [memory.claim("a"), memory.claim("a")] == ["new", "busy"]
    memory.record("a")
    assert [memory.claim("a"), memory.claim("b")] == ["done", "new"]


def test_a_receiver_remembers_in_djangos_cache(pasted_module):
    """Another receiver on the same cache knows what the first handled."""
    module = pasted_module("cache_memory.py")
    body = body_of()
    headers = headers_of(body)
    first, second = (webhooks.Receiver(SECRET, memory=module.CacheMemory()) for _ in range(2))
    assert first.receive(body, headers, lambda _event: None).text == "handled"
    assert second.receive(body, headers, lambda _event: None).text == "handled before"


@pytest.mark.parametrize("decoded", [False, True])
def test_redis_is_a_memory(pasted_module, decoded):
    """Whether the client decodes answers or not; entries lapse by themselves."""
    module = pasted_module("redis_memory.py")

    async def steps():
        redis = fakeredis.FakeAsyncRedis(decode_responses=decoded)
        memory = module.RedisMemory(redis)
        claims = [await memory.claim("a"), await memory.claim("a")]
        await memory.release("a")
        claims += [await memory.claim("a"), await memory.claim("a")]
        lapses = [await redis.ttl("webhook:a")]
        await memory.record("a")
        lapses.append(await redis.ttl("webhook:a"))
        claims += [await memory.claim("a"), await memory.claim("b")]
        await redis.aclose()
        return claims, lapses

    claims, lapses = asyncio.run(steps())
    assert claims == ["new", "busy", "new", "busy", "done", "new"]
    assert lapses == [60, 172_800]


def test_a_receiver_remembers_in_redis(pasted_module):
    """A handler that fails is run again, one that succeeded is not."""
    module = pasted_module("redis_memory.py")
    body = body_of()
    headers = headers_of(body)
    runs = []

    async def handle(event):
        runs.append(event)
        if len(runs) == 1:
            raise RuntimeError("the first time it fails")

    async def three_times():
        redis = fakeredis.FakeAsyncRedis()
        receiver = webhooks.AsyncReceiver(SECRET, memory=module.RedisMemory(redis))
        with pytest.raises(RuntimeError):
            await receiver.receive(body, headers, handle)
        answers = [await receiver.receive(body, headers, handle) for _ in range(2)]
        await redis.aclose()
        return [answer.text for answer in answers]

    assert asyncio.run(three_times()) == ["handled", "handled before"]
    assert len(runs) == 2


def test_every_file_of_the_page_is_pasted_by_a_test():
    """Here and in `conftest.py`."""
    assert pasted_names() == {
        "main.py", "app.py", "views.py", "urls.py", "cache_memory.py", "redis_memory.py",
    }  # fmt: skip
