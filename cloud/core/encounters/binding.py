"""Which encounter a reading belongs to.

A reading belongs to its vehicle's encounter with the latest start not after the time it was
observed, unless that encounter was closed by then. Test data belong to none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import CursorResult, func, select, update

from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS, Binding, Bound
from cloud.core.observations.tables import ObservationRow, WaveformRow

NEWEST: Final = 10


class Stay(NamedTuple):
    """What of an encounter says whether a reading belongs to it."""

    encounter_id: str
    started_at: datetime
    closed_at: datetime | None
    status: str


def bind_vehicle(work: UnitOfWork, principal: Principal, vehicle_id: str) -> Binding:
    """The binding of one vehicle, as its encounters stand in this unit.

    Live readings meet one of the newest encounters; an older reading is looked up by itself.
    """
    # These four and no more: whoever was on board is not read for every batch of the vehicle.
    statement = (
        select(
            EncounterRow.encounter_id,
            EncounterRow.started_at,
            EncounterRow.closed_at,
            EncounterRow.status,
        )
        .where(EncounterRow.tenant_id == principal.tenant_id, EncounterRow.vehicle_id == vehicle_id)
        .order_by(EncounterRow.started_at.desc(), EncounterRow.created_at.desc())
    )
    newest = [Stay(*row) for row in work.session.execute(statement.limit(NEWEST))]

    def binding(observed_at: datetime) -> Bound:
        for encounter in newest:
            if encounter.started_at <= observed_at:
                return bound_to(encounter, observed_at)
        if len(newest) < NEWEST:
            return Bound(None)
        older = work.session.execute(
            statement.where(EncounterRow.started_at <= observed_at).limit(1)
        ).first()
        return Bound(None) if older is None else bound_to(Stay(*older), observed_at)

    return binding


def bound_to(encounter: Stay, observed_at: datetime) -> Bound:
    """Whether `encounter` was still open when something was observed."""
    if encounter.closed_at is not None and encounter.closed_at <= observed_at:
        return Bound(None)
    return Bound(encounter.encounter_id, is_late=encounter.status in CLOSED)


def claim_readings(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> int:
    """Give a new encounter the vehicle's readings since its start that belong to none yet.

    What was observed after the start of a later encounter of the vehicle is that one's affair.
    """
    claimed = 0
    later = work.session.scalar(
        select(func.min(EncounterRow.started_at)).where(
            EncounterRow.tenant_id == principal.tenant_id,
            EncounterRow.vehicle_id == encounter.vehicle_id,
            EncounterRow.started_at > encounter.started_at,
        )
    )
    for table in (ObservationRow, WaveformRow):
        statement = (
            update(table)
            .where(
                table.tenant_id == principal.tenant_id,
                table.vehicle_id == encounter.vehicle_id,
                table.encounter_id.is_(None),
                table.status.bitwise_and(UNCHARTED_STATUS) == 0,
                table.observed_at >= encounter.started_at,
            )
            .values(encounter_id=encounter.encounter_id)
            .execution_options(synchronize_session=False)
        )
        if later is not None:
            statement = statement.where(table.observed_at < later)
        claimed += cast("CursorResult[Any]", work.session.execute(statement)).rowcount
    return claimed
