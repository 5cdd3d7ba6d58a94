"""One-time codes: a gateway joins with one, once, within its time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.certificates import issue_certificate, revoke_certificates
from cloud.core.devices.commands import gateway as find_gateway
from cloud.core.devices.fleet_tables import CertificateRow, InvitationRow
from cloud.core.devices.gateways import create_gateway, is_name, note_gateway
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ForbiddenError, InvalidError
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal, gateway_principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

LIFE: Final = timedelta(hours=1)
MOST_MINUTES: Final = 1440
# Without the letters and digits people take for one another.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS: Final = 4
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A gateway that has just joined."""

    gateway: Principal
    vehicle_id: str
    certificate: CertificateRow


def invite(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    *,
    name: str,
    vehicle_id: str,
    life: timedelta = LIFE,
    gateway_id: str | None = None,
) -> tuple[str, datetime]:
    """The only sight of a new code, and until when it is good.

    With a `gateway_id` the code is for a gateway that is known already: a new box of the same
    name, which takes the place of the old one. InvalidError for a vehicle without a usable name,
    and for such a name of the gateway.
    """
    if not is_name(vehicle_id):
        raise InvalidError("invalid_vehicle", "Name the vehicle in plain characters.")
    if gateway_id is not None:
        find_gateway(work, principal, gateway_id)
    code = "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )
    work.session.add(
        InvitationRow(
            code_hash=_hash(vault, code),
            tenant_id=principal.tenant_id,
            name=checked_name(name),
            vehicle_id=vehicle_id,
            created_at=work.now,
            created_by=principal.client_id,
            expires_at=work.now + life,
            gateway_id=gateway_id,
        )
    )
    audit.record(work, principal, "invite", "gateway", gateway_id or vehicle_id)
    return code, work.now + life


def redeem(work: UnitOfWork, vault: Vault, code: str, request_pem: str) -> Joined:
    """Let a gateway join; ForbiddenError `invalid_code` for one used, expired or never made.

    One answer for all of them: it tells a guesser nothing.
    """
    invitation = work.session.scalars(
        # every tenant: the code itself says whose it is.
        select(InvitationRow).where(InvitationRow.code_hash == _hash(vault, code)).with_for_update()
    ).one_or_none()
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= work.now:
        raise ForbiddenError("invalid_code", "Ask for a new code: each is good once and briefly.")
    gateway = _gateway(work, invitation)
    certificate = issue_certificate(work, vault, gateway, request_pem)
    invitation.used_at, invitation.gateway_id = work.now, gateway.gateway_id
    note_gateway(work, gateway, invitation.vehicle_id)
    outbox.publish(
        work,
        tenant_id=gateway.tenant_id,
        event_type="gateway.enrolled",
        resource_type="gateway",
        resource_id=str(gateway.gateway_id),
        data={"vehicle_id": invitation.vehicle_id},
    )
    return Joined(gateway=gateway, vehicle_id=invitation.vehicle_id, certificate=certificate)


def _gateway(work: UnitOfWork, invitation: InvitationRow) -> Principal:
    if invitation.gateway_id is None:
        made = create_gateway(
            work, tenant_id=invitation.tenant_id, name=invitation.name, has_secret=False
        )
        return gateway_principal(tenant_id=invitation.tenant_id, gateway_id=made.client_id)
    gateway = gateway_principal(tenant_id=invitation.tenant_id, gateway_id=invitation.gateway_id)
    # The old box goes out as the new one comes in, and a revoked gateway is one again.
    revoke_certificates(work, gateway)
    application = work.session.get(ApplicationRow, invitation.gateway_id)
    if application is None:
        raise AssertionError("an invitation names a gateway that exists")
    application.status = "approved"
    application.epoch += 1
    return gateway


def _hash(vault: Vault, code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hmac.new(vault.derive("invitations"), plain.encode(), hashlib.sha256).hexdigest()
