"""What tests of watches share: a watch read with a limit, and watchers before a scripted server."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from both import Awaited
from scripted import Scripted

from coordinaitor_sdk._runtime.network import Network
from coordinaitor_sdk._watch.aio import AsyncWatcher
from coordinaitor_sdk._watch.blocking import Watcher

_CALLS = ("fetch", "page", "headers", "renew")


class Followed:
    """A watch that is read with a limit: what never comes fails the test instead of hanging it."""

    def __init__(self, watch: Any) -> None:
        self.watch = watch
        self._updates = aiter(watch)

    @property
    def state(self) -> str:
        """How its updates come."""
        return self.watch.state

    async def next(self, within: float = 10.0) -> Any:
        """The next update."""
        async with asyncio.timeout(within):
            return await anext(self._updates)

    async def rest(self, within: float = 20.0) -> list[Any]:
        """All that come until its end."""
        async with asyncio.timeout(within):
            return [update async for update in self._updates]

    async def becomes(self, *states: str) -> None:
        """Wait until it says one of these states."""
        await until(lambda: self.state in states)


async def until(condition: Any, within: float = 15.0) -> None:
    """Wait until `condition()` holds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def live(api: Any, direct: Any, **options: Any) -> tuple[Any, Followed]:
    """A new task, and a watch of it that is live and has told its first sight."""
    made = await direct.tasks.create(title="x")
    followed = Followed(api.tasks.watch(made.id, conflate=False, **options))
    await followed.next()
    await followed.becomes("live")
    return made, followed


def scripted_watcher(side: str, script: Scripted) -> Any:
    """The watcher of a client (`async` or `sync`) of a scripted server, to be used as the async one."""
    loop = asyncio.get_running_loop()

    # Looked up at each call: a test may replace what a script does.
    def awaited(name: str) -> Any:
        return lambda *args: getattr(script, name)(*args)

    def blocking(name: str) -> Any:
        call = awaited(name)
        return lambda *args: asyncio.run_coroutine_threadsafe(call(*args), loop).result()

    if side == "async":
        return AsyncWatcher(script.url, Network(), **{name: awaited(name) for name in _CALLS})
    return Awaited(Watcher(script.url, Network(), **{name: blocking(name) for name in _CALLS}))


def kinds(updates: list[Any]) -> list[str]:
    """The types of updates."""
    return [update.type for update in updates]


def ends(updates: list[Any]) -> list[str]:
    """The types of those after which nothing may come."""
    return [update.type for update in updates if update.is_final]


def forget_events(database: Path) -> None:
    """Let a server's logs begin with their newest events, as when many others came."""
    newest = "SELECT max(seq) FROM events WHERE world = old.world"
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute(f"DELETE FROM events AS old WHERE seq < ({newest})")
