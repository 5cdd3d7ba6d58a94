"""An encounter goes on in another vehicle: what follows is bound to where it is then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from cloud.core.devices.gateways import note_vehicle
from cloud.core.encounters.acts import record_act, time_of_act
from cloud.core.encounters.binding import claim_crew_events
from cloud.core.encounters.claiming import claim_vehicle
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.lifecycle import check_open
from cloud.core.encounters.placement_tables import EncounterVehicleRow
from cloud.core.encounters.placements import is_given
from cloud.core.encounters.reading_times import CENTURY, TABLES
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


def change_vehicle(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    vehicle_id: str,
    *,
    at: datetime | None = None,
    reason: str = "",
) -> EncounterRow:
    """Let an encounter go on in another vehicle since a time (now); the same again changes nothing.

    ConflictError `encounter_closed`, and `incident_taken` where the vehicle has an encounter of the
    same incident; InvalidError as `time_of_act`, and `at_before_vehicle` for a time from before it
    came to the vehicle it is in.
    """
    row = to_change(work, principal, encounter_id)
    if row.vehicle_id == vehicle_id:
        return row
    check_open(row)
    moved_at = time_of_act(work, row, at)
    since = row.vehicle_since or row.started_at
    if moved_at < since:
        raise InvalidError("at_before_vehicle", "Send a time after it came to the vehicle it left.")
    _check_incident(work, row, vehicle_id)
    note_vehicle(work, principal.tenant_id, vehicle_id)
    before = row.vehicle_id
    work.session.add(
        EncounterVehicleRow(
            encounter_id=row.encounter_id,
            tenant_id=row.tenant_id,
            vehicle_id=before,
            since=since,
            until=moved_at,
            by=principal.user_id or principal.client_id,
            reason=reason,
            at=work.now,
        )
    )
    row.vehicle_id, row.vehicle_since = vehicle_id, moved_at
    row.rebound += 1
    work.session.flush()
    _take_back(work, row, before, moved_at)
    for one in (before, vehicle_id):
        claim_vehicle(work, principal, one, moved_at)
    claim_crew_events(work, principal, row)
    told = {"vehicle_id": vehicle_id, "previous_vehicle_id": before}
    record_act(
        work,
        principal,
        row,
        ActKind.VEHICLE_CHANGED,
        {**told, "reason": reason},
        at=moved_at,
        told=told,
    )
    return row


def _check_incident(work: UnitOfWork, row: EncounterRow, vehicle_id: str) -> None:
    other = work.session.scalar(
        select(EncounterRow.encounter_id).where(
            EncounterRow.tenant_id == row.tenant_id,
            EncounterRow.cad_incident_id == row.cad_incident_id,
            EncounterRow.vehicle_id == vehicle_id,
        )
    )
    if other is not None:
        raise ConflictError(
            "incident_taken",
            "The vehicle has an encounter of this incident. Go on with that one, and mark this a"
            " duplicate of it or move its readings.",
            details={"encounter_id": other},
        )


def _take_back(work: UnitOfWork, row: EncounterRow, vehicle_id: str, since: datetime) -> None:
    """What the vehicle it left measured from then on is not this patient's, but what was given."""
    for table in TABLES:
        statement = update(table).where(
            table.tenant_id == row.tenant_id,
            table.encounter_id == row.encounter_id,
            table.vehicle_id == vehicle_id,
            table.gateway_id.is_not(None),
            (table.observed_at >= since)
            | ((table.observed_at < CENTURY) & (table.captured_at >= since)),
            ~is_given(table, row.encounter_id),
        )
        work.session.execute(
            statement.values(encounter_id=None).execution_options(synchronize_session=False)
        )
    deeds = update(CrewEventRow).where(
        CrewEventRow.tenant_id == row.tenant_id,
        CrewEventRow.encounter_id == row.encounter_id,
        CrewEventRow.vehicle_id == vehicle_id,
        CrewEventRow.happened_at >= since,
        CrewEventRow.encounter_ref == "",
    )
    work.session.execute(
        deeds.values(encounter_id=None).execution_options(synchronize_session=False)
    )
