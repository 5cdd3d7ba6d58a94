"""What was measured since a hospital was last told: while the patient is under way, and what comes
late out of a dead zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.tables import EncounterRow
from cloud.core.exchange.causes import VITALS, WAITING, new_delivery
from cloud.core.exchange.connections import ACTIVE
from cloud.core.exchange.tables import ConnectionRow, DeliveryRow
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.queries import newest_row

EVERY: Final = 30.0
"""Seconds between two looks: so often at most is a hospital told of readings."""
FOLLOWED_FOR: Final = timedelta(hours=24)
_FOLLOWED: Final = (
    Status.IN_PROGRESS,
    Status.READY_FOR_HANDOVER,
    Status.HANDED_OVER,
    Status.COMPLETED,
)


def queue_vitals(work: UnitOfWork) -> int:
    """A delivery for each connection that wants vitals and has not the newest; how many."""
    queued = 0
    for connection, encounter in _pairs(work):
        last = _last_told(work, connection, encounter)
        if last is not None and last.state == WAITING:
            # What comes meanwhile goes with the next one: a hospital that rests is not flooded.
            continue
        told = 0 if last is None else last.through_row or 0
        newest = newest_row(work, encounter.encounter_id)
        if newest <= told:
            continue
        row = new_delivery(
            work,
            connection,
            encounter.encounter_id,
            VITALS,
            cause=f"{encounter.encounter_id}/{newest}",
        )
        row.after_row, row.through_row = told, newest
        queued += 1
    return queued


def _pairs(work: UnitOfWork) -> Iterator[tuple[ConnectionRow, EncounterRow]]:
    # every tenant: the worker's own round.
    connections = work.session.scalars(
        select(ConnectionRow).where(ConnectionRow.status == ACTIVE)
    ).all()
    for connection in connections:
        if VITALS not in connection.wants:
            continue
        encounters = select(EncounterRow).where(
            EncounterRow.tenant_id == connection.tenant_id,
            EncounterRow.destination == connection.facility_id,
            EncounterRow.status.in_([one.value for one in _FOLLOWED]),
            EncounterRow.started_at > work.now - FOLLOWED_FOR,
        )
        for encounter in work.session.scalars(encounters).all():
            yield connection, encounter


def _last_told(
    work: UnitOfWork, connection: ConnectionRow, encounter: EncounterRow
) -> DeliveryRow | None:
    newest = select(func.max(DeliveryRow.row_id)).where(
        DeliveryRow.connection_id == connection.connection_id,
        DeliveryRow.encounter_id == encounter.encounter_id,
        DeliveryRow.kind == VITALS,
    )
    row_id = work.session.scalar(newest)
    return None if row_id is None else work.session.get(DeliveryRow, row_id)
