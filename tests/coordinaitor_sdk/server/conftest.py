"""The server under test: a real process for most tests, the same server in a thread where a bound must
be small.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from answers import check
from recording import Recorder
from server_process import ServerProcess

from coordinaitor_sdk.server import launch as launch_module
from coordinaitor_sdk.server.events import Event
from coordinaitor_sdk.server.launch import Launch
from coordinaitor_sdk.server.run import Ready, ServerOptions
from coordinaitor_sdk.server.seeds.start import Start, start_data
from coordinaitor_sdk.server.settings import Settings
from coordinaitor_sdk.server.store.change import Change
from coordinaitor_sdk.server.store.engine import open_engine
from coordinaitor_sdk.server.store.schema import prepare
from coordinaitor_sdk.server.store.store import Store
from coordinaitor_sdk.server.worlds import Worlds

KEY = "ak_test-key"
_numbers = itertools.count(1)


class Api:
    """Raw HTTP against a server, as the admin's key."""

    def __init__(self, url: str, *, prefix: str = "/api/v1", headers: dict[str, str] | None = None) -> None:
        self.url = url
        self.ws_url = url.replace("http", "ws", 1) + "/ws"
        given = {"X-API-Key": KEY} if headers is None else headers
        self.http = httpx.Client(base_url=url + prefix, headers=given, timeout=10)

    def __call__(self, method: str, path: str, **given: Any) -> httpx.Response:
        return self.http.request(method, path, **given)

    def get(self, path: str, **params: Any) -> Any:
        """The data of a good answer."""
        return self._data(self("GET", path, params=params))

    def post(self, path: str, body: Any) -> Any:
        """The data of a good answer."""
        return self._data(self("POST", path, json=body))

    def patch(self, path: str, body: Any) -> Any:
        """The data of a good answer."""
        return self._data(self("PATCH", path, json=body))

    def task(self, **fields: Any) -> Any:
        """A new task."""
        return self.post("/tasks", {"title": "A task", **fields})

    def details(self, method: str, path: str, status: int = 422, **given: Any) -> Any:
        """The details of a refusal of that status."""
        answer = self(method, path, **given)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
        return answer.json()["error"].get("details")

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """A server with the demo seed whose agents rest."""
    with ServerProcess() as process:
        process.start(api_key=KEY, agents="off")
        yield process


@pytest.fixture(scope="session")
def api(server: ServerProcess) -> Iterator[Api]:
    """Requests to that server."""
    found = Api(server.url)
    yield found
    found.http.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[ServerProcess]:
    """The same for one module: where more or other agents would disturb the rest."""
    with ServerProcess() as process:
        process.start(api_key=KEY, agents="off")
        yield process


@pytest.fixture(scope="module")
def own(own_server: ServerProcess) -> Iterator[Api]:
    """Requests to that server."""
    found = Api(own_server.url)
    yield found
    found.http.close()


@pytest.fixture
def api_of() -> Iterator[Callable[[str], Api]]:
    """Requests to a server that the test starts itself."""
    made: list[Api] = []

    def make(url: str) -> Api:
        made.append(Api(url))
        return made[-1]

    yield make
    for api in made:
        api.http.close()


@pytest.fixture
def server_process() -> Iterator[ServerProcess]:
    """A server of the test's own, not started yet."""
    with ServerProcess() as process:
        yield process


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Names that no other test uses."""
    return lambda name: f"{name}{next(_numbers)}"


@pytest.fixture
def launched() -> Any:
    """The server in a thread: `with launched(folder, settings, **options) as api`."""
    return _launched


@pytest.fixture(scope="module")
def launched_once(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same for a whole module: `with launched_once(settings, **options) as api`."""
    return lambda settings, **options: _launched(tmp_path_factory.mktemp("server"), settings, **options)


@contextmanager
def _launched(folder: Path, settings: Settings, **options: Any) -> Iterator[Api]:
    """The server in a thread, with bounds that options can't set; agents rest unless the settings say
    otherwise.
    """
    answered = threading.Event()
    found: list[Ready] = []

    def note(ready: Ready) -> None:
        found.append(ready)
        answered.set()

    given = {"database": str(folder / "server.db"), "port": 0, "api_key": KEY} | options
    settings = replace(settings, rate_limit=settings.rate_limit or "off")
    told: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        create = launch_module.create_app
        patch.setattr(launch_module, "create_app", lambda *parts: Recorder(create(*parts), told.append))
        yield from _run(Launch(ServerOptions(**given), note, settings), answered, found)
    check(told)


def _run(launch: Launch, answered: threading.Event, found: list[Ready]) -> Iterator[Api]:
    thread = threading.Thread(target=launch.run)
    thread.start()
    try:
        assert answered.wait(20)
        api = Api(found[0].url)
        with api.http:
            yield api
    finally:
        launch.stop()
        thread.join(20)
        assert not thread.is_alive()


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)

    def now(self) -> datetime:
        """Where it stands."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move it."""
        self._now += timedelta(seconds=seconds)

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """It never moves by itself: only `wake` ends the wait."""
        await wake.wait()


class Opened:
    """A store without a server around it, with one world on a manual clock."""

    def __init__(self, folder: Path, *, seed: str = "demo", log_length: int = 1_000) -> None:
        path = folder / "store.db"
        engine = open_engine(path)
        prepare(engine, path)
        self.clock = ManualClock()
        start = Start(seed, None, "a password", loopback=True, log_length=log_length)  # type: ignore[arg-type]
        started = start_data(engine, start, self.clock)
        self.world = started.worlds[0]
        self.world.clock = self.clock
        self.worlds = Worlds([self.world])
        self.events: list[Event] = []
        self.store = Store(engine, self.events.extend, lambda _world: None, lambda _world: None)

    async def __aenter__(self) -> Self:
        self.store.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()

    async def write(self, work: Callable[[Change], Any]) -> Any:
        """A change in the world."""
        return await self.store.write(self.world, work)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Opened]:
    """Open a store: `async with opened() as it`."""
    return lambda **given: Opened(tmp_path, **given)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait for something: `eventually(lambda: ..., within=seconds)`."""
    return _eventually


def _eventually(found: Callable[[], Any], within: float = 10.0) -> Any:
    deadline = time.monotonic() + within
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value
