"""Connections to addresses that were checked, each step within the time that is left."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound.errors import NO_CONNECTION, TIME_OVER, TLS, failed

MOST_TRIED: Final = 4
"""How many addresses of a name are tried: who names a thousand has us knock at no more."""


class Deadline:
    """The moment at which a call ends, come what may."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than none; TimeoutError when the time is over."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sooner(self, seconds: float) -> Deadline:
        """The same, or in so many seconds if that comes first."""
        return Deadline(min(seconds, self.left()))


def connected(
    addresses: Sequence[Address], port: int, deadline: Deadline
) -> tuple[socket.socket, Address]:
    """A connection to the first of them that takes one; OutboundError when none does."""
    last: Exception = ConnectionError()
    tried = addresses[:MOST_TRIED]
    for number, address in enumerate(tried):
        try:
            # One that hears nothing leaves the others their share of the time.
            patience = deadline.left() / (len(tried) - number)
            plain = socket.create_connection((str(address), port), patience)
        except OSError as exc:
            last = exc
            continue
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain, address
    raise failed(last, TIME_OVER if isinstance(last, TimeoutError) else NO_CONNECTION) from last


def secured(
    plain: socket.socket, host: str, trust: ssl.SSLContext | None, deadline: Deadline
) -> ssl.SSLSocket:
    """The connection under TLS 1.2 or newer, in the name of the host, which its certificate
    must bear; OutboundError otherwise, and the connection is closed.
    """
    try:
        context = _system_trust(*_places_of_authorities()) if trust is None else _strict(trust)
        wrapped = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError) as exc:
        plain.close()
        raise failed(exc, TLS) from exc
    try:
        wrapped.settimeout(deadline.left())
        wrapped.do_handshake()
    except (OSError, ValueError) as exc:
        wrapped.close()
        raise failed(exc, TIME_OVER if isinstance(exc, TimeoutError) else TLS) from exc
    return wrapped


def _strict(trust: ssl.SSLContext) -> ssl.SSLContext:
    if not trust.check_hostname or trust.verify_mode is not ssl.CERT_REQUIRED:
        raise ValueError("the trust given checks nobody")
    if trust.minimum_version < ssl.TLSVersion.TLSv1_2:
        trust.minimum_version = ssl.TLSVersion.TLSv1_2
    return trust


def _places_of_authorities() -> tuple[str, str]:
    paths = ssl.get_default_verify_paths()
    found = [
        os.environ.get(name, "") for name in (paths.openssl_cafile_env, paths.openssl_capath_env)
    ]
    return found[0], found[1]


@lru_cache(maxsize=4)
def _system_trust(_file: str, _folder: str) -> ssl.SSLContext:
    """Made once for each place of authorities: reading them takes longer than a call."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
