"""The crew's release ends a patient's stay at the time of the deed, in whatever order it is heard.

What was charted after that time, because the release came late, is taken back and waits for the
next patient. A release that is itself taken back does not count: the stay goes on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from cloud.core.encounters.binding import claim_crew_events
from cloud.core.encounters.claiming import claim_readings, claim_vehicle
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.placements import is_given
from cloud.core.encounters.reading_times import CENTURY
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import ObservationRow, WaveformRow
from protocols.model.crew import CrewEvent, CrewEventKind

OWN_INCIDENT: Final = "vehicle-"
"""Before the reference of an encounter that the vehicle began by itself: its incident."""
RELEASED: Final = "epcr.encounter.released"
REOPENED: Final = "epcr.encounter.reopened"


def follow_release(
    work: UnitOfWork, gateway: Principal, event: CrewEvent, encounter_id: str | None
) -> None:
    """After an event is stored: a release, or one taken back, says how long its patient stays."""
    if event.kind == CrewEventKind.UNDONE and event.undoes is not None:
        encounter_id = work.session.scalar(
            select(CrewEventRow.encounter_id).where(
                CrewEventRow.tenant_id == gateway.tenant_id,
                CrewEventRow.event_id == event.undoes,
                CrewEventRow.kind == CrewEventKind.ENCOUNTER_RELEASED.value,
            )
        )
    elif event.kind != CrewEventKind.ENCOUNTER_RELEASED:
        return
    if encounter_id is None:
        return
    row = work.session.get(EncounterRow, encounter_id, with_for_update=True)
    if row is not None and row.tenant_id == gateway.tenant_id:
        settle_release(work, gateway, row)


def settle_release(work: UnitOfWork, gateway: Principal, encounter: EncounterRow) -> None:
    """Let the stay end at the first release that counts, and readings and deeds follow it."""
    released_at = _released_at(work, gateway, encounter)
    if released_at == encounter.released_at:
        return
    was_released = encounter.released_at is not None
    encounter.released_at = released_at
    encounter.version += 1
    encounter.updated_at = work.now
    follow_end(work, gateway, encounter)
    audit.record(work, gateway, "release", "encounter", encounter.encounter_id)
    if was_released != (released_at is not None):
        outbox.publish(
            work,
            tenant_id=gateway.tenant_id,
            event_type=REOPENED if was_released else RELEASED,
            resource_type="encounter",
            resource_id=encounter.encounter_id,
            data={
                "status": encounter.status,
                "vehicle_id": encounter.vehicle_id,
                "version": encounter.version,
            },
        )


def follow_end(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> None:
    """After the end of a stay was moved: readings and deeds go where they belong by it."""
    work.session.flush()
    newest = _take_back(work, encounter)
    claim_readings(work, principal, encounter)
    claim_crew_events(work, principal, encounter)
    if newest is not None:
        encounter.rebound += 1
        for later in _later(work, principal, encounter, newest):
            claim_crew_events(work, principal, later)
    # Of two open encounters one is left: what could not be told apart is its own now.
    claim_vehicle(work, principal, encounter.vehicle_id, encounter.started_at)


def _names(encounter: EncounterRow) -> tuple[str, ...]:
    """What the crew may call it: the cloud's id, or the one the vehicle made."""
    own = encounter.cad_incident_id
    is_own = own.startswith(OWN_INCIDENT)
    return (encounter.encounter_id, *([own.removeprefix(OWN_INCIDENT)] if is_own else []))


def _released_at(work: UnitOfWork, gateway: Principal, encounter: EncounterRow) -> datetime | None:
    undo = aliased(CrewEventRow)
    taken_back = exists().where(
        undo.tenant_id == CrewEventRow.tenant_id, undo.undoes == CrewEventRow.event_id
    )
    return work.session.scalar(
        select(func.min(CrewEventRow.happened_at)).where(
            CrewEventRow.tenant_id == gateway.tenant_id,
            CrewEventRow.encounter_id == encounter.encounter_id,
            CrewEventRow.encounter_ref.in_(_names(encounter)),
            CrewEventRow.kind == CrewEventKind.ENCOUNTER_RELEASED.value,
            ~taken_back,
        )
    )


def _take_back(work: UnitOfWork, encounter: EncounterRow) -> datetime | None:
    """Unbind what came after the end; the newest time of it, None when there was none.

    What somebody gave this patient by name stays: it was not bound by its time.
    """
    end = encounter.ended_at
    if end is None:
        return None
    newest = [
        _unbind(
            work,
            table,
            encounter,
            table.captured_at,
            table.captured_at >= end,
            (table.observed_at >= end) | (table.observed_at < CENTURY),
            table.gateway_id.is_not(None),
            ~is_given(table, encounter.encounter_id),
        )
        for table in (ObservationRow, WaveformRow)
    ]
    newest.append(
        _unbind(
            work,
            CrewEventRow,
            encounter,
            CrewEventRow.happened_at,
            CrewEventRow.happened_at >= end,
            CrewEventRow.encounter_ref.not_in(_names(encounter)),
        )
    )
    return max(filter(None, newest), default=None)


def _unbind(
    work: UnitOfWork,
    table: type[ObservationRow | WaveformRow | CrewEventRow],
    encounter: EncounterRow,
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    *which: ColumnElement[bool],
) -> datetime | None:
    wheres = (table.encounter_id == encounter.encounter_id, *which)
    newest = work.session.scalar(
        select(func.max(at)).where(table.tenant_id == encounter.tenant_id, *wheres)
    )
    if newest is not None:
        statement = update(table).where(table.tenant_id == encounter.tenant_id, *wheres)
        work.session.execute(
            statement.values(encounter_id=None).execution_options(synchronize_session=False)
        )
    return newest


def _later(
    work: UnitOfWork, gateway: Principal, encounter: EncounterRow, newest: datetime
) -> list[EncounterRow]:
    """The vehicle's encounters after this one that may have lost something to it."""
    statement = (
        select(EncounterRow)
        .where(
            EncounterRow.tenant_id == gateway.tenant_id,
            EncounterRow.vehicle_id == encounter.vehicle_id,
            EncounterRow.started_at > encounter.started_at,
            EncounterRow.started_at <= newest,
        )
        .order_by(EncounterRow.started_at)
    )
    return list(work.session.scalars(statement))
