"""What may be called, and how long a call may take."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound.errors import AddressRefusedError, OutboundError
from cloud.core.kernel.outbound.lookup import Resolver, look_up
from cloud.core.kernel.outbound.networks import Network, is_opened, is_public

LOG: Final = logging.getLogger("vitalwire.outbound")
TIMEOUT_SECONDS: Final = 5.0
PORTS: Final = (443, 8443)
DONE: Final = "done"
CHECK: Final = "check"
CALL: Final = "call"
STREAM: Final = "stream"
KINDS: Final = (CHECK, CALL, STREAM)

Ear = Callable[[str, str], None]
"""Told what was tried (one of `KINDS`) and what came of it: `done` or a cause."""


def unheard(_what: str, _outcome: str) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where calls out go through. `literal` is the host where it is an address itself."""

    host: str
    port: int
    literal: Address | None = None


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """`allowed` are networks (CIDR) an operator opened, besides the public ones.

    `timeout_seconds` is for all of a call, its look-up included. What leads to no opened network
    goes through the `proxy`, where there is one.
    """

    allowed: tuple[str, ...] = ()
    timeout_seconds: float = TIMEOUT_SECONDS
    resolver: Resolver = look_up
    ear: Ear = unheard
    proxy: Proxy | None = None
    networks: tuple[Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the networks once."""
        object.__setattr__(self, "networks", tuple(ip_network(cidr) for cidr in self.allowed))

    def permits(self, address: Address) -> bool:
        """Whether we may connect there."""
        return is_public(address) or self.opens(address)

    def opens(self, address: Address) -> bool:
        """Whether an operator opened the network it is in: other ports, no TLS, local names."""
        return is_opened(address, self.networks)


@contextmanager
def counted(policy: OutboundPolicy, what: str) -> Iterator[None]:
    """Tell what came of it; what is refused stands in the log too, without where it leads."""
    try:
        yield
    except OutboundError as exc:
        if isinstance(exc, AddressRefusedError):
            LOG.warning("event=outbound_refused what=%s cause=%s", what, exc.cause)
        policy.ear(what, exc.cause)
        raise
    policy.ear(what, DONE)
