"""What an operator of the service may see of a tenant's webhooks, and do about them."""

from __future__ import annotations

from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.claiming import answer_purpose
from cloud.core.webhooks.deliveries import attempts_of
from cloud.core.webhooks.endpoints import ACTIVE, REMOVED, begin_anew
from cloud.core.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow


def endpoints_of(work: UnitOfWork, caller: Principal) -> list[EndpointRow]:
    """Every endpoint of the tenant, by age; those of jobs' callbacks too, the removed ones not."""
    statement = scoped(caller, EndpointRow).where(EndpointRow.status_reason != REMOVED)
    statement = statement.order_by(EndpointRow.created_at, EndpointRow.endpoint_id)
    return list(work.session.scalars(statement))


def find_endpoint(work: UnitOfWork, caller: Principal, endpoint_id: str) -> EndpointRow:
    """One of the tenant's; NotFoundError `webhook_not_found`."""
    statement = scoped(caller, EndpointRow).where(EndpointRow.endpoint_id == endpoint_id)
    row = work.session.scalars(statement.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFoundError("webhook_not_found", "There is no such webhook of this tenant.")
    return row


def answers_of(
    work: UnitOfWork, vault: Vault, caller: Principal, delivery_id: str
) -> list[tuple[AttemptRow, bytes]]:
    """The attempts of a delivery, each with the start of the receiver's answer; the look is
    audited, for an answer may hold anything. NotFoundError `delivery_not_found`.
    """
    statement = scoped(caller, DeliveryRow).where(DeliveryRow.delivery_id == delivery_id)
    delivery = work.session.scalars(statement).one_or_none()
    if delivery is None:
        raise NotFoundError("delivery_not_found", "There is no such delivery of this tenant.")
    audit.record(work, caller, "webhook.answers_read", "webhook_delivery", delivery_id)
    purpose = answer_purpose(delivery_id)
    return [
        (one, vault.open(one.sealed_answer, purpose=purpose) if one.sealed_answer else b"")
        for one in attempts_of(work, delivery)
    ]


def enable(work: UnitOfWork, caller: Principal, endpoint_id: str) -> EndpointRow:
    """Serve an endpoint again, from now on; ConflictError `webhook_removed`.

    What was discarded stays so until its owner asks for it.
    """
    row = find_endpoint(work, caller, endpoint_id)
    if row.status_reason == REMOVED:
        raise ConflictError("webhook_removed", "Its owner deleted it.")
    row.status, row.status_reason = ACTIVE, ""
    row.version += 1
    row.updated_at = work.now
    begin_anew(row)
    audit.record(work, caller, "webhook.enabled", "webhook", endpoint_id)
    return row
