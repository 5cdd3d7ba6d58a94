"""Certificates clients registered, shown to our own TLS: the handshake lets them through.

Python's TLS takes only certificates it has an anchor for, so each registered one is made an anchor
of the HTTP server. That is no more than the way in: which client a certificate speaks for, and
whether it still does, is looked up letter by letter with every request. An anchor stays until the
program ends.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cloud.app.parts import Parts
from cloud.core.authorization.client_certificates import active_thumbprints, pems_of
from cloud.core.kernel.work import StorageError

LOG: Final = logging.getLogger("vitalwire.tls")
EVERY_SECONDS: Final = 5.0


class ClientTrust:
    """Keeps one server's anchors as wide as what is registered."""

    def __init__(self, parts: Parts, context: ssl.SSLContext) -> None:
        # A client's certificate may be of an authority of its own, which nobody here knows.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._parts = parts
        self._context = context
        self._known: set[str] = set()

    def look(self) -> None:
        """Let in what was registered since; StorageError when that cannot be read."""
        parts = self._parts
        with parts.database.reading(now=parts.clock()) as work:
            fresh = active_thumbprints(work) - self._known
            pems = pems_of(work, fresh)
        for pem in pems:
            try:
                self._context.load_verify_locations(cadata=pem)
            except ssl.SSLError as exc:
                LOG.warning("event=client_certificate_unusable cause=%s", exc.reason)
        self._known |= fresh


@contextmanager
def trusting_clients(parts: Parts, context: ssl.SSLContext | None) -> Iterator[None]:
    """Look now, and every five seconds until the block ends; nothing without TLS."""
    if context is None:
        yield
        return
    trust = ClientTrust(parts, context)
    trust.look()
    stopping = threading.Event()
    thread = threading.Thread(target=_follow, args=(trust, stopping), name="client-trust")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _follow(trust: ClientTrust, stopping: threading.Event) -> None:
    while not stopping.wait(EVERY_SECONDS):
        try:
            trust.look()
        except StorageError as exc:
            LOG.warning("event=client_certificates_unread cause=%s", exc)
