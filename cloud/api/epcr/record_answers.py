"""A projection's record to the wire."""

from __future__ import annotations

from typing import Any

from cloud.api.epcr.patient_models import IdentityModel, PatientModel
from cloud.api.epcr.record_models import (
    AllergyModel,
    CodedModel,
    HistoryModel,
    ImpressionModel,
    MedicationModel,
    NoteModel,
    PhotographModel,
    ProcedureModel,
    VitalModel,
)
from cloud.core.encounters.projections import Projection
from cloud.core.encounters.record import Coded, EncounterRecord, Item, Vital


def record_members(
    record: EncounterRecord, *, is_identified: bool, has_narrative: bool
) -> dict[str, Any]:
    """The members of `RecordModel`, of a record as its reader may see it."""
    members: dict[str, Any] = {
        "call_at": record.time("call"),
        "on_scene_at": record.time("on_scene"),
        "left_scene_at": record.time("left_scene"),
        "at_hospital_at": record.time("at_destination"),
        "chief_complaint": coded_model(record.value("chief_complaint")),
        "triage": record.value("triage"),
        "acuity": record.value("acuity"),
        "disposition": record.value("disposition"),
        "alerts": list(record.alerts),
        "narrative_available": has_narrative,
        "impression": [
            ImpressionModel(**_entry(one), **_coded(one.code), primary=one.is_primary)
            for one in record.impressions
        ],
        "medications": [
            MedicationModel(
                **_entry(one),
                **_coded(one.code),
                dose=one.dose,
                unit=one.unit or None,
                route=coded_model(one.route),
            )
            for one in record.medications
        ],
        "procedures": [
            ProcedureModel(
                **_entry(one),
                **_coded(one.code),
                success=one.success,
                attempts=one.attempts,
                complication=one.complication or None,
                body_site=one.body_site or None,
            )
            for one in record.procedures
        ],
        "vitals": [vital_model(one) for one in record.vitals],
    }
    return members | _identified(record) if is_identified else members


def patient_model(projection: Projection) -> PatientModel:
    """The patient, as the caller may see them."""
    outline, identity = projection.patient, projection.identity
    return PatientModel(
        pseudonym=outline.pseudonym,
        status=outline.status,
        age_band=outline.age_band,
        sex=outline.sex,
        postcode_area=outline.postcode_area,
        identity=None
        if identity is None
        else IdentityModel.model_validate(identity, from_attributes=True),
    )


def vital_model(vital: Vital) -> VitalModel:
    """A finding of the crew."""
    values = dict(vital.values)
    value = values.get("value")
    is_single = len(values) == 1 and value is not None and not isinstance(value, str)
    return VitalModel(
        **_entry(vital),
        type=vital.type,
        value=value if is_single and not isinstance(value, str) else None,
        values=None if is_single or not values else dict(values),
        unit=vital.unit or None,
        source=vital.source,
    )


def coded_model(coded: Coded | None) -> CodedModel | None:
    """A coded text, None where there is none."""
    return None if coded is None else CodedModel(**_coded(coded))


def _identified(record: EncounterRecord) -> dict[str, Any]:
    return {
        "narrative": record.value("narrative"),
        "allergies": [
            AllergyModel(
                **_entry(one),
                status=one.status,
                substance=coded_model(one.code),
                reaction=one.reaction or None,
            )
            for one in record.allergies
        ],
        "history": [
            HistoryModel(**_entry(one), **_coded(one.code), kind=one.kind) for one in record.history
        ],
        "photographs": [
            PhotographModel(
                **_entry(one),
                attachment_id=str(one.attachment_id),
                media_type=one.media_type,
                octets=one.octets,
                sha256=one.sha256,
            )
            for one in record.photographs
        ],
        "notes": [NoteModel(**_entry(one), text=one.text) for one in record.notes],
    }


def _entry(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.item_id),
        "at": item.at,
        "by": item.by or None,
        "before_arrival": item.before_arrival or None,
        "not_done": item.not_done,
        "not_value": item.not_value,
        "note": item.note or None,
        "flags": list(item.flags) or None,
    }


def _coded(coded: Coded) -> dict[str, Any]:
    return {
        "code": coded.code or None,
        "system": coded.system or None,
        "display": coded.display,
    }
