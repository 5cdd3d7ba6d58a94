"""Which addresses are public, after the registries of special-purpose addresses (RFC 6890)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from cloud.core.kernel.addresses import Address

Network = IPv4Network | IPv6Network

_UNICAST: Final = IPv6Network("2000::/3")
"""All that is given out. What lies outside it (loopback, NAT64, unique local, link-local,
site-local, multicast, IPv4-compatible) leads into a network of ours or nowhere."""
_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(cidr)
    for cidr in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(cidr)
    for cidr in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_METADATA: Final = tuple(
    ip_network(cidr)
    for cidr in (
        "169.254.169.254/32",
        "169.254.170.2/32",
        "169.254.170.23/32",
        "100.100.100.200/32",
        "168.63.129.16/32",  # public by its number, and answered by the host underneath
        "192.0.0.192/32",
        "fd00:ec2::254/128",
        "fd00:ec2::23/128",
        "fd20:ce::254/128",
    )
)
"""Where clouds give their machines credentials: opened by that very address alone."""
_KNOWN: Final = 4096
"""How many addresses are remembered: each call asks of those it goes to."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)


@lru_cache(maxsize=_KNOWN)
def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's, for everybody to call."""
    if is_metadata(address):
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return (
        address in _UNICAST
        and int(address) >> 32 & 0xFFFF_FFFF not in _ISATAP
        and not any(address in network for network in _NOT_PUBLIC_6)
    )


@lru_cache(maxsize=_KNOWN)
def is_metadata(address: Address) -> bool:
    """Whether machines of a cloud get their credentials there."""
    return any(address in network for network in _METADATA)


def is_opened(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an operator's networks hold the address, and what a translator makes of it."""
    inner = _inside(address)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_opened(address.ipv4_mapped, networks)
    holding = [network for network in networks if address in network]
    if is_metadata(address):
        return any(network.prefixlen == network.max_prefixlen for network in holding)
    if inner is not None and holding:
        return is_public(inner) or is_opened(inner, networks)
    return bool(holding)


def _inside(address: Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one ends at: NAT64, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return None if address.teredo is None else address.teredo[1]
