"""Calls to addresses that others gave us: never into our own network, never far.

The name is looked up once, every address it has must be a public one, and the connection goes to
that very address while TLS still checks the name. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from cloud.core.kernel.addresses import Address, unmapped

TIMEOUT_SECONDS: Final = 5.0
MOST_OCTETS: Final = 65_536
_OK: Final = 200
_OTHER: Final = "the address answers with something else than what is wanted"
_CARRIER: Final = ipaddress.ip_network("100.64.0.0/10")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
# 6to4 and documentation: inside the unicast space, but not where one may go. What lies outside it
# (NAT64, IPv4-compatible, site-local) can lead into a network of ours.
_NOT_PUBLIC: Final = tuple(ipaddress.ip_network(cidr) for cidr in ("2002::/16", "3fff::/20"))


class OutboundError(Exception):
    """The address may not be called, or the call failed; the words never name a host."""


class AddressRefusedError(OutboundError):
    """The address may not be called: its words, or where its name leads now."""


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask for. `most_octets` bounds the answer that is read."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    most_octets: int = MOST_OCTETS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; redirects come back like everything else."""

    status: int
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """`allowed` are networks (CIDR) an operator opened, besides the public ones."""

    allowed: tuple[str, ...] = ()
    timeout_seconds: float = TIMEOUT_SECONDS
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the networks once."""
        networks = tuple(ipaddress.ip_network(cidr) for cidr in self.allowed)
        object.__setattr__(self, "networks", networks)

    def permits(self, address: Address) -> bool:
        """Whether we may connect there."""
        if any(address in network for network in self.networks):
            return True
        address = unmapped(address)
        if isinstance(address, ipaddress.IPv6Address) and (
            address not in _UNICAST or any(address in network for network in _NOT_PUBLIC)
        ):
            return False
        return address.is_global and not address.is_multicast and address not in _CARRIER


def check_url(url: str, policy: OutboundPolicy) -> SplitResult:
    """The parts of an address that may be called: https, or http into a network an operator
    opened; OutboundError otherwise. The name is not looked up yet.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise AddressRefusedError("the address cannot be read") from exc
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise AddressRefusedError("use an https address without a name and password in it")
    if parts.scheme == "http" and not policy.networks:
        raise AddressRefusedError("use an https address")
    return parts


def check_address(url: str, policy: OutboundPolicy) -> None:
    """OutboundError for an address that will never be called, as far as its words tell: nothing is
    looked up, and where a name leads is seen when it is called.
    """
    if any(character <= " " or character in "#\x7f" for character in url):
        raise AddressRefusedError("the address cannot be read")
    host = check_url(url, policy).hostname or ""
    with contextlib.suppress(ValueError):
        if not policy.permits(ipaddress.ip_address(host)):
            raise AddressRefusedError("the address leads into a network that is not called")


def get_json(url: str, policy: OutboundPolicy) -> dict[str, Any]:
    """The JSON object at an address; OutboundError when it may not be had or is none."""
    answer = send(Call("GET", url, {"Accept": "application/json"}), policy)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as exc:
        raise OutboundError(_OTHER) from exc
    if answer.status != _OK or not isinstance(document, dict):
        raise OutboundError(_OTHER)
    return document


def send(call: Call, policy: OutboundPolicy, *, trust: ssl.SSLContext | None = None) -> Answer:
    """Make one call within the policy's time, the look-up of the name aside.

    `trust` replaces the system's authorities, and may hold a certificate of ours. OutboundError
    when no whole answer came; AddressRefusedError when the address may not be called.
    """
    parts = check_url(call.url, policy)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    host = parts.hostname or ""
    address = _permitted(host, port, policy, is_secure=secure)
    kind = _PinnedHttps if secure else _PinnedHttp
    connection = kind(host, port, timeout=policy.timeout_seconds)
    connection.pinned, connection.trust = str(address), trust
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    # A socket's own timeout begins anew with each octet: whoever sends slowly would hold us.
    deadline = threading.Timer(policy.timeout_seconds, connection.hang_up)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request(call.method, path, body=call.body, headers=dict(call.headers))
        # An answer without a length takes the connection over, and is what has to be closed.
        with connection.getresponse() as response:
            body = response.read(call.most_octets + 1)
        if len(body) > call.most_octets:
            raise OutboundError(_OTHER)
        return Answer(response.status, response.headers, body)
    except (OSError, HTTPException, ValueError) as exc:
        raise OutboundError(f"the call failed ({type(exc).__name__})") from exc
    finally:
        deadline.cancel()
        connection.close()


@contextlib.contextmanager
def opened_stream(
    host: str, port: int, policy: OutboundPolicy, *, trust: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    """A connection of octets under the same guard, under TLS where `trust` is given.

    Each call on it waits the policy's time at most. OutboundError when there is none to be had;
    what fails later is the caller's affair.
    """
    address = _permitted(host, port, policy, is_secure=trust is not None)
    try:
        plain = socket.create_connection((str(address), port), policy.timeout_seconds)
    except OSError as exc:
        raise OutboundError(f"the call failed ({type(exc).__name__})") from exc
    with plain:
        if trust is None:
            yield plain
            return
        try:
            secured = trust.wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError) as exc:
            raise OutboundError(f"the call failed ({type(exc).__name__})") from exc
        with secured:
            yield secured


def _permitted(host: str, port: int, policy: OutboundPolicy, *, is_secure: bool) -> Address:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise OutboundError("the name cannot be looked up") from exc
    addresses = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    if not addresses or not all(policy.permits(address) for address in addresses):
        raise AddressRefusedError("the address leads into a network that is not called")
    if not is_secure and not _all_opened(addresses, policy):
        raise AddressRefusedError("use an https address")
    return addresses[0]


def _all_opened(addresses: Iterable[Address], policy: OutboundPolicy) -> bool:
    return all(any(one in network for network in policy.networks) for one in addresses)


class _PinnedHttp(HTTPConnection):
    """Connects to the address that was checked, whatever the name says meanwhile."""

    pinned = ""
    is_over = False
    plain: socket.socket | None = None
    trust: ssl.SSLContext | None = None

    def connect(self) -> None:
        """One connection, to the pinned address."""
        self.plain = socket.create_connection((self.pinned, self.port), self.timeout)
        self.sock = self.plain
        if self.is_over:
            raise TimeoutError

    def hang_up(self) -> None:
        """The time is over: whatever is being read ends now."""
        self.is_over = True
        if self.plain is not None:
            with contextlib.suppress(OSError):
                # Of a TLS socket the plain part alone: the other belongs to the thread that reads.
                socket.socket.shutdown(self.plain, socket.SHUT_RDWR)


class _PinnedHttps(_PinnedHttp):
    """The same under TLS, which checks the name."""

    default_port = 443

    def connect(self) -> None:
        """One connection, to the pinned address, under the name's certificate."""
        super().connect()
        secured = (self.trust or ssl.create_default_context()).wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        # The plain socket gave its descriptor away.
        self.sock = self.plain = secured
        secured.do_handshake()
