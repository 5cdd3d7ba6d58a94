"""The TLS of connections: whom we believe, and the certificate we show.

A context is kept for as long as its settings are in use: to read authorities and a key takes longer
than the call they are for.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import threading
from typing import Final

from cloud.core.exchange.access import Access

MOST_KEPT: Final = 256


class Trusts:
    """Contexts by what they are made of; safe for many threads.

    What is made of them are digests: no key stands here in words.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[bytes, ssl.SSLContext] = {}

    def of(self, access: Access, authorities: str) -> ssl.SSLContext:
        """TLS 1.2 or newer, the given authorities or the system's, and our certificate if any."""
        key = _key(access, authorities)
        with self._lock:
            context = self._kept.pop(key, None)
            if context is not None:
                # The one used last is the last to go.
                self._kept[key] = context
                return context
        context = _made(access, authorities)
        with self._lock:
            self._kept[key] = context
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return context


def _key(access: Access, authorities: str) -> bytes:
    # Where the system keeps its authorities is the environment's to say.
    source = authorities or repr(ssl.get_default_verify_paths())
    digest = hashlib.sha256()
    for part in (source, access.certificate, access.certificate_key):
        octets = part.encode()
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return digest.digest()


def _made(access: Access, authorities: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authorities or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.certificate:
        # The library reads keys from files alone: this one lives in memory and has no name.
        handle = os.memfd_create("client", os.MFD_CLOEXEC)
        try:
            os.write(handle, f"{access.certificate_key}\n{access.certificate}\n".encode())
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
    return context
