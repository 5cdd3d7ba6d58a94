"""Who the gateway is to the cloud."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The gateway's name in its tenant, and what proves it: a secret, or a certificate.

    `certificate_file` holds certificate and key in PEM; it goes before the secret, which no text
    shows.
    """

    tenant_id: str
    gateway_id: str
    secret: str = field(repr=False)
    certificate_file: str = ""


def client_context(ca_file: str, credentials: Credentials) -> ssl.SSLContext:
    """TLS as a client: trusts `ca_file` alone where it is named, and shows our certificate."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if credentials.certificate_file:
        context.load_cert_chain(credentials.certificate_file)
    return context
