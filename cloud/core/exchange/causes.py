"""What happened to an encounter becomes deliveries, in the unit that takes the event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select

from cloud.core.encounters.record import ActKind
from cloud.core.encounters.tables import EncounterRow
from cloud.core.exchange.connections import ACTIVE, MLLP, PAUSED
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork

PRE_ALERT: Final = "pre_alert"
HANDOVER: Final = "handover"
AMENDMENT: Final = "amendment"
WITHDRAWAL: Final = "withdrawal"
UNLINKING: Final = "unlinking"
VITALS: Final = "vitals"
WAITING: Final = "waiting"
DROPPED: Final = "dropped"
CAUSES: Final[Mapping[str, str]] = {
    ActKind.PRE_ALERT: PRE_ALERT,
    ActKind.HANDED_OVER: HANDOVER,
    ActKind.AMENDED: AMENDMENT,
    ActKind.COMPLETED: AMENDMENT,
    ActKind.PATIENT_IDENTIFIED: AMENDMENT,
    ActKind.PATIENT_CORRECTED: AMENDMENT,
    ActKind.PATIENT_UNLINKED: UNLINKING,
    ActKind.READINGS_MOVED: AMENDMENT,
    ActKind.CANCELLED: WITHDRAWAL,
    ActKind.DUPLICATE: WITHDRAWAL,
    ActKind.DESTINATION_CHANGED: WITHDRAWAL,
}
"""What each act has sent."""
_ONCE: Final = frozenset({HANDOVER})


def follow_hospitals(event: DomainEvent, work: UnitOfWork) -> None:
    """Queue what the event means for every hospital it concerns.

    A pre-alert and a handover go to the facility the patient is brought to; amendments and
    withdrawals to whoever was told of the encounter before. One event makes one delivery a
    connection, however often it is relayed.
    """
    kind = CAUSES.get(str(event.data.get("act")))
    if kind is None:
        return
    encounter = work.session.get(EncounterRow, event.resource_id)
    if encounter is None or encounter.tenant_id != event.tenant_id:
        return
    told = _told(work, encounter)
    facility = str(event.data.get("facility_id") or encounter.destination or "")
    if kind == WITHDRAWAL and event.data.get("act") != ActKind.DESTINATION_CHANGED:
        # Called off: nobody is to expect the patient any more.
        facility = ""
    for connection in _connections(work, event.tenant_id):
        before = told.get(connection.connection_id, frozenset())
        if _concerns(kind, connection, before, facility):
            queue(work, connection, encounter.encounter_id, kind, cause=event.event_id)


def queue(
    work: UnitOfWork, connection: ConnectionRow, encounter_id: str, kind: str, *, cause: str
) -> DeliveryRow | None:
    """A delivery that waits to be sent, None where this cause made one already."""
    known = select(DeliveryRow.row_id).where(
        DeliveryRow.connection_id == connection.connection_id, DeliveryRow.cause == cause
    )
    if work.session.scalar(known) is not None:
        return None
    return new_delivery(work, connection, encounter_id, kind, cause=cause)


def new_delivery(
    work: UnitOfWork, connection: ConnectionRow, encounter_id: str, kind: str, *, cause: str
) -> DeliveryRow:
    """A delivery that waits to be sent, of a cause that made none yet."""
    row = DeliveryRow(
        delivery_id=new_id("dlv"),
        tenant_id=connection.tenant_id,
        connection_id=connection.connection_id,
        encounter_id=encounter_id,
        kind=kind,
        cause=cause,
        # A stream of messages is read in order; a server of records only within an encounter.
        lane="" if connection.kind == MLLP else encounter_id,
        state=WAITING,
        attempts=0,
        faults=0,
        parts=0,
        due_at=work.now,
        created_at=work.now,
        reason="",
    )
    work.session.add(row)
    work.session.flush()
    return row


def _concerns(kind: str, connection: ConnectionRow, before: frozenset[str], facility: str) -> bool:
    is_there = bool(facility) and connection.facility_id == facility
    if kind == WITHDRAWAL:
        return bool(before - {WITHDRAWAL}) and not is_there
    if kind == UNLINKING:
        # Whatever a hospital wants to hear: what it has is of somebody else.
        return bool(before & {PRE_ALERT, HANDOVER})
    if kind == AMENDMENT:
        return HANDOVER in before and AMENDMENT in connection.wants
    if kind in _ONCE and kind in before:
        return False
    return is_there and kind in connection.wants


def _connections(work: UnitOfWork, tenant_id: str) -> Iterable[ConnectionRow]:
    return work.session.scalars(
        select(ConnectionRow)
        .where(ConnectionRow.tenant_id == tenant_id, ConnectionRow.status.in_((ACTIVE, PAUSED)))
        .order_by(ConnectionRow.created_at, ConnectionRow.connection_id)
    )


def _told(work: UnitOfWork, encounter: EncounterRow) -> dict[str, frozenset[str]]:
    """By connection, which kinds of deliveries of the encounter there are."""
    statement = select(DeliveryRow.connection_id, DeliveryRow.kind).where(
        DeliveryRow.encounter_id == encounter.encounter_id,
        DeliveryRow.tenant_id == encounter.tenant_id,
        DeliveryRow.state != DROPPED,
    )
    told: dict[str, set[str]] = {}
    for connection_id, kind in work.session.execute(statement):
        told.setdefault(connection_id, set()).add(kind)
    return {connection_id: frozenset(kinds) for connection_id, kinds in told.items()}
