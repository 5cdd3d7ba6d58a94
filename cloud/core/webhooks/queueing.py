"""What happened becomes deliveries, in the unit that takes the events from the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from cloud.core.authorization.tables import APPROVED, ApplicationRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import body_of
from cloud.core.webhooks.endpoints import DISABLED, REMOVED
from cloud.core.webhooks.incidents import TYPES, incident_events
from cloud.core.webhooks.standing import KEPT_FOR
from cloud.core.webhooks.tables import DISCARDED, QUEUED, DeliveryRow, EndpointRow
from cloud.core.webhooks.traced import traced_headers
from cloud.db.many import insert_many

_PRIVATE: Final = frozenset({"webhook", "job"})
_ENCOUNTER: Final = "encounter"
Destinations = Mapping[tuple[str, str], str | None]
"""By tenant and encounter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """An endpoint that is told of `types`: those it wants and its application may know of; later,
    if its owner asks for it, where it is disabled.
    """

    endpoint_id: str
    tenant_id: str
    client_id: str
    dialect: str
    facility_id: str | None
    types: frozenset[str]
    is_disabled: bool = False


def follow_webhooks(events: Sequence[DomainEvent], work: UnitOfWork) -> None:
    """Queue a portion of events, and what they mean for their incidents, for every endpoint that
    wants them and may know of them.

    One event makes one delivery an endpoint, however often it is relayed. What a paused endpoint
    wants waits until its owner takes it up again. What a disabled one wants is discarded at once:
    its owner may have it sent later, by time range.
    """
    of_interest = [
        event for event in events if event.type in CATALOGUE or event.resource_type == _ENCOUNTER
    ]
    hearers = _hearers(work, {event.tenant_id for event in of_interest})
    heard = [event for event in of_interest if event.tenant_id in hearers]
    if not heard:
        return
    curious = {name for name, all_of_it in hearers.items() if _any_wants(all_of_it, TYPES)}
    of_incidents = incident_events([one for one in heard if one.tenant_id in curious], work)
    bound = {one for one, all_of_it in hearers.items() if any(h.facility_id for h in all_of_it)}
    destinations = _destinations(work, [one for one in heard if one.tenant_id in bound])
    rows = list[dict[str, Any]]()
    for event in heard:
        of_incident = of_incidents.get(event.event_id)
        for one in (event,) if of_incident is None else (event, of_incident):
            rows += _told(work, hearers[one.tenant_id], one, destinations)
    # Who has the event already has it: once an endpoint, whatever is relayed twice.
    insert_many(work, DeliveryRow, rows)


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
    values = _values(work, endpoint, event, body, prefix="dlv_test" if is_test else "dlv")
    values["headers"] |= headers or {}
    row = DeliveryRow(**values, is_test=is_test)
    work.session.add(row)
    return row


def _values(
    work: UnitOfWork,
    endpoint: EndpointRow | Hearer,
    event: DomainEvent,
    body: bytes,
    *,
    prefix: str = "dlv",
) -> dict[str, Any]:
    delivery_id = new_id(prefix)
    return {
        "delivery_id": delivery_id,
        "tenant_id": endpoint.tenant_id,
        "endpoint_id": endpoint.endpoint_id,
        "message_id": event.event_id,
        "event_type": event.type,
        "occurred_at": event.occurred_at,
        "trace_id": event.trace_id,
        "body": body,
        "headers": traced_headers(delivery_id, event.trace_id, is_recorded=event.is_recorded),
        "state": QUEUED,
        "due_at": work.now,
        "created_at": work.now,
    }


def _hearers(work: UnitOfWork, tenants: Collection[str]) -> dict[str, list[Hearer]]:
    """Who may want an event of these tenants, by tenant."""
    # Whoever was disabled longer ago than deliveries are kept could ask for few of them.
    is_kept = or_(EndpointRow.status != DISABLED, EndpointRow.updated_at > work.now - KEPT_FOR)
    # every tenant: a portion has events of many, and each is told to those of its own.
    statement = (
        select(
            EndpointRow.endpoint_id,
            EndpointRow.tenant_id,
            EndpointRow.dialect,
            EndpointRow.events,
            EndpointRow.status,
            ApplicationRow.client_id,
            ApplicationRow.facility_id,
            ApplicationRow.approved_scopes,
        )
        .join(ApplicationRow, ApplicationRow.client_id == EndpointRow.client_id)
        .where(
            EndpointRow.tenant_id.in_(tenants),
            is_kept,
            EndpointRow.status_reason != REMOVED,
            EndpointRow.is_internal.is_(False),
            ApplicationRow.status == APPROVED,
        )
        .order_by(EndpointRow.endpoint_id)
    )
    hearers: dict[str, list[Hearer]] = {}
    for row in work.session.execute(statement) if tenants else ():
        one = Hearer(
            endpoint_id=row.endpoint_id,
            tenant_id=row.tenant_id,
            client_id=row.client_id,
            dialect=row.dialect,
            facility_id=row.facility_id,
            types=_types(row.events, row.approved_scopes),
            is_disabled=row.status == DISABLED,
        )
        hearers.setdefault(one.tenant_id, []).append(one)
    return hearers


def _types(wanted: Sequence[str], scopes: Sequence[str]) -> frozenset[str]:
    known = (CATALOGUE[name] for name in wanted if name in CATALOGUE)
    return frozenset(kind.name for kind in known if kind.is_for(scopes))


def _any_wants(hearers: Sequence[Hearer], types: frozenset[str]) -> bool:
    return any(not types.isdisjoint(one.types) for one in hearers)


def _destinations(work: UnitOfWork, events: Sequence[DomainEvent]) -> Destinations:
    """Where the encounters of events are brought."""
    named = {event.resource_id for event in events if event.resource_type == _ENCOUNTER}
    # every tenant: a portion has events of many, and the key says whose the encounter is.
    statement = select(
        EncounterRow.tenant_id, EncounterRow.encounter_id, EncounterRow.destination
    ).where(EncounterRow.encounter_id.in_(named))
    found = work.session.execute(statement) if named else ()
    return {(tenant_id, encounter_id): where for tenant_id, encounter_id, where in found}


def _told(
    work: UnitOfWork,
    hearers: Sequence[Hearer],
    event: DomainEvent,
    destinations: Destinations,
) -> list[dict[str, Any]]:
    """The deliveries of an event."""
    wanting = [
        one for one in hearers if event.type in one.types and _is_near(one, event, destinations)
    ]
    if not wanting:
        return []
    data = CATALOGUE[event.type].data_of(event)
    bodies = {name: body_of(name, event, data) for name in {one.dialect for one in wanting}}
    return [
        {
            **_values(work, one, event, bodies[one.dialect]),
            "settled_at": None,
            **(_missed(work) if one.is_disabled else {}),
        }
        for one in wanting
    ]


def _missed(work: UnitOfWork) -> dict[str, Any]:
    return {"state": DISCARDED, "due_at": None, "settled_at": work.now}


def _is_near(hearer: Hearer, event: DomainEvent, destinations: Destinations) -> bool:
    """Webhooks and jobs are their own client's affair; a facility's application hears of encounters
    that are brought to it, and of nothing else.
    """
    if event.resource_type in _PRIVATE:
        return event.data.get("client_id") == hearer.client_id
    if hearer.facility_id is None:
        return True
    if event.resource_type != _ENCOUNTER:
        return False
    return destinations.get((event.tenant_id, event.resource_id)) == hearer.facility_id
