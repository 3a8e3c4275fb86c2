"""The fault matrix: what networks, servers and programs do to a watch, in both clients.

`side` names the client. The HTTP library plays no part here.
"""

import pytest
from both import client
from scripted import scripted_server
from server_process import ServerProcess
from tcp import tcp_proxy
from watching import Followed, scripted_watcher

from coordinaitor_sdk._core.reconnect import Reconnect
from coordinaitor_sdk._watch import hub as hub_module
from coordinaitor_sdk._watch.state import WatchOptions
from coordinaitor_sdk.testing import Control


@pytest.fixture(params=["async", "sync"])
def side(request):
    return request.param


@pytest.fixture(autouse=True)
def _quick_backoff(monkeypatch):
    monkeypatch.setattr(hub_module, "_RECONNECT", Reconnect(shortest=0.02, longest=0.2))


@pytest.fixture(scope="session")
def controlled():
    """A server whose worlds tests make; nothing moves there by itself."""
    with ServerProcess() as process:
        yield process.start(agents="off", control=True, rotate_refresh=True)


@pytest.fixture
def control(controlled):
    with Control(controlled.url) as control:
        yield control


@pytest.fixture
def world(control):
    with control.world(seed="empty") as world:
        yield world


@pytest.fixture
async def api(side, controlled, world):
    """The client under test, in a world of its own."""
    async with client(side, controlled.url, api_key=world.api_key) as api:
        yield api


@pytest.fixture
async def direct(controlled, world):
    """Another client of that world."""
    async with client("async", controlled.url, api_key=world.api_key) as direct:
        yield direct


@pytest.fixture
async def proxy(controlled):
    async with tcp_proxy(controlled.url) as proxy:
        yield proxy


@pytest.fixture
async def proxied(side, proxy, world):
    """The client under test, by way of the proxy."""
    async with client(side, proxy.url, api_key=world.api_key, timeout=2.0) as api:
        yield api


@pytest.fixture
async def script():
    async with scripted_server() as script:
        yield script


@pytest.fixture
async def watch(side, script):
    """Opens watches of the scripted server's tasks."""
    watcher = scripted_watcher(side, script)

    def opened(*task_ids, **options):
        return Followed(watcher.watch(task_ids or ("t",), WatchOptions(**options)))

    yield opened
    await watcher.close()
