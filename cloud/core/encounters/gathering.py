"""Everything one encounter hands over, put together for who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cloud.core.devices.identity import info_of
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.acts import record_act
from cloud.core.encounters.crew import attachment
from cloud.core.encounters.finding import find
from cloud.core.encounters.handover import Handover, HandoverDevice, WaveformGap
from cloud.core.encounters.moved import moved_away
from cloud.core.encounters.projections import Projection, project, projected
from cloud.core.encounters.record import ActKind, Coded
from cloud.core.encounters.tables import EncounterRow
from cloud.core.identity.service import tenant
from cloud.core.kernel import audit
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import queries
from cloud.core.observations.gaps import Gap, gaps_among


def gather_handover(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    encounter_id: str,
    detail: str,
    *,
    is_first_page: bool = True,
) -> Handover:
    """Everything an encounter hands over, in time order, as the caller may see it.

    Each export is audited with its detail, an identified one under its own name. That somebody was
    given the identified record is an act of the encounter, and told to who waits for it; the later
    pages of the same export are not told again. NotFoundError, ForbiddenError as `project`.
    """
    row = find(work, principal, encounter_id)
    projection = project(work, vault, principal, row)
    note_export(work, principal, row, projection, detail, is_told=is_first_page)
    return gathered(work, principal, row, projection)


def gather_sent(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    encounter_id: str,
    detail: str,
    *,
    facility_id: str,
) -> Handover:
    """The same for what we send to a facility by ourselves: identified where it is the destination.

    It is audited, and no event is made of it: what is sent follows from one.
    """
    row = find(work, principal, encounter_id)
    is_identified = row.destination == facility_id
    projection = projected(work, vault, principal, row, is_identified=is_identified)
    note_export(work, principal, row, projection, detail)
    return gathered(work, principal, row, projection)


def gathered(
    work: UnitOfWork, principal: Principal, row: EncounterRow, projection: Projection
) -> Handover:
    """The encounter in a projection the caller may see; neither audited nor told."""
    observations = queries.encounter_observations(work, principal, row.encounter_id)
    complaint: Coded | None = projection.record.value("chief_complaint")
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
        sex=projection.patient.sex,
        chief_complaint=None if complaint is None else complaint.display,
        started_at=row.started_at,
        handover_at=row.handover_at,
        destination=row.destination,
        version=row.version,
        updated_at=row.updated_at,
        gateway_ids=tuple(sorted({one.gateway_id for one in observations if one.gateway_id})),
        devices=devices_of(work, principal, {one.device_id for one in observations}),
        observations=observations,
        gaps=_told_gaps(gaps_among(observations)),
        record=projection.record,
        patient=projection.patient,
        identity=projection.identity,
        pictures=_pictures(work, principal, projection),
        moved_away=moved_away(work, principal, row.encounter_id),
    )


def _pictures(work: UnitOfWork, principal: Principal, projection: Projection) -> dict[UUID, bytes]:
    """The photographs whose pieces all came; the pseudonymised record has none."""
    found = {
        one.attachment_id: attachment(work, principal, one.attachment_id)
        for one in projection.record.photographs
    }
    return {name: octets for name, octets in found.items() if octets is not None}


def devices_of(
    work: UnitOfWork, principal: Principal, device_ids: set[str]
) -> tuple[HandoverDevice, ...]:
    """These devices as a handover shows them, by id."""
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


def gaps_of(work: UnitOfWork, principal: Principal, encounter_id: str) -> tuple[WaveformGap, ...]:
    """What is missing of an encounter's live waveforms."""
    return _told_gaps(queries.waveform_gaps(work, principal, encounter_id))


def _told_gaps(gaps: Iterable[Gap]) -> tuple[WaveformGap, ...]:
    return tuple(
        WaveformGap(
            device_id=gap.device_id,
            type_cf=gap.type_cf,
            from_at=gap.from_at,
            to_at=gap.to_at,
            samples=gap.samples,
        )
        for gap in gaps
    )


def note_export(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    projection: Projection,
    detail: str,
    *,
    is_told: bool = False,
) -> None:
    """Audit an export; with `is_told`, an identified one is an act of the encounter as well."""
    kind = "export-identified" if projection.is_identified else "export"
    audit.record(work, principal, f"{kind}-{detail}", "encounter", row.encounter_id)
    if is_told and projection.is_identified:
        told = {"facility_id": row.destination, "detail": detail, "is_export": True}
        record_act(work, principal, row, ActKind.EXPORTED, told, told=told, is_change=False)
