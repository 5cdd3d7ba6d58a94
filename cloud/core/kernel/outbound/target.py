"""An address in words: the strictest reading of it, so that nobody else reads another one.

What a lenient reader would take (`127.1`, `0x7f000001`, a backslash, a tab, digits of another
script) is refused, never corrected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound import errors
from cloud.core.kernel.outbound.errors import AddressRefusedError
from cloud.core.kernel.outbound.policy import PORTS, OutboundPolicy

LONGEST: Final = 2048
STREAM_SCHEMES: Final = ("mllp", "mllps")
_LONGEST_NAME: Final = 253
_FIRST_FREE_PORT: Final = 1024
_LAST_PORT: Final = 65_535
_WRITTEN: Final = re.compile(r"[!-~]+")
_SPLIT: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(/[^?]*)?(\?.*)?")
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([1-9][0-9]{0,4}))?")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL: Final = frozenset(
    (
        "arpa",
        "corp",
        "home",
        "internal",
        "intranet",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "onion",
        "private",
    )
)
"""Last labels of names that mean another machine wherever they are asked for (RFC 6761, 6762)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes. `literal` is the host where it is an address itself."""

    host: str
    port: int
    is_secure: bool
    literal: Address | None = None
    path: str = "/"
    is_stream: bool = False

    @property
    def origin(self) -> tuple[bool, str, int]:
        """What calls of one connection have in common."""
        return self.is_secure, self.host, self.port

    @property
    def authority(self) -> str:
        """The host as a header names it."""
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return host if self.port == (443 if self.is_secure else 80) else f"{host}:{self.port}"

    def check(self, policy: OutboundPolicy, addresses: Sequence[Address]) -> None:
        """AddressRefusedError unless the name may be called while it leads to these addresses."""
        if not all(policy.permits(address) for address in addresses):
            raise _refused("the address leads into a network that is not called", errors.NETWORK)
        wish = self._wish()
        if wish is not None and not all(policy.opens(address) for address in addresses):
            raise wish

    def check_words(self, policy: OutboundPolicy) -> None:
        """AddressRefusedError for what will never be called, wherever the name leads."""
        wish = self._wish()
        if wish is not None and not policy.networks:
            raise wish
        if self.literal is not None:
            self.check(policy, [self.literal])

    def _wish(self) -> AddressRefusedError | None:
        """What is right only in a network that an operator opened."""
        if not self.is_secure:
            return _refused(
                f"use an {'mllps' if self.is_stream else 'https'} address", errors.SCHEME
            )
        # Streams have no port of their own, but those below are other services' everywhere.
        if self.port not in PORTS and not (self.is_stream and self.port >= _FIRST_FREE_PORT):
            return _refused("use another port", errors.PORT)
        labels = self.host.split(".")
        if self.literal is None and (len(labels) == 1 or labels[-1] in _LOCAL):
            return _refused("use a name that is known everywhere", errors.LOCAL_NAME)
        return None


def read_target(url: str) -> Target:
    """The parts of an http or https address; AddressRefusedError when it cannot be called."""
    if not _WRITTEN.fullmatch(url) or len(url) > LONGEST or "\\" in url or "#" in url:
        raise _refused("the address cannot be read", errors.UNREADABLE_ADDRESS)
    parts = _SPLIT.fullmatch(url)
    scheme = "" if parts is None else parts[1].lower()
    if parts is None or scheme not in ("https", "http"):
        raise _refused("use an https address", errors.SCHEME)
    if "@" in parts[2]:
        raise _refused("use an https address without a name and password in it", errors.CREDENTIALS)
    found = _AUTHORITY.fullmatch(parts[2])
    if found is None:
        raise _refused("the address cannot be read", errors.UNREADABLE_ADDRESS)
    is_secure = scheme == "https"
    port = int(found[2] or (443 if is_secure else 80))
    path = f"{parts[3] or '/'}{parts[4] or ''}"
    return _target(found[1], port, is_secure=is_secure, path=path)


def read_stream(address: str) -> Target:
    """The parts of `mllps://host:port` or `mllp://host:port`; AddressRefusedError otherwise."""
    scheme, separator, rest = address.partition("://")
    parts = _AUTHORITY.fullmatch(rest.removesuffix("/"))
    if scheme.lower() not in STREAM_SCHEMES or not separator or "@" in rest:
        raise _refused("use mllps://host:port, without a name and password in it", errors.SCHEME)
    if parts is None or parts[2] is None:
        raise _refused("use mllps://host:port", errors.UNREADABLE_ADDRESS)
    is_secure = scheme.lower() == "mllps"
    return _target(parts[1], int(parts[2]), is_secure=is_secure, is_stream=True)


def stream_target(host: str, port: int, *, is_secure: bool) -> Target:
    """A connection of octets; AddressRefusedError when the host cannot be called."""
    host = f"[{host}]" if ":" in host else host
    return _target(host, port, is_secure=is_secure, is_stream=True)


def _target(
    written: str, port: int, *, is_secure: bool, path: str = "/", is_stream: bool = False
) -> Target:
    host, literal = _host(written)
    if not 0 < port <= _LAST_PORT:
        raise _refused("the address cannot be read", errors.UNREADABLE_ADDRESS)
    return Target(host, port, is_secure, literal, path, is_stream)


def _host(written: str) -> tuple[str, Address | None]:
    if written.startswith("["):
        try:
            address = IPv6Address(written[1:-1])
        except AddressValueError as exc:
            raise _refused("the address has no readable host", errors.HOST) from exc
        if address.scope_id is not None:
            raise _refused("the address has no readable host", errors.HOST)
        return str(address), address
    host = written.lower()
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1] or labels[0]):
        try:
            return host, IPv4Address(host)
        except AddressValueError as exc:
            raise _refused(
                "write the address as four decimal numbers, or use a name", errors.NUMBER
            ) from exc
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("the address has no readable host", errors.HOST)
    return host, None


def _refused(words: str, cause: str) -> AddressRefusedError:
    return AddressRefusedError(words, cause)
