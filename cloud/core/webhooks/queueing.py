"""What happened becomes deliveries, in the unit that takes the event from the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.authorization.tables import APPROVED, ApplicationRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import body_of
from cloud.core.webhooks.endpoints import DISABLED
from cloud.core.webhooks.incidents import TYPES, incident_event
from cloud.core.webhooks.tables import QUEUED, DeliveryRow, EndpointRow

_PRIVATE: Final = frozenset({"webhook", "job"})
_HEARERS: Final = "webhook_hearers"
Hearer = tuple[EndpointRow, ApplicationRow]


def follow_webhooks(event: DomainEvent, work: UnitOfWork) -> None:
    """Queue the event, and what it means for its incident, for every endpoint that wants it and may
    know of it.

    One event makes one delivery an endpoint, however often it is relayed. What a paused endpoint
    wants waits until its owner takes it up again; a disabled one misses it.
    """
    if not (event.type in CATALOGUE or event.resource_type == "encounter"):
        return
    hearers = _hearers(work, event.tenant_id)
    if not hearers:
        return
    _tell(work, hearers, event)
    if any(not TYPES.isdisjoint(endpoint.events) for endpoint, _ in hearers):
        of_incident = incident_event(event, work)
        if of_incident is not None:
            _tell(work, hearers, of_incident)


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
    values = _values(work, endpoint, event, body)
    if is_test:
        values["delivery_id"] = new_id("dlv_test")
    row = DeliveryRow(**values, headers=dict(headers or {}), is_test=is_test)
    work.session.add(row)
    return row


def _values(
    work: UnitOfWork, endpoint: EndpointRow, event: DomainEvent, body: bytes
) -> dict[str, Any]:
    return {
        "delivery_id": new_id("dlv"),
        "tenant_id": endpoint.tenant_id,
        "endpoint_id": endpoint.endpoint_id,
        "message_id": event.event_id,
        "event_type": event.type,
        "occurred_at": event.occurred_at,
        "trace_id": event.trace_id,
        "body": body,
        "state": QUEUED,
        "due_at": work.now,
        "created_at": work.now,
    }


def _hearers(work: UnitOfWork, tenant_id: str) -> list[Hearer]:
    """Who may want an event of the tenant; looked up once a unit, which takes many events."""
    known: dict[str, list[Hearer]] = work.session.info.setdefault(_HEARERS, {})
    if tenant_id not in known:
        statement = (
            select(EndpointRow, ApplicationRow)
            .join(ApplicationRow, ApplicationRow.client_id == EndpointRow.client_id)
            .where(
                EndpointRow.tenant_id == tenant_id,
                EndpointRow.status != DISABLED,
                EndpointRow.is_internal.is_(False),
                ApplicationRow.status == APPROVED,
            )
            .order_by(EndpointRow.endpoint_id)
        )
        found = work.session.execute(statement)
        known[tenant_id] = [(endpoint, owner) for endpoint, owner in found]
    return known[tenant_id]


def _tell(work: UnitOfWork, hearers: Sequence[Hearer], event: DomainEvent) -> None:
    kind = CATALOGUE.get(event.type)
    if kind is None:
        return
    wanting = [
        endpoint
        for endpoint, owner in hearers
        if event.type in endpoint.events
        and covered(owner.approved_scopes, kind.scope)
        and _is_near(work, owner, event)
    ]
    if not wanting:
        return
    data = kind.data_of(event)
    bodies = {name: body_of(name, event, data) for name in {one.dialect for one in wanting}}
    rows = [{**_values(work, one, event, bodies[one.dialect]), "headers": {}} for one in wanting]
    insert = postgresql_insert if work.is_postgresql else sqlite_insert
    # Who has the event already has it: once an endpoint, whatever is relayed twice.
    work.session.execute(insert(DeliveryRow).on_conflict_do_nothing(), rows)


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
