"""How soon clients are back after an outage, and that they don't all come at once."""

from __future__ import annotations

import asyncio
import random
import selectors
import time
from typing import TYPE_CHECKING, Any, Final, NoReturn
from unittest.mock import patch

from benchmarks.bounds import Figure
from coordinaitor_sdk import AsyncCoordinaitor
from coordinaitor_sdk._watch.socket import Socket, SocketLostError

from .asking import control, frame_server
from .frames import task_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLIENTS: Final = 20
_OUTAGES: Final = (0.5, 2.0, 5.0)
_HERD: Final = 1_000
_PATIENCE: Final = 30.0
_LOST_AT: Final = 10.0


def measure(_url: str) -> list[Figure]:
    """Real outages for 20 clients; simulated ones, on a clock of their own, for 1,000."""
    with frame_server(_CLIENTS) as url:
        late = asyncio.run(_real(url))
    herds = {outage: _herd(outage) for outage in (0.0, *_OUTAGES)}
    slowest = max(max(back) for outage, back in herds.items())
    busiest = {outage: _busiest(back) for outage, back in herds.items()}
    real = ", ".join(f"{seconds:g} s: {max(back):.2f} s" for seconds, back in late.items())
    waves = ", ".join(f"after {seconds:g} s: {count}" for seconds, count in busiest.items())
    return [
        Figure(
            "watch-back",
            max(slowest, *(max(back) for back in late.values())) * 1000,
            f"slowest of {_CLIENTS} after {real}; of {_HERD:,} simulated {slowest:.2f} s",
        ),
        Figure("watch-herd", max(busiest.values()), f"in the busiest second {waves}"),
    ]


async def _real(url: str) -> dict[float, list[float]]:
    """Seconds from the server's return until each client has been told something."""
    clients = [AsyncCoordinaitor(url, api_key="k") for _ in range(_CLIENTS)]
    watches = [client.tasks.watch(task_id(0), check_interval=3_600.0) for client in clients]
    for watch in watches:
        await anext(watch)
    await asyncio.sleep(1.5)
    found: dict[float, list[float]] = {}
    for outage in _OUTAGES:
        control(url, "outage", outage)
        back_at = time.monotonic() + outage
        await asyncio.sleep(outage + 0.2)
        pushing = asyncio.create_task(_push(url))
        found[outage] = await asyncio.gather(*(_seconds_until_told(watch, back_at) for watch in watches))
        pushing.cancel()
        await asyncio.sleep(1.5)
    for client in clients:
        await client.close()
    return found


async def _push(url: str) -> None:
    while True:
        await asyncio.to_thread(control, url, "rate", 1, 1000)
        await asyncio.sleep(0.05)


async def _seconds_until_told(watch: Any, back_at: float) -> float:
    async with asyncio.timeout(60):
        async for update in watch:
            if update.source == "push":
                return max(0.0, time.monotonic() - back_at)
    raise RuntimeError("the watch has ended")


def _busiest(moments: Sequence[float]) -> int:
    """The most moments that lie within one second."""
    ordered = sorted(moments)
    return max(sum(first <= one < first + 1.0 for one in ordered) for first in ordered)


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
    """Does not wait: it moves the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return list(found)


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose clock runs as fast as the work allows."""

    def __init__(self) -> None:
        self._simulated = _Selector()
        super().__init__(self._simulated)

    def time(self) -> float:
        return self._simulated.now


class _Held:
    """A socket that delivers once, and breaks when the server goes."""

    async def receive(self) -> str:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        if loop.time() < 1.0:
            await asyncio.sleep(1.0)
            return '{"type":"heartbeat","seq":1}'
        await asyncio.sleep(_LOST_AT - loop.time() if loop.time() < _LOST_AT else 3_600.0)
        raise SocketLostError("the connection broke")

    async def send(self, text: str) -> None:
        del text

    async def close(self) -> None:
        pass


def _herd(outage: float) -> list[float]:
    """Seconds after the server's return at which each of 1,000 clients has its connection again."""
    back: list[float] = []

    async def opened(*_arguments: object) -> _Held:
        now = asyncio.get_running_loop().time()
        if _LOST_AT <= now < _LOST_AT + outage:
            raise SocketLostError("no connection: refused")
        if now >= _LOST_AT:
            back.append(now - _LOST_AT - outage)
        return _Held()

    async def watch() -> None:
        clients = [AsyncCoordinaitor("http://127.0.0.1:9", api_key="k") for _ in range(_HERD)]
        watches = [client.tasks.watch_all() for client in clients]
        reading = [asyncio.create_task(_read(each)) for each in watches]
        await asyncio.sleep(_LOST_AT + outage + _PATIENCE)
        for task in reading:
            task.cancel()
        for client in clients:
            await client.close()

    random.seed(7)
    with (
        patch.object(Socket, "open", opened),
        patch("coordinaitor_sdk._watch.crowd.Crowd.sweep_on", _never),
        asyncio.Runner(loop_factory=_Loop) as runner,
    ):
        runner.run(watch())
    if len(back) != _HERD:
        raise RuntimeError(f"{len(back)} of {_HERD} clients came back")
    return back


async def _read(watch: Any) -> None:
    async for _ in watch:
        pass


async def _never(*_arguments: object) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError
