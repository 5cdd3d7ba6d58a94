"""What a proxy in front says of the client: believed from listed proxies, taken away otherwise.

A listed proxy tells the client's address in `X-Forwarded-For` and, in a header of the operator's
choice, the certificate whose key the client proved to it. Whoever else sends such headers sends
them for nothing: they are gone before anything reads the request.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.api.shared.peer import STATE, plain_address
from cloud.core.kernel.addresses import read_address
from cloud.core.kernel.errors import MalformedError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ADDRESS_HEADER: Final = b"x-forwarded-for"
LONGEST: Final = 16_384
_OF_PROXIES: Final = (b"forwarded", b"x-real-ip", b"client-cert", b"client-cert-chain")
_NONE: Final = {b"", b"(null)"}
"""What proxies write where the client showed no certificate."""
_PREFIX: Final = b"x-forwarded-"
_TOLD: Final = re.compile(
    r"\[(?P<six>[^\[\]]*:[^\[\]]*)\](?::[0-9]+)?|(?P<four>[0-9.]+)(?::[0-9]+)?|(?P<bare>[^\[\]]+)"
)
_QUOTED: Final = re.compile(r'(?:^|[;,])\s*Cert="([^"]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies an operator listed, and the header they pass certificates in (empty: none)."""

    networks: tuple[Network, ...] = ()
    certificate_header: str = ""

    @classmethod
    def of(cls, networks: str, certificate_header: str = "") -> TrustedProxies:
        """From the settings' words; ValueError for what is no network."""
        listed = tuple(ipaddress.ip_network(word) for word in networks.split())
        return cls(listed, certificate_header.strip().lower())

    def settle(self, scope: MutableMapping[str, Any]) -> None:
        """Put the client's own address and certificate into an ASGI scope.

        MalformedError when a listed proxy sends a certificate twice, or one nobody can read.
        """
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self._is_listed(_peer(scope)):
            self._believe(scope, headers)
        own = self.certificate_header.encode()
        scope["headers"] = [
            (name, value) for name, value in headers if name != own and not _is_of_proxies(name)
        ]

    def _believe(self, scope: MutableMapping[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
        if address := self._client_address(headers):
            scope["client"] = (address, 0)
        sent = [value for name, value in headers if name == self.certificate_header.encode()]
        if not self.certificate_header or set(sent) <= _NONE:
            return
        if len(sent) > 1 or len(sent[0]) > LONGEST:
            raise _unreadable()
        scope.setdefault("state", {})[STATE] = certificate_in(sent[0].decode("latin-1"))

    def _client_address(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The last address that is not of a listed proxy: what stands before it proves nothing."""
        lines = [value.decode("latin-1") for name, value in headers if name == ADDRESS_HEADER]
        for told in reversed(",".join(lines).split(",")):
            address = _address_in(told)
            if not self._is_listed(address):
                return address if read_address(address) is not None else ""
        return ""

    def _is_listed(self, address: str) -> bool:
        found = read_address(address)
        return found is not None and any(found in network for network in self.networks)


def certificate_in(text: str) -> bytes:
    """The certificate (DER) a proxy wrote: base64 between colons (RFC 9440), `Cert="..."` in a
    list of elements of which the last is the proxy's own, or PEM, percent-encoded or in one line.
    MalformedError for anything else.
    """
    elements = _QUOTED.findall(text)
    written = unquote(elements[-1] if elements else text.strip())
    try:
        if "-----BEGIN" in written:
            certificate = x509.load_pem_x509_certificate(_lines(written).encode())
        else:
            # A list of bare base64 is a chain, the client's own certificate first.
            first = written.partition(",")[0]
            octets = base64.b64decode(first.strip(": "), validate=True)
            certificate = x509.load_der_x509_certificate(octets)
        return certificate.public_bytes(Encoding.DER)
    except (ValueError, binascii.Error) as exc:
        raise _unreadable() from exc


def _lines(pem: str) -> str:
    """PEM as PEM has it, for proxies that put blanks or tabs for its line ends."""
    body = re.sub(r"-----(BEGIN|END) CERTIFICATE-----", " ", pem)
    return (
        "-----BEGIN CERTIFICATE-----\n" + "\n".join(body.split()) + "\n-----END CERTIFICATE-----\n"
    )


def _address_in(told: str) -> str:
    """What a proxy wrote without the port that some write too; empty for what has no such form."""
    found = _TOLD.fullmatch(told.strip())
    return "" if found is None else plain_address(found["six"] or found["four"] or found["bare"])


def _is_of_proxies(name: bytes) -> bool:
    return name in _OF_PROXIES or name.startswith(_PREFIX)


def _peer(scope: MutableMapping[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _unreadable() -> MalformedError:
    return MalformedError(
        "malformed_client_certificate",
        "Have the proxy send the client's certificate once, as PEM or as RFC 9440 writes it.",
    )
