"""A gateway goes out of the fleet, at once and by every way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.certificates import revoke_certificates
from cloud.core.devices.commands import gateway as find_gateway
from cloud.core.devices.commands import queue, void_all
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.principal import Principal, gateway_principal
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import Revoke


def revoke(work: UnitOfWork, principal: Principal, gateway_id: str, *, reason: str) -> bool:
    """Revoke a gateway; False when it was already. NotFoundError for another tenant's.

    Its tokens, secret and certificates are void with this unit. A last command tells the people
    on board why; nothing it says afterwards is recorded.
    """
    find_gateway(work, principal, gateway_id)
    application = work.session.get(ApplicationRow, gateway_id, with_for_update=True)
    if application is None or application.status == "revoked":
        return False
    gateway = gateway_principal(tenant_id=principal.tenant_id, gateway_id=gateway_id)
    void_all(work, gateway)
    queue(work, principal, gateway_id, Revoke(reason=reason), life=timedelta(minutes=10))
    application.status = "revoked"
    application.epoch += 1
    revoke_certificates(work, gateway)
    audit.record(work, principal, "revoke", "gateway", gateway_id)
    outbox.publish(
        work,
        tenant_id=principal.tenant_id,
        event_type="gateway.revoked",
        resource_type="gateway",
        resource_id=gateway_id,
        data={},
    )
    return True


def revoked_among(work: UnitOfWork, gateway_ids: Iterable[str]) -> set[str]:
    """Those of these gateways that are not, or no longer, approved."""
    wanted = set(gateway_ids)
    if not wanted:
        return set()
    # every tenant: the broker asks for whoever is connected.
    statement = select(ApplicationRow.client_id).where(
        ApplicationRow.client_id.in_(wanted), ApplicationRow.status == "approved"
    )
    return wanted - set(work.session.scalars(statement))
