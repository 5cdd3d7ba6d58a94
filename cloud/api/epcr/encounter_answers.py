"""Encounters to the partner's projection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, cast

from cloud.api.epcr.device_answers import code_name, unit_name
from cloud.api.epcr.encounter_models import (
    CodedModel,
    CrewEventModel,
    CrewModel,
    EncounterDeviceModel,
    EncounterModel,
    GapModel,
    PatientModel,
    VitalModel,
)
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.handover import HandoverDevice
from cloud.core.encounters.service import EncounterView
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations.queries import Count
from cloud.core.observations.tables import ObservationRow


def encounter_model(row: EncounterRow) -> EncounterModel:
    """The head of an encounter."""
    return EncounterModel(
        id=row.encounter_id,
        organization_id=row.tenant_id,
        care_model=row.care_model,
        status=cast("Any", row.status),
        vehicle_id=row.vehicle_id,
        crew=[CrewModel(id=crew_id) for crew_id in row.crew_ids],
        cad_incident_id=row.cad_incident_id,
        started_at=row.started_at,
        handover_at=row.handover_at,
        patient=PatientModel(pseudonym=row.patient_pseudonym, sex=row.sex),
        chief_complaint=(
            None if row.chief_complaint is None else CodedModel(**row.chief_complaint)
        ),
        triage=row.triage,
        destination=None if row.destination is None else {"facility_id": row.destination},
        version=row.version,
        updated_at=row.updated_at,
    )


def encounter_view_model(view: EncounterView) -> EncounterModel:
    """An encounter with its readings, devices and gaps."""
    head = encounter_model(view.row)
    return head.model_copy(
        update={
            "vitals": [vital for row in view.vitals for vital in _vitals(row)],
            "vitals_total": view.vitals_total,
            "devices": [_device(device, view.counts) for device in view.devices],
            "gaps": [
                GapModel(
                    device_id=gap.device_id,
                    mdc_code=code_name(gap.type_cf),
                    from_at=gap.from_at,
                    to_at=gap.to_at,
                    samples=gap.samples,
                )
                for gap in view.gaps
            ],
            "events": [_crew_event(event) for event in view.crew_events],
        }
    )


def _vitals(row: ObservationRow) -> Iterator[VitalModel]:
    numbers: list[tuple[int, int, Decimal | None]] = (
        [(row.type_cf, row.unit_term or 0, row.value)]
        if row.components is None
        else [
            (code, unit, None if digits is None else Decimal(digits))
            for code, unit, digits, _ in row.components
        ]
    )
    for code, unit, value in numbers:
        if value is not None:
            yield VitalModel(
                at=row.observed_at,
                type=code_name(code),
                value=value,
                unit=unit_name(unit),
                device_id=row.device_id,
                flags=list(row.flags),
            )


def _crew_event(row: CrewEventRow) -> CrewEventModel:
    return CrewEventModel(
        id=str(row.event_id),
        kind=row.kind,
        at=row.happened_at,
        by=row.reported_by,
        text=row.text,
        details=dict(row.details),
        undoes=None if row.undoes is None else str(row.undoes),
    )


def _device(device: HandoverDevice, counts: Sequence[Count]) -> EncounterDeviceModel:
    mine = [count for count in counts if count.device_id == device.device_id]
    return EncounterDeviceModel(
        id=device.device_id,
        device_class=device.device_class,
        status=device.status,
        manufacturer=device.info.manufacturer,
        model=device.info.model,
        observations=sum(count.rows for count in mine if not count.samples),
        waveforms=sum(count.rows for count in mine if count.samples),
        samples=sum(count.samples for count in mine),
    )
