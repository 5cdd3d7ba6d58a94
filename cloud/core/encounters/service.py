"""What callers can ask of encounters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import tuple_
from sqlalchemy.exc import IntegrityError

from cloud.core.devices.gateways import note_vehicle
from cloud.core.devices.identity import info_of
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.binding import claim_crew_events, claim_readings
from cloud.core.encounters.crew import crew_events
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.handover import Handover, HandoverDevice, WaveformGap
from cloud.core.encounters.lifecycle import CLOSED, Status, Step, after
from cloud.core.encounters.tables import EncounterRow
from cloud.core.identity.service import pseudonym, tenant
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id, uuid_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import queries
from cloud.core.observations.tables import ObservationRow

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
    """What dispatch knows. `person_id` is turned into a pseudonym and not kept."""

    care_model: str
    vehicle_id: str
    crew_ids: Sequence[str]
    cad_incident_id: str
    started_at: datetime | None = None
    person_id: str | None = None
    sex: str | None = None
    chief_complaint: dict[str, str] | None = None
    triage: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterFilter:
    """Which encounters a list shall hold; None means any."""

    status: str | None = None
    since: datetime | None = None
    vehicle_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterView:
    """One encounter with what its devices gave so far; `vitals` are its newest numbers."""

    row: EncounterRow
    devices: Sequence[HandoverDevice] = field(default_factory=tuple)
    counts: Sequence[queries.Count] = field(default_factory=tuple)
    gaps: Sequence[WaveformGap] = field(default_factory=tuple)
    vitals: Sequence[ObservationRow] = field(default_factory=tuple)
    vitals_total: int = 0
    crew_events: Sequence[CrewEventRow] = ()


def create(
    work: UnitOfWork, principal: Principal, vault: Vault, wanted: NewEncounter
) -> tuple[EncounterRow, bool]:
    """The encounter of an incident and vehicle, and whether it is new.

    A new one takes over the vehicle's readings since its start that belong to none.
    InvalidError `started_at_ahead` for a start more than five minutes ahead.
    """
    existing = _of_incident(work, principal, wanted)
    if existing is not None:
        audit.record(work, principal, "read", "encounter", existing.encounter_id)
        return existing, False
    started_at = wanted.started_at or work.now
    if started_at > work.now + AHEAD:
        raise InvalidError("started_at_ahead", "Send a start that is not in the future.")
    encounter_id = new_id("enc")
    owner = tenant(work, principal.tenant_id)
    row = EncounterRow(
        encounter_id=encounter_id,
        tenant_id=principal.tenant_id,
        status=Status.IN_PROGRESS.value,
        care_model=wanted.care_model,
        vehicle_id=wanted.vehicle_id,
        cad_incident_id=wanted.cad_incident_id,
        crew_ids=list(wanted.crew_ids),
        patient_pseudonym=pseudonym(vault, owner, wanted.person_id or encounter_id),
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
    claimed = claim_readings(work, principal, row)
    claim_crew_events(work, principal, row)
    audit.record(work, principal, "create", "encounter", encounter_id)
    _publish(work, row, "epcr.encounter.created", {"claimed_readings": claimed})
    return row, True


def get(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """One encounter of the caller's tenant; the read is audited. NotFoundError otherwise."""
    row = find(work, principal, encounter_id)
    audit.record(work, principal, "read", "encounter", encounter_id)
    return row


def find(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterRow:
    """One encounter of the caller's tenant without an audit entry, for acts that have their own."""
    row = work.session.scalars(
        scoped(principal, EncounterRow).where(EncounterRow.encounter_id == encounter_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            "encounter_not_found", "Use the id of an encounter of your organisation."
        )
    return row


def view(work: UnitOfWork, principal: Principal, encounter_id: str) -> EncounterView:
    """One encounter with its devices, counts and gaps; the read is audited."""
    row = get(work, principal, encounter_id)
    counts = queries.counts(work, principal, encounter_id)
    vitals, total = queries.newest_numbers(work, principal, encounter_id, limit=VITALS)
    return EncounterView(
        row=row,
        devices=_devices(work, principal, {count.device_id for count in counts}),
        counts=counts,
        gaps=_gaps(work, principal, encounter_id),
        vitals=vitals,
        vitals_total=total,
        crew_events=crew_events(work, principal, encounter_id),
    )


def listing(
    work: UnitOfWork,
    principal: Principal,
    wanted: EncounterFilter,
    *,
    after_row: tuple[datetime, str] | None,
    limit: int,
) -> list[EncounterRow]:
    """Encounters by their last change, oldest first; `since` is inclusive. The read is audited."""
    statement = scoped(principal, EncounterRow)
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


def hand_over(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    *,
    facility_id: str,
    received_by: str,
) -> EncounterRow:
    """Hand the patient over; the same handover again changes nothing.

    ConflictError `already_handed_over` when it went elsewhere, `invalid_transition` when its
    status does not allow it.
    """
    row = find(work, principal, encounter_id)
    if row.status == Status.HANDED_OVER and row.destination is not None:
        if (row.destination, row.received_by) != (facility_id, received_by):
            raise ConflictError(
                "already_handed_over", "Read the encounter: it was handed over before."
            )
        return row
    transition(work, row, Step.HAND_OVER)
    row.destination, row.received_by, row.handover_at = facility_id, received_by, work.now
    audit.record(work, principal, "hand-over", "encounter", encounter_id)
    _publish(work, row, "epcr.encounter.handed_over", {"facility_id": facility_id})
    return row


def transition(work: UnitOfWork, row: EncounterRow, step: Step) -> None:
    """Move an encounter one step; ConflictError when the table does not hold the step."""
    row.status = after(Status(row.status), step).value
    row.version += 1
    row.updated_at = work.now
    if row.closed_at is None and Status(row.status) in CLOSED:
        row.closed_at = work.now


def gather_handover(
    work: UnitOfWork, principal: Principal, encounter_id: str, detail: str
) -> Handover:
    """Everything an encounter hands over, in time order; the export is audited with its detail."""
    row = find(work, principal, encounter_id)
    audit.record(work, principal, f"export-{detail}", "encounter", encounter_id)
    observations = queries.encounter_observations(work, principal, encounter_id)
    complaint = row.chief_complaint or {}
    return Handover(
        tenant_id=principal.tenant_id,
        tenant_name=tenant(work, principal.tenant_id).name,
        encounter_id=row.encounter_id,
        encounter_uuid=uuid_of(row.encounter_id),
        status=row.status,
        care_model=row.care_model,
        vehicle_id=row.vehicle_id,
        crew_ids=tuple(row.crew_ids),
        cad_incident_id=row.cad_incident_id,
        patient_pseudonym=row.patient_pseudonym,
        sex=row.sex,
        chief_complaint=complaint.get("display"),
        started_at=row.started_at,
        handover_at=row.handover_at,
        destination=row.destination,
        version=row.version,
        updated_at=row.updated_at,
        gateway_ids=tuple(sorted({one.gateway_id for one in observations if one.gateway_id})),
        devices=_devices(work, principal, {one.device_id for one in observations}),
        observations=observations,
        gaps=_gaps(work, principal, encounter_id),
    )


def _of_incident(
    work: UnitOfWork, principal: Principal, wanted: NewEncounter
) -> EncounterRow | None:
    return work.session.scalars(
        scoped(principal, EncounterRow).where(
            EncounterRow.cad_incident_id == wanted.cad_incident_id,
            EncounterRow.vehicle_id == wanted.vehicle_id,
        )
    ).one_or_none()


def _devices(
    work: UnitOfWork, principal: Principal, device_ids: set[str]
) -> tuple[HandoverDevice, ...]:
    statement = (
        scoped(principal, DeviceRow)
        .where(DeviceRow.device_id.in_(device_ids))
        .order_by(DeviceRow.device_id)
    )
    return tuple(
        HandoverDevice(
            device_id=row.device_id,
            device_class=row.device_class,
            status=row.status,
            info=info_of(row),
        )
        for row in work.session.scalars(statement)
    )


def _gaps(work: UnitOfWork, principal: Principal, encounter_id: str) -> tuple[WaveformGap, ...]:
    return tuple(
        WaveformGap(
            device_id=gap.device_id,
            type_cf=gap.type_cf,
            from_at=gap.from_at,
            to_at=gap.to_at,
            samples=gap.samples,
        )
        for gap in queries.waveform_gaps(work, principal, encounter_id)
    )


def _publish(
    work: UnitOfWork, row: EncounterRow, event_type: str, data: dict[str, str | int]
) -> None:
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=event_type,
        resource_type="encounter",
        resource_id=row.encounter_id,
        data={"status": row.status, "vehicle_id": row.vehicle_id, **data},
    )
