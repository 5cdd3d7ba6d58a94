"""Addresses of the network, an IPv4 one always in its own words."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_address(text: str) -> Address | None:
    """The address a text is; None for any other text."""
    try:
        return unmapped(ipaddress.ip_address(text))
    except ValueError:
        return None


def unmapped(address: Address) -> Address:
    """A listener of both families tells an IPv4 caller's address in IPv6's words."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
