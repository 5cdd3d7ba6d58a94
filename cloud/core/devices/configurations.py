"""Configurations of gateways: versions that only grow, signed here, judged on board."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from cloud.core.devices.authority import CONFIGURATION, FleetKey, fleet_key
from cloud.core.devices.commands import gateway as find_gateway
from cloud.core.devices.commands import queue
from cloud.core.devices.fleet_tables import CommandRow, ConfigurationRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import ApplyConfiguration, Outcome
from protocols.uplink.signed import ALGORITHM, TYPE, canonical

SENT: Final = "sent"
APPLIED: Final = "applied"
NEVER_FROM_HERE: Final = frozenset(
    {"data", "gateway_id", "tenant_id", "gateway_secret", "gateway_secret_file", "system_id"}
)
"""What makes the box the box it is: no configuration from here changes it."""
MOST_OCTETS: Final = 64 << 10
_STATUS_OF: Final = {
    Outcome.DONE.value: APPLIED,
    Outcome.FAILED.value: "rolled_back",
}


def configure(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    gateway_id: str,
    settings: Mapping[str, Any],
) -> ConfigurationRow:
    """Sign the next version of a gateway's configuration and send it.

    NotFoundError for another tenant's gateway, InvalidError for settings that are too many or
    that no configuration may change, and what `queue` raises.
    """
    row = sign_next(work, vault, principal, gateway_id, settings)
    command = queue(work, principal, gateway_id, ApplyConfiguration(signed=row.signed))
    row.command_id = command.command_id
    return row


def sign_next(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    gateway_id: str,
    settings: Mapping[str, Any],
) -> ConfigurationRow:
    """The next version, signed and kept, not sent."""
    find_gateway(work, principal, gateway_id)
    _check(settings)
    newest = work.session.scalar(
        select(func.max(ConfigurationRow.version)).where(
            ConfigurationRow.tenant_id == principal.tenant_id,
            ConfigurationRow.gateway_id == gateway_id,
        )
    )
    version = (newest or 0) + 1
    claims = {
        "gateway_id": gateway_id,
        "version": version,
        "issued_at": work.now.isoformat(),
        "settings": settings,
    }
    row = ConfigurationRow(
        gateway_id=gateway_id,
        tenant_id=principal.tenant_id,
        version=version,
        settings=dict(settings),
        signed=sign(fleet_key(work, vault, CONFIGURATION), claims),
        created_at=work.now,
        created_by=principal.client_id,
        status=SENT,
        reason="",
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, principal, "configure", "gateway", gateway_id)
    return row


def sign(key: FleetKey, claims: Mapping[str, Any]) -> str:
    """Claims as a compact JWS."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.key_id}
    return jws.serialize_compact(
        header, canonical(claims), ECKey.import_key(pem), algorithms=[ALGORITHM]
    )


def newest(work: UnitOfWork, principal: Principal, gateway_id: str) -> ConfigurationRow:
    """A gateway's newest configuration; NotFoundError when it has none, or is another tenant's."""
    found = versions(work, principal, gateway_id, limit=1)
    if not found:
        raise NotFoundError("configuration_not_found", "Send the gateway a configuration first.")
    return found[0]


def versions(
    work: UnitOfWork, principal: Principal, gateway_id: str, *, limit: int
) -> list[ConfigurationRow]:
    """A gateway's configurations, newest first."""
    find_gateway(work, principal, gateway_id)
    statement = (
        scoped(principal, ConfigurationRow)
        .where(ConfigurationRow.gateway_id == gateway_id)
        .order_by(ConfigurationRow.version.desc())
    )
    return list(work.session.scalars(statement.limit(limit)))


def note_verdict(work: UnitOfWork, gateway: Principal, command: CommandRow) -> None:
    """The gateway answered `configuration.apply`: keep what became of that version."""
    row = work.session.scalars(
        scoped(gateway, ConfigurationRow).where(ConfigurationRow.command_id == command.command_id)
    ).one_or_none()
    if row is not None:
        row.status = _STATUS_OF.get(command.status, "refused")
        row.reason, row.decided_at = command.reason, work.now


def _check(settings: Mapping[str, Any]) -> None:
    forbidden = sorted(NEVER_FROM_HERE & settings.keys())
    if forbidden:
        raise InvalidError(
            "setting_of_the_box",
            "Leave out what only the box itself may say.",
            details={"fields": forbidden},
        )
    try:
        octets = len(json.dumps(settings))
    except (TypeError, ValueError) as exc:
        raise InvalidError("invalid_settings", "Send settings as JSON.") from exc
    if octets > MOST_OCTETS:
        raise InvalidError("settings_too_large", "Send fewer settings.")
