"""What a gateway is given when it joins: who it is, whom to trust, how to reach us, settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloud.core.devices.authority import AUTHORITY, CONFIGURATION, fleet_key
from cloud.core.devices.configurations import APPLIED, sign_next, versions
from cloud.core.devices.invitations import Joined, redeem
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How gateways reach this installation; an empty URL is a way that is not offered.

    `is_own_authority`: the servers' certificates are of the fleet's own authority, so gateways
    trust that one and no other.
    """

    http_url: str = ""
    mqtt_url: str = ""
    is_own_authority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Everything the new gateway keeps. Certificates and keys are in PEM."""

    joined: Joined
    authority: str
    configuration_key_id: str
    configuration_key: str
    configuration: str
    offer: Offer


def welcome(
    work: UnitOfWork, vault: Vault, offer: Offer, *, code: str, request_pem: str
) -> Welcome:
    """Redeem a code and put together what the gateway needs; raises what `redeem` raises."""
    joined = redeem(work, vault, code, request_pem)
    gateway = joined.gateway
    gateway_id = str(gateway.gateway_id)
    before = versions(work, gateway, gateway_id, limit=1)
    settings: dict[str, Any] = dict(before[0].settings) if before else {}
    settings["vehicle_id"] = joined.vehicle_id
    urls = {"http_url": offer.http_url, "mqtt_url": offer.mqtt_url}
    settings["uplink"] = {**settings.get("uplink", {}), **{k: v for k, v in urls.items() if v}}
    configuration = sign_next(work, vault, gateway, gateway_id, settings)
    # It comes with the certificate, so there is nothing to send and nothing to wait for.
    configuration.status, configuration.decided_at = APPLIED, work.now
    key = fleet_key(work, vault, CONFIGURATION)
    return Welcome(
        joined=joined,
        authority=fleet_key(work, vault, AUTHORITY).public,
        configuration_key_id=key.key_id,
        configuration_key=key.public,
        configuration=configuration.signed,
        offer=offer,
    )
