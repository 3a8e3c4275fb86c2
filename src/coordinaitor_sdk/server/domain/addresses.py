"""To which addresses the server makes connections of its own accord."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")


def may_be_called(address: str, *, private_too: bool) -> bool:
    """Whether a webhook may go to this address: loopback (a receiver on this machine) and public ones do,
    those of a private network only where that was allowed.

    Args:
        address: an IPv4 or IPv6 address as text.
    """
    found = _unwrapped(ip_address(address.partition("%")[0]))
    if found.is_multicast or found.is_unspecified:
        return False
    return private_too or found.is_loopback or found.is_global


def is_loopback(address: str) -> bool:
    """Whether that is an address of this machine's loopback; what is no address is none.

    Args:
        address: as text.
    """
    try:
        found = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for: a guard that looks at the outside only is no guard."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
