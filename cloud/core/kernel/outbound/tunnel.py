"""How an address that was checked is reached: straight, or through a proxy that an operator named.

The proxy is told the very address that was checked and never a name, so that nobody looks it up
again. TLS goes through it whole. What leads into an opened network goes straight.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final

import h11

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound.errors import PROXY, TIME_OVER, OutboundError, failed
from cloud.core.kernel.outbound.policy import OutboundPolicy, Proxy
from cloud.core.kernel.outbound.sockets import MOST_TRIED, Deadline, connected
from cloud.core.kernel.outbound.target import read_target

_MOST_OF_HEAD: Final = 8_192
_PORTION: Final = 4_096
_GOOD: Final = range(200, 300)


def read_proxy(url: str) -> Proxy:
    """`http://host:port` of a proxy; AddressRefusedError for what cannot be read."""
    target = read_target(url)
    return Proxy(target.host, target.port, target.literal)


def reached(
    addresses: Sequence[Address], port: int, policy: OutboundPolicy, deadline: Deadline
) -> tuple[socket.socket, Address]:
    """A connection to one of these addresses, which were checked; OutboundError when there is
    none to be had.
    """
    proxy = policy.proxy
    if proxy is None or all(policy.opens(address) for address in addresses):
        return connected(addresses, port, deadline)
    last = OutboundError("the name cannot be looked up", PROXY)
    for address in addresses[:MOST_TRIED]:
        try:
            return _tunnelled(proxy, address, port, policy, deadline), address
        except OutboundError as exc:
            last = exc
    raise last


def _tunnelled(
    proxy: Proxy, address: Address, port: int, policy: OutboundPolicy, deadline: Deadline
) -> socket.socket:
    stream = _connected(proxy, policy, deadline)
    try:
        _ask(stream, address, port, deadline)
    except (OSError, h11.ProtocolError) as exc:
        stream.close()
        raise failed(exc, TIME_OVER if isinstance(exc, TimeoutError) else PROXY) from exc
    return stream


def _connected(proxy: Proxy, policy: OutboundPolicy, deadline: Deadline) -> socket.socket:
    try:
        literal = proxy.literal
        known = [literal] if literal else policy.resolver(proxy.host, deadline.left())
        stream, _ = connected(known, proxy.port, deadline)
    except (OutboundError, TimeoutError) as exc:
        raise failed(exc, PROXY) from exc
    return stream


def _ask(stream: socket.socket, address: Address, port: int, deadline: Deadline) -> None:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    where = f"{host}:{port}"
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_OF_HEAD)
    request = h11.Request(method="CONNECT", target=where, headers=[("Host", where)])
    stream.settimeout(deadline.left())
    stream.sendall(http.send(request) or b"")
    while (event := http.next_event()) is h11.NEED_DATA:
        stream.settimeout(deadline.left())
        http.receive_data(stream.recv(_PORTION))
    is_open = isinstance(event, h11.Response) and event.status_code in _GOOD
    # Who is called speaks after we do: what came already is not theirs.
    if not is_open or http.trailing_data[0]:
        raise ConnectionRefusedError
