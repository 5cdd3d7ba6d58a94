"""What callers can ask of encounters: opened, read, listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import tuple_
from sqlalchemy.exc import IntegrityError

from cloud.core.devices.gateways import note_vehicle
from cloud.core.encounters.acts import record_act
from cloud.core.encounters.binding import claim_crew_events
from cloud.core.encounters.claiming import claim_readings
from cloud.core.encounters.crew import crew_events
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.early_warning import EarlyWarning, early_warning_of
from cloud.core.encounters.finding import find
from cloud.core.encounters.gathering import devices_of, gaps_of
from cloud.core.encounters.handover import HandoverDevice, WaveformGap
from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.patients import ToldPatient, begin_patient, own_pseudonym
from cloud.core.encounters.projections import Projection, check_facility, note_read, project
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.identity.service import site_name
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_READ
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import queries
from cloud.core.observations.tables import ObservationRow

__all__ = [
    "CARE_MODELS",
    "EncounterFilter",
    "EncounterView",
    "NewEncounter",
    "create",
    "find",
    "get",
    "listing",
    "view",
]

CARE_MODELS: Final = (
    "prehospital_emergency",
    "interfacility_transfer",
    "community_paramedicine",
    "hospital_at_home",
    "event_medical",
    "mass_casualty",
)
AHEAD: Final = timedelta(minutes=5)
VITALS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEncounter:
    """What dispatch knows. Of `patient.person_id` only a pseudonym is kept."""

    care_model: str
    vehicle_id: str
    crew_ids: Sequence[str]
    cad_incident_id: str
    started_at: datetime | None = None
    patient: ToldPatient | None = None
    sex: str | None = None
    chief_complaint: dict[str, str] | None = None
    triage: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterFilter:
    """Which encounters a list shall hold; None means any."""

    status: str | None = None
    since: datetime | None = None
    vehicle_id: str | None = None
    facility_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterView:
    """One encounter with what its devices gave so far; `vitals` are its newest numbers."""

    row: EncounterRow
    projection: Projection
    devices: Sequence[HandoverDevice] = field(default_factory=tuple)
    counts: Sequence[queries.Count] = field(default_factory=tuple)
    gaps: Sequence[WaveformGap] = field(default_factory=tuple)
    vitals: Sequence[ObservationRow] = field(default_factory=tuple)
    vitals_total: int = 0
    destination_name: str | None = None
    crew_events: Sequence[CrewEventRow] = ()
    early_warning: EarlyWarning | None = None


def create(
    work: UnitOfWork, principal: Principal, vault: Vault, wanted: NewEncounter
) -> tuple[EncounterRow, bool]:
    """The encounter of an incident and vehicle, and whether it is new.

    A new one takes over the vehicle's readings since its start that belong to none.
    InvalidError `started_at_ahead` for a start more than five minutes ahead, and as `identify`.
    """
    existing = _of_incident(work, principal, wanted)
    if existing is not None:
        audit.record(work, principal, "read", "encounter", existing.encounter_id)
        return existing, False
    started_at = wanted.started_at or work.now
    if started_at > work.now + AHEAD:
        raise InvalidError("started_at_ahead", "Send a start that is not in the future.")
    encounter_id = new_id("enc")
    row = EncounterRow(
        encounter_id=encounter_id,
        tenant_id=principal.tenant_id,
        status=Status.IN_PROGRESS.value,
        care_model=wanted.care_model,
        vehicle_id=wanted.vehicle_id,
        cad_incident_id=wanted.cad_incident_id,
        crew_ids=list(wanted.crew_ids),
        patient_pseudonym=own_pseudonym(work, vault, principal, encounter_id),
        sex=wanted.sex,
        chief_complaint=wanted.chief_complaint,
        triage=wanted.triage,
        started_at=started_at,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    note_vehicle(work, principal.tenant_id, wanted.vehicle_id)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError:
        # A parallel call for the same incident was faster.
        winner = _of_incident(work, principal, wanted)
        if winner is None:
            raise
        return winner, False
    if wanted.patient is not None:
        begin_patient(work, vault, principal, row, wanted.patient)
    claimed = claim_readings(work, principal, row)
    claim_crew_events(work, principal, row)
    record_act(
        work,
        principal,
        row,
        ActKind.CREATED,
        {"cad_incident_id": row.cad_incident_id},
        told={"claimed_readings": claimed},
        is_change=False,
    )
    return row, True


def get(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """One encounter of the caller's tenant; the read is audited. NotFoundError otherwise."""
    row = find(work, principal, encounter_id)
    audit.record(work, principal, "read", "encounter", encounter_id)
    return row


def view(work: UnitOfWork, vault: Vault, principal: Principal, encounter_id: str) -> EncounterView:
    """One encounter as the caller may see it, with its devices, counts and gaps.

    The read is audited, an identified one under its own name. ForbiddenError as `project`.
    """
    row = find(work, principal, encounter_id)
    projection = project(work, vault, principal, row)
    note_read(work, principal, row, is_identified=projection.is_identified)
    counts = queries.counts(work, principal, encounter_id)
    vitals, total = queries.newest_numbers(work, principal, encounter_id, limit=VITALS)
    return EncounterView(
        row=row,
        projection=projection,
        devices=devices_of(work, principal, {count.device_id for count in counts}),
        counts=counts,
        gaps=gaps_of(work, principal, encounter_id),
        vitals=vitals,
        vitals_total=total,
        destination_name=None
        if row.destination is None
        else site_name(work, principal, row.destination),
        crew_events=crew_events(work, principal, encounter_id),
        # Of the whole record: the age, which partners do not see, says whether there is a score.
        early_warning=early_warning_of(work, principal, row, record_of(work, principal, row)),
    )


def listing(
    work: UnitOfWork,
    principal: Principal,
    wanted: EncounterFilter,
    *,
    after_row: tuple[datetime, str] | None,
    limit: int,
) -> list[EncounterRow]:
    """Encounters by their last change, oldest first; `since` is inclusive. The read is audited.

    Who may see nothing but what comes to them is shown the encounters of their own facility;
    ForbiddenError `not_the_destination` where they have none.
    """
    statement = scoped(principal, EncounterRow)
    if not principal.may(EPCR_READ):
        own = check_facility(work, principal)
        statement = statement.where(EncounterRow.destination == own)
    if wanted.facility_id is not None:
        statement = statement.where(EncounterRow.destination == wanted.facility_id)
    if wanted.status is not None:
        statement = statement.where(EncounterRow.status == wanted.status)
    if wanted.since is not None:
        statement = statement.where(EncounterRow.updated_at >= wanted.since)
    if wanted.vehicle_id is not None:
        statement = statement.where(EncounterRow.vehicle_id == wanted.vehicle_id)
    if after_row is not None:
        statement = statement.where(
            tuple_(EncounterRow.updated_at, EncounterRow.encounter_id) > tuple_(*after_row)
        )
    statement = statement.order_by(EncounterRow.updated_at, EncounterRow.encounter_id)
    audit.record(work, principal, "list", "encounter", "*")
    return list(work.session.scalars(statement.limit(limit)))


def _of_incident(
    work: UnitOfWork, principal: Principal, wanted: NewEncounter
) -> EncounterRow | None:
    return work.session.scalars(
        scoped(principal, EncounterRow).where(
            EncounterRow.cad_incident_id == wanted.cad_incident_id,
            EncounterRow.vehicle_id == wanted.vehicle_id,
        )
    ).one_or_none()
