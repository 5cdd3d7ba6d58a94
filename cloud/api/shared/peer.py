"""The client's certificate, from the connection to whoever asks.

The server verified it against the fleet's authority, or a listed proxy vouches for it (see
`trusted_proxies`); the state of each request carries its octets. No other header can put one there.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from fastapi import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from cloud.core.kernel.addresses import read_address

STATE: Final = "client_certificate"


class PeerProtocol(H11Protocol):
    """HTTP/1.1 whose requests know their client's certificate."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class has it
        """Keep the certificate for every request of the connection."""
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        if isinstance(connection, ssl.SSLObject):
            certificate = connection.getpeercert(binary_form=True)
            self.app_state = {**self.app_state, STATE: certificate}


def client_certificate(request: Request) -> bytes | None:
    """The certificate whose key a request's client proved (DER), None without one."""
    found = getattr(request.state, STATE, None)
    return found if isinstance(found, bytes) else None


def caller_address(request: Request) -> str:
    """Where the request comes from, empty where the server does not say."""
    return plain_address(request.client.host) if request.client is not None else ""


def plain_address(text: str) -> str:
    """An address in its own words; any other text as it stands."""
    found = read_address(text)
    return text if found is None else str(found)


def sent_path(request: Request) -> str:
    """The path as it was sent, percent-encoded: what a client signs is what it sends."""
    raw = request.scope.get("raw_path")
    return raw.decode("ascii") if isinstance(raw, bytes) and raw.isascii() else request.url.path
