"""A server of their own for the tests that add agents or users, which others count; and none at all."""

import pytest
from both import client
from server_process import ServerProcess
from vendor import speaking


@pytest.fixture(scope="session")
def own_server():
    """Its agents do nothing."""
    with ServerProcess() as process:
        yield process.start(agents="off", api_key="ak_test")


@pytest.fixture(scope="session")
def _own_place(own_server, form):
    with speaking(own_server, form) as place:
        yield place


@pytest.fixture
def own_place(_own_place, monkeypatch):
    """`own_server`, answering in every form."""
    monkeypatch.setenv("COORDINAITOR_API_PREFIX", _own_place.prefix)
    return _own_place


@pytest.fixture
async def offline(kind):
    """A client without a server: for what is refused before it is sent."""
    async with client(kind, "http://127.0.0.1:9", api_key="ak_test") as api:
        yield api
