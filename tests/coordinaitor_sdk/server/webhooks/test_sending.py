"""One attempt: where it goes, and what it makes of every answer."""

from __future__ import annotations

import socket

import pytest
from receiver import Receiver

from coordinaitor_sdk.server.domain import webhooks as domain
from coordinaitor_sdk.server.webhooks.sending import Sender

pytestmark = pytest.mark.anyio
DELIVERY = domain.Delivery("delivery-1", "webhook-1", "task.created", "{}", 0)


async def outcome(url, *, private_too=False):
    """How an attempt at this address ends."""
    sender = Sender(private_too=private_too)
    try:
        return await sender.send(domain.Receiver(url, "s", {}), DELIVERY)
    finally:
        await sender.close()


@pytest.fixture
def resolves(monkeypatch):
    """Let every name lead to these addresses; the names that were asked for."""
    asked = []

    def to(*addresses):
        async def addresses_of(host, _port):
            asked.append(host)
            return list(addresses)

        monkeypatch.setattr("coordinaitor_sdk.server.webhooks.sending.addresses_of", addresses_of)
        return asked

    return to


async def test_a_name_that_leads_into_a_private_network_gets_nothing(resolves):
    """Whatever it was when the webhook was created."""
    resolves("10.1.2.3", "169.254.169.254")
    found = await outcome("http://innocent.example/hook")
    assert not found.is_success
    assert "--allow-private-webhooks" in found.error


async def test_the_connection_goes_to_the_address_that_was_looked_at(resolves):
    """A name that changes a moment later (DNS rebinding) changes nothing; the header has the name."""
    asked = resolves("127.0.0.1")
    with Receiver() as receiver:
        found = await outcome(f"http://innocent.example:{receiver.port}/hook?x=1")
    assert found.is_success
    # Once by the guard; the connection is made by address.
    assert asked.count("innocent.example") == 1
    assert receiver.received[0].headers["host"] == f"innocent.example:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "good"), [(200, True), (204, True), (302, False), (404, False), (500, False)]
)
async def test_any_2xx_is_success(status, good):
    """Redirects are not followed."""
    with Receiver(lambda _: status) as receiver:
        found = await outcome(receiver.url)
    assert (found.status, found.is_success) == (status, good)
    assert len(receiver.received) == 1


async def test_a_closed_port_is_an_outcome():
    """Not an exception."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = await outcome(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert found.status is None
    assert found.error


async def test_an_unknown_name_is_an_outcome(monkeypatch):
    """It may be known tomorrow."""

    def getaddrinfo(*_args, **_given):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    found = await outcome("http://no.such.host/")
    assert "not known" in found.error


async def test_silence_ends_after_the_timeout(monkeypatch):
    """A receiver that takes the connection and never answers."""
    monkeypatch.setattr("coordinaitor_sdk.server.webhooks.sending.ATTEMPT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = await outcome(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert (found.status, found.error) == (None, "no answer within 0.2 s")
