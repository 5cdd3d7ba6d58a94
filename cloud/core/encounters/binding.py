"""Which encounter a reading or a deed of the crew belongs to.

A reading belongs to the encounter its vehicle was in when it was observed (`vehicle_time`), if its
device was at home there and in use (`standing`), unless a person decided otherwise
(`placements`). Whatever that leaves open waits in the tray. Test data belong to none.
"""

from __future__ import annotations

from collections.abc import Iterable
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


class VehicleBinding:
    """The binding of one vehicle, as its encounters and devices stand in this unit."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str) -> None:
        self._where = VehicleTime(work, principal, vehicle_id)
        self._standing = Standing(work, principal, vehicle_id)
        self._placements = Placements(work, principal, vehicle_id)

    def __call__(self, device_id: str, observed_at: datetime) -> Bound:
        """Where a reading of a device belongs that was observed then."""
        found = self._where.at(observed_at)
        waits = self._standing.why(device_id, observed_at)
        by_itself = None if waits is not None else found.encounter_id
        placed = self._placements.place(device_id, observed_at, by_itself)
        return Bound(placed, is_late=placed is not None and placed == by_itself and found.is_late)

    def expect(self, device_ids: Iterable[str]) -> None:
        """These devices will be asked about."""
        self._standing.expect(device_ids)

    def is_steady(self, device_id: str, since: datetime, until: datetime) -> bool:
        """Whether it is the same for all times from the one to the other; False if in doubt."""
        return (
            self._where.is_steady(since, until)
            and self._standing.is_steady(device_id, since, until)
            and self._placements.is_steady(device_id, since, until)
        )


def bind_vehicle(work: UnitOfWork, principal: Principal, vehicle_id: str) -> Binding:
    """The binding of one vehicle."""
    return VehicleBinding(work, principal, vehicle_id)


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
