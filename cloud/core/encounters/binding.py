"""Which encounter a reading or a deed of the crew belongs to.

A reading belongs to the encounter its vehicle was in when it was observed (`vehicle_time`), if its
device was at home there and in use (`standing`), unless a person decided otherwise
(`placements`). Whatever that leaves open waits in the tray. Test data belong to none.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.placements import Placements
from cloud.core.encounters.standing import Standing
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.vehicle_time import VehicleTime
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import Binding, Bound


def bind_vehicle(work: UnitOfWork, principal: Principal, vehicle_id: str) -> Binding:
    """The binding of one vehicle, as its encounters and devices stand in this unit."""
    where = VehicleTime(work, principal, vehicle_id)
    standing = Standing(work, principal, vehicle_id)
    placements = Placements(work, principal, vehicle_id)

    def binding(device_id: str, observed_at: datetime) -> Bound:
        found = where.at(observed_at)
        waits = standing.why(device_id, observed_at)
        by_itself = None if waits is not None else found.encounter_id
        placed = placements.place(device_id, observed_at, by_itself)
        return Bound(placed, is_late=placed is not None and placed == by_itself and found.is_late)

    return binding


def encounter_at(
    work: UnitOfWork, principal: Principal, vehicle_id: str, at: datetime
) -> str | None:
    """The encounter of a deed of the crew that names none.

    Where two are open it is the newer one's: the crew's page shows that one.
    """
    found = VehicleTime(work, principal, vehicle_id).at(at)
    return found.encounter_id or (found.newest if found.waits is Waits.SEVERAL_ENCOUNTERS else None)


def claim_crew_events(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> None:
    """Give an encounter the crew's deeds of its time that belong to none yet."""
    since = encounter.vehicle_since or encounter.started_at
    statement = (
        update(CrewEventRow)
        .where(
            CrewEventRow.tenant_id == principal.tenant_id,
            CrewEventRow.vehicle_id == encounter.vehicle_id,
            CrewEventRow.encounter_id.is_(None),
            CrewEventRow.happened_at >= since,
        )
        .values(encounter_id=encounter.encounter_id)
        .execution_options(synchronize_session=False)
    )
    end = _end_of_claim(work, principal, encounter)
    if end is not None:
        statement = statement.where(CrewEventRow.happened_at < end)
    work.session.execute(statement)


def _end_of_claim(
    work: UnitOfWork, principal: Principal, encounter: EncounterRow
) -> datetime | None:
    later = work.session.scalar(
        select(func.min(EncounterRow.started_at)).where(
            EncounterRow.tenant_id == principal.tenant_id,
            EncounterRow.vehicle_id == encounter.vehicle_id,
            EncounterRow.started_at > encounter.started_at,
        )
    )
    return min(filter(None, (later, encounter.ended_at)), default=None)
