"""To which addresses webhooks may go."""

import pytest

from coordinaitor_sdk.server.domain.addresses import may_be_called

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PRIVATE = [
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0"]


@pytest.mark.parametrize("address", PUBLIC + LOOPBACK)
def test_public_and_loopback_addresses_are_called(address):
    """A receiver under development runs on this machine."""
    assert may_be_called(address, private_too=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_only_where_that_was_allowed(address):
    """However they are wrapped."""
    assert not may_be_called(address, private_too=False)
    assert may_be_called(address, private_too=True)


@pytest.mark.parametrize("address", NEVER)
def test_what_names_no_single_receiver_is_never_called(address):
    """Unspecified and multicast addresses."""
    assert not may_be_called(address, private_too=True)
