"""When an endpoint is served no more without its owner saying so."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update

from cloud.core.kernel import audit, outbox
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.endpoints import DISABLED, OVER
from cloud.core.webhooks.tables import DISCARDED, DeliveryRow, EndpointRow

DISABLED_EVENT: Final = "endpoint.disabled"


def disable(work: UnitOfWork, endpoint: EndpointRow, reason: str) -> None:
    """Serve it no more. What waits is discarded: its owner may have it sent again later, and what
    happens from now on too.
    """
    endpoint.status, endpoint.status_reason = DISABLED, reason
    endpoint.version += 1
    endpoint.updated_at = work.now
    work.session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.tenant_id == endpoint.tenant_id,
            DeliveryRow.endpoint_id == endpoint.endpoint_id,
            DeliveryRow.due_at.is_not(None),
        )
        .values(state=DISCARDED, due_at=None, settled_at=work.now)
        .execution_options(synchronize_session=False)
    )
    caller = service_principal(endpoint.tenant_id, "webhooks")
    audit.record(work, caller, "webhook.disabled", "webhook", endpoint.endpoint_id, note=reason)
    if endpoint.is_internal:
        return
    outbox.publish(
        work,
        tenant_id=endpoint.tenant_id,
        event_type=DISABLED_EVENT,
        resource_type="webhook",
        resource_id=endpoint.endpoint_id,
        data={"client_id": endpoint.client_id, "reason": reason},
    )


def end_if_over(work: UnitOfWork, endpoint: EndpointRow) -> None:
    """Whoever looks for something to send looks no more at a callback that was made: there is one
    for every job of a month.
    """
    waiting = select(DeliveryRow.row_id).where(
        DeliveryRow.tenant_id == endpoint.tenant_id,
        DeliveryRow.endpoint_id == endpoint.endpoint_id,
        DeliveryRow.due_at.is_not(None),
    )
    if endpoint.is_internal and work.session.scalar(waiting.limit(1)) is None:
        endpoint.status, endpoint.status_reason = DISABLED, endpoint.status_reason or OVER
