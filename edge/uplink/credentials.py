"""Who the gateway is to the cloud."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The gateway's name in its tenant, and its secret, which no text shows."""

    tenant_id: str
    gateway_id: str
    secret: str = field(repr=False)
