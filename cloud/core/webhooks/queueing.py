"""What happened becomes deliveries, in the unit that takes the event from the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.catalogue import CATALOGUE, EventType
from cloud.core.webhooks.dialects import body_of
from cloud.core.webhooks.endpoints import DISABLED
from cloud.core.webhooks.tables import QUEUED, DeliveryRow, EndpointRow

_PRIVATE: Final = frozenset({"webhook", "job"})


def follow_webhooks(event: DomainEvent, work: UnitOfWork) -> None:
    """Queue the event for every endpoint that wants it and may know of it.

    One event makes one delivery an endpoint, however often it is relayed. What a paused endpoint
    wants waits until its owner takes it up again; a disabled one misses it.
    """
    kind = CATALOGUE.get(event.type)
    if kind is None:
        return
    for endpoint, application in _wanting(work, event):
        if covered(application.approved_scopes, kind.scope) and _is_near(work, application, event):
            queue(work, endpoint, event, kind)


def queue(
    work: UnitOfWork, endpoint: EndpointRow, event: DomainEvent, kind: EventType
) -> DeliveryRow | None:
    """A delivery of an event to an endpoint; None where there is one already."""
    known = select(DeliveryRow.row_id).where(
        DeliveryRow.endpoint_id == endpoint.endpoint_id,
        DeliveryRow.message_id == event.event_id,
        DeliveryRow.replay == 0,
    )
    if work.session.scalar(known) is not None:
        return None
    body = body_of(endpoint.dialect, event, kind.data_of(event))
    return new_delivery(work, endpoint, event, body)


def new_delivery(
    work: UnitOfWork,
    endpoint: EndpointRow,
    event: DomainEvent,
    body: bytes,
    *,
    headers: Mapping[str, Any] | None = None,
    is_test: bool = False,
) -> DeliveryRow:
    """A delivery that is due at once. `headers` go out beside the signatures."""
    row = DeliveryRow(
        delivery_id=new_id("dlv_test" if is_test else "dlv"),
        tenant_id=endpoint.tenant_id,
        endpoint_id=endpoint.endpoint_id,
        message_id=event.event_id,
        event_type=event.type,
        occurred_at=event.occurred_at,
        is_test=is_test,
        body=body,
        headers=dict(headers or {}),
        state=QUEUED,
        due_at=work.now,
        created_at=work.now,
    )
    work.session.add(row)
    return row


def _wanting(work: UnitOfWork, event: DomainEvent) -> Iterable[tuple[EndpointRow, ApplicationRow]]:
    statement = (
        select(EndpointRow, ApplicationRow)
        .join(ApplicationRow, ApplicationRow.client_id == EndpointRow.client_id)
        .where(
            EndpointRow.tenant_id == event.tenant_id,
            EndpointRow.status != DISABLED,
            EndpointRow.is_internal.is_(False),
        )
        .order_by(EndpointRow.endpoint_id)
    )
    for endpoint, application in work.session.execute(statement):
        if event.type in endpoint.events and application.is_approved:
            yield endpoint, application


def _is_near(work: UnitOfWork, application: ApplicationRow, event: DomainEvent) -> bool:
    """Webhooks and jobs are their own client's affair; a facility's application hears of encounters
    that are brought to it, and of nothing else.
    """
    if event.resource_type in _PRIVATE:
        return event.data.get("client_id") == application.client_id
    if application.facility_id is None:
        return True
    if event.resource_type != "encounter":
        return False
    encounter = work.session.get(EncounterRow, event.resource_id)
    return encounter is not None and encounter.destination == application.facility_id
