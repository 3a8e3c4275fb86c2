"""Which HTTP library makes the calls, and what becomes of calls when it is closed."""

import asyncio
import ssl
import sys
import threading

import anyio
import pytest
import trustme
from both import client
from network import TlsFront

from coordinaitor_sdk import AsyncCoordinaitor, Coordinaitor, Retry
from coordinaitor_sdk.exceptions import ConfigurationError, ConnectionFailedError, CoordinaitorError

pytestmark = pytest.mark.anyio
CLIENTS = [AsyncCoordinaitor, Coordinaitor]


@pytest.mark.parametrize("cls", CLIENTS)
def test_another_library_is_refused(cls):
    """With the two that there are."""
    with pytest.raises(ConfigurationError, match="'httpx' or 'httpx2'"):
        cls(http_backend="requests")


@pytest.mark.parametrize("cls", CLIENTS)
def test_one_that_is_not_installed_is_named_with_its_extra(cls, monkeypatch):
    """Instead of an ImportError."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ConfigurationError, match=r"coordinaitor\[httpx2\]"):
        cls(http_backend="httpx2")


@pytest.mark.parametrize("cls", CLIENTS)
def test_it_is_never_taken_just_because_it_is_there(cls):
    """httpx, unless something else is said."""
    assert cls()._transport._http._lib.__name__ == "httpx"


async def test_a_client_that_is_closed_during_a_call_ends_it(kind, silent_server):
    """With an error of this library, at the latest when its time is over."""
    async with client(kind, silent_server, retry=Retry(attempts=1), timeout=2) as c:
        call = asyncio.ensure_future(c.system.health())
        await asyncio.sleep(0.2)
        await c.close()
        with pytest.raises(CoordinaitorError) as caught:
            await call
    assert isinstance(caught.value, (ConnectionFailedError, TimeoutError))


@pytest.fixture
def slow_handshake(idle_server):
    """The server behind a TLS handshake that begins when told: its address, what trusts it, what tells."""
    authority, begin = trustme.CA(), threading.Event()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with TlsFront(int(idle_server.url.rpartition(":")[2]), authority, begin=begin) as front:
        yield front, trusting, begin
        begin.set()


async def test_a_call_that_was_still_connecting_when_the_client_closed_leaves_no_connection(
    kind, slow_handshake
):
    """The pool doesn't know of it yet; an open socket would be left to the garbage collector."""
    front, trusting, begin = slow_handshake
    c = client(kind, front.url, ssl_context=trusting, api_key="ak_test", retry=Retry(attempts=1))
    call = asyncio.ensure_future(c.tasks.get("task-123"))
    while not front.connections:
        await asyncio.sleep(0.01)
    await c.close()
    begin.set()
    assert (await call).id == "task-123"
    with anyio.fail_after(5):
        while front.connections:
            await asyncio.sleep(0.01)
    await c.close()


async def test_a_client_that_was_closed_opens_anew(kind, idle_server):
    """Closing ends what is open, not the client."""
    async with client(kind, idle_server.url, api_key="ak_test") as c:
        for _ in range(2):
            assert (await c.tasks.get("task-123")).id == "task-123"
            await c.close()
