"""Encounters as a caller may see them, without their readings: what a page of a search needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.projections import (
    Projection,
    projected,
    pseudonymised,
    sees_identity,
)
from cloud.core.encounters.record import Coded, EncounterRecord
from cloud.core.encounters.record_codec import record_in
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import versions_of
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork


def projection_of(
    work: UnitOfWork, vault: Vault, principal: Principal, row: EncounterRow
) -> Projection:
    """What a caller who may read the encounter sees of it."""
    is_identified = sees_identity(work, principal, row)
    return projected(work, vault, principal, row, is_identified=is_identified)


def handover_of(owner: TenantRow, row: EncounterRow, projection: Projection) -> Handover:
    """One encounter of a tenant with what people told, without readings and devices."""
    complaint: Coded | None = projection.record.value("chief_complaint")
    return Handover(
        tenant_id=row.tenant_id,
        tenant_name=owner.name,
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
        gateway_ids=(),
        devices=(),
        observations=(),
        record=projection.record,
        patient=projection.patient,
        identity=projection.identity,
    )


def former_records(
    work: UnitOfWork, principal: Principal, row: EncounterRow, *, is_identified: bool
) -> Iterator[tuple[int, datetime, EncounterRecord]]:
    """The record as it stood earlier, newest first, with its version and when that was kept."""
    for kept in reversed(versions_of(work, principal, row.encounter_id)):
        if kept.version < row.version:
            record = record_in(kept.record)
            plain = record if is_identified else pseudonymised(record, list(row.crew_ids))
            yield kept.version, kept.at, plain
