"""Servers of the clients' tests that are none of the API."""

import socket

import pytest
from server_process import ServerProcess


@pytest.fixture
def silent_server():
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def limited_server():
    """The reference server with a rate limit."""
    with ServerProcess() as process:
        yield process.start(api_key="ak_test", rate_limit=36000, burst=500)
