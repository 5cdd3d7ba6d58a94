"""Which encounter a reading or a deed of the crew belongs to.

It belongs to its vehicle's encounter with the latest start not after the time it was observed,
unless that encounter was closed, or released by the crew, by then. Test data belong to none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import CursorResult, func, select, true, update

from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import CLOCK_EPOCH_YEAR, UNCHARTED_STATUS, Binding, Bound
from cloud.core.observations.tables import ObservationRow, WaveformRow

NEWEST: Final = 10
CENTURY: Final = datetime(CLOCK_EPOCH_YEAR, 1, 1, tzinfo=UTC)
"""No reading of ours is from before; a clock that says so is wrong."""


class Stay(NamedTuple):
    """What of an encounter says whether a reading belongs to it."""

    encounter_id: str
    started_at: datetime
    closed_at: datetime | None
    released_at: datetime | None
    status: str

    @property
    def ends(self) -> Iterator[datetime]:
        """What ended it, the hospital's word and the crew's."""
        return (one for one in (self.closed_at, self.released_at) if one is not None)


def bind_vehicle(work: UnitOfWork, principal: Principal, vehicle_id: str) -> Binding:
    """The binding of one vehicle, as its encounters stand in this unit.

    Live readings meet one of the newest encounters; an older reading is looked up by itself.
    """
    # These few and no more: whoever was on board is not read for every batch of the vehicle.
    statement = (
        select(
            EncounterRow.encounter_id,
            EncounterRow.started_at,
            EncounterRow.closed_at,
            EncounterRow.released_at,
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
    if any(end <= observed_at for end in encounter.ends):
        return Bound(None)
    return Bound(encounter.encounter_id, is_late=encounter.status in CLOSED)


def claim_readings(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> int:
    """Give an encounter the vehicle's readings of its time that belong to none yet.

    What was observed after the start of a later encounter of the vehicle is that one's affair.
    """
    claimed = 0
    end = _end_of_claim(work, principal, encounter)
    for table in (ObservationRow, WaveformRow):
        for at, of_these in (
            (table.observed_at, true()),
            # A device whose clock cannot be right still measured this patient: when it was heard.
            (table.captured_at, table.observed_at < CENTURY),
        ):
            statement = (
                update(table)
                .where(
                    table.tenant_id == principal.tenant_id,
                    table.vehicle_id == encounter.vehicle_id,
                    table.encounter_id.is_(None),
                    table.status.bitwise_and(UNCHARTED_STATUS) == 0,
                    of_these,
                    at >= encounter.started_at,
                )
                .values(encounter_id=encounter.encounter_id)
                .execution_options(synchronize_session=False)
            )
            if end is not None:
                statement = statement.where(at < end)
            claimed += cast("CursorResult[Any]", work.session.execute(statement)).rowcount
    return claimed


def claim_crew_events(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> None:
    """Give an encounter the crew's deeds of its time that belong to none yet."""
    statement = (
        update(CrewEventRow)
        .where(
            CrewEventRow.tenant_id == principal.tenant_id,
            CrewEventRow.vehicle_id == encounter.vehicle_id,
            CrewEventRow.encounter_id.is_(None),
            CrewEventRow.happened_at >= encounter.started_at,
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
