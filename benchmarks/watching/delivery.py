"""The CPU of a typed update, from the socket to the consumer, beside bare loops over the same frames."""

from __future__ import annotations

import asyncio
import atexit
import time
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, TypeAdapter

from benchmarks.bounds import Figure
from benchmarks.rounds import measured, ratio
from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, Task

from .asking import control, frame_server
from .frames import task_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rounds import Measure
    from coordinaitor_sdk import AsyncTaskWatch

WATCHES: Final = 5_000
_FRAMES: Final = 16_000
_BURST: Final = 800  # a watch keeps 1,000 that were not read
_QUIET: Final = 3_600.0  # no looks by REST while it is measured


class Push(BaseModel):
    """What one `validate_json` makes of a frame."""

    type: str
    seq: int
    epoch: str
    data: Task


def measure(_url: str) -> list[Figure]:
    """One watch, 5,000 watches, and the sync client; rounds take turns with the bare loops."""
    with frame_server(WATCHES) as url:
        one = measured("watching.delivery", _ONE, url, calls=_FRAMES, rounds=12, starts=3)
        spread = measured("watching.delivery", _SPREAD, url, calls=_FRAMES, rounds=10, starts=1)
    return [
        Figure("watch-one", ratio(one["typed"], one["one"]), _note(one)),
        Figure("watch-spread", ratio(spread["typed-spread"], spread["spread"]), _note(spread)),
        Figure("watch-sync", ratio(one["raw"], one["sync"]), _note(one)),
    ]


def _note(taken: dict[str, list[float]]) -> str:
    rates = {name: 1 / sorted(figures)[len(figures) // 2] for name, figures in taken.items()}
    return ", ".join(f"{name} {rate / 1000:.0f}k/s of CPU" for name, rate in rates.items())


def _runner() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)  # tasks that wait are cancelled, instead of complaining
    return runner


def _bare(url: str, tasks: int, take: Callable[[Any], object]) -> Measure:
    from websockets.asyncio.client import connect

    runner, key = _runner(), f"bare-{time.monotonic_ns()}"

    async def opened() -> Any:
        address = f"{url.replace('http', 'ws', 1)}/ws"
        socket = await connect(address, additional_headers={"X-API-Key": key}, compression=None)
        await socket.recv()  # ready
        return socket

    socket = runner.run(opened())

    async def receive(frames: int) -> None:
        for _ in range(frames):
            take(await socket.recv())

    return _bursts(url, key, tasks, lambda frames: runner.run(receive(frames)))


def _bursts(url: str, key: str, tasks: int, receive: Callable[[int], None]) -> Measure:
    """CPU seconds a frame; asking for the frames is not in it."""

    def taken(frames: int) -> float:
        spent = 0.0
        for _ in range(frames // _BURST):
            control(url, "burst", key, _BURST, tasks)
            started = time.process_time()
            receive(_BURST)
            spent += time.process_time() - started
        return spent / frames

    return taken


def _raw(url: str) -> Measure:
    return _bare(url, 1, lambda _: None)


def _typed(tasks: int) -> Callable[[str], Measure]:
    return lambda url: _bare(url, tasks, TypeAdapter(Push).validate_json)


class _Counter:
    """Consumers of one watch each, and how many updates they have read together."""

    def __init__(self) -> None:
        self.left = 0
        self.done = asyncio.Event()
        self.consuming: list[asyncio.Task[None]] = []

    async def consume(self, watch: AsyncTaskWatch) -> None:
        async for _ in watch:
            self.left -= 1
            if self.left <= 0:
                self.done.set()


def _watched(watches: int) -> Callable[[str], Measure]:
    def contestant(url: str) -> Measure:
        runner, key = _runner(), f"ours-{time.monotonic_ns()}"
        counter = runner.run(_consuming(url, key, watches))

        async def receive(frames: int) -> None:
            counter.left = frames
            counter.done.clear()
            async with asyncio.timeout(30):
                await counter.done.wait()

        return _bursts(url, key, watches, lambda frames: runner.run(receive(frames)))

    return contestant


async def _consuming(url: str, key: str, watches: int) -> _Counter:
    client, counter = AsyncCoordinaitor(url, api_key=key), _Counter()
    counter.left = watches
    for number in range(watches):
        watch = client.tasks.watch(task_id(number), conflate=False, check_interval=_QUIET)
        counter.consuming.append(asyncio.create_task(counter.consume(watch)))
    await counter.done.wait()  # the first sight of each
    await asyncio.sleep(1.0)
    return counter


def _sync(url: str) -> Measure:
    key = f"sync-{time.monotonic_ns()}"
    client = Coordinaitor(url, api_key=key)
    watch = client.tasks.watch(task_id(0), conflate=False, check_interval=_QUIET)
    next(watch)
    time.sleep(1.0)

    def receive(frames: int) -> None:
        for _ in range(frames):
            next(watch)

    return _bursts(url, key, 1, receive)


CONTESTANTS: Final[dict[str, Callable[[str], Measure]]] = {
    "raw": _raw,
    "typed": _typed(1),
    "one": _watched(1),
    "sync": _sync,
    "typed-spread": _typed(WATCHES),
    "spread": _watched(WATCHES),
}
_ONE: Final = ("raw", "typed", "one", "sync")
_SPREAD: Final = ("typed-spread", "spread")
