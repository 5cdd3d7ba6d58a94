"""Who the gateway is to the cloud."""

from __future__ import annotations

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
