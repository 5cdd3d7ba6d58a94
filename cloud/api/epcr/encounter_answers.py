"""Encounters to the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, cast

from cloud.api.epcr.device_answers import code_name, unit_name
from cloud.api.epcr.encounter_models import (
    CrewEventModel,
    CrewModel,
    DestinationModel,
    EarlyWarningModel,
    EncounterDeviceModel,
    EncounterModel,
    GapModel,
    PointsModel,
)
from cloud.api.epcr.patient_models import PatientModel
from cloud.api.epcr.record_answers import patient_model, record_members
from cloud.api.epcr.record_models import CodedModel, VitalModel
from cloud.core.encounters.crew import to_event
from cloud.core.encounters.deeds import plain_deed
from cloud.core.encounters.early_warning import EarlyWarning
from cloud.core.encounters.handover import HandoverDevice
from cloud.core.encounters.service import EncounterView
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations.queries import Count
from cloud.core.observations.tables import ObservationRow
from protocols.model.crew import CrewEvent
from protocols.model.early_warning import Parameters


def encounter_model(row: EncounterRow) -> EncounterModel:
    """The head of an encounter, pseudonymised."""
    return EncounterModel(
        id=row.encounter_id,
        organization_id=row.tenant_id,
        care_model=row.care_model,
        status=cast("Any", row.status),
        vehicle_id=row.vehicle_id,
        crew=[CrewModel(id=crew_id) for crew_id in row.crew_ids],
        cad_incident_id=row.cad_incident_id,
        started_at=row.started_at,
        eta_at=row.eta_at,
        handover_at=row.handover_at,
        patient=PatientModel(pseudonym=row.patient_pseudonym, sex=row.sex),
        chief_complaint=(
            None if row.chief_complaint is None else CodedModel(**row.chief_complaint)
        ),
        triage=row.triage,
        destination=(
            None if row.destination is None else DestinationModel(facility_id=row.destination)
        ),
        duplicate_of=row.duplicate_of,
        version=row.version,
        updated_at=row.updated_at,
    )


def encounter_view_model(view: EncounterView) -> EncounterModel:
    """An encounter as its reader may see it, with its readings, devices and gaps."""
    seen = view.projection
    members = record_members(
        seen.record, is_identified=seen.is_identified, has_narrative=seen.has_narrative
    )
    readings = [vital for row in view.vitals for vital in _vitals(row)]
    members["vitals"] = sorted([*readings, *members["vitals"]], key=lambda vital: vital.at)
    row = view.row
    return encounter_model(row).model_copy(
        update={
            **members,
            "patient": patient_model(seen),
            "destination": (
                None
                if row.destination is None
                else DestinationModel(facility_id=row.destination, name=view.destination_name)
            ),
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
            "events": [_shown(view, to_event(event)) for event in view.crew_events],
            "early_warning": _early_warning(view.early_warning),
        }
    )


def _early_warning(found: EarlyWarning | None) -> EarlyWarningModel | None:
    """None of a patient of whom nothing the score needs is known."""
    if found is None or (found.known == Parameters() and not found.unfit):
        return None
    score = found.score
    return EarlyWarningModel(
        at=found.at,
        total=score.total,
        least=score.least,
        risk=None if score.risk is None else score.risk.value,
        red=score.has_red,
        unfit=found.unfit or None,
        parts=[PointsModel(name=part.name, points=part.points) for part in score.parts],
        missing=list(score.missing),
    )


def crew_event_model(event: CrewEvent) -> CrewEventModel:
    """A deed of the crew; what is empty is left out."""
    return CrewEventModel(
        id=str(event.event_id),
        kind=event.kind,
        at=event.at,
        by=event.by or None,
        text=event.text or None,
        details=dict(event.details),
        undoes=None if event.undoes is None else str(event.undoes),
    )


def _shown(view: EncounterView, event: CrewEvent) -> CrewEventModel:
    if view.projection.is_identified:
        return crew_event_model(event)
    return crew_event_model(plain_deed(event, view.row.crew_ids))


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
