"""What people told of an encounter, as the board shows it. Who the patient is, is not among it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from cloud.core.encounters.outlines import age_band
from cloud.core.encounters.record import (
    Act,
    ActKind,
    Allergy,
    Coded,
    EncounterRecord,
    Item,
    Medication,
    PatientIdentity,
    Procedure,
    Vital,
)
from cloud.core.encounters.tables import EncounterRow

_VITAL_NAMES: Final[Mapping[str, str]] = {
    "heart_rate": "Heart rate",
    "spo2": "SpO\u2082",
    "respiration_rate": "Respiration rate",
    "blood_pressure": "Blood pressure",
    "etco2": "etCO\u2082",
    "temperature": "Temperature",
    "glucose": "Glucose",
    "gcs": "GCS",
    "avpu": "AVPU",
    "pain": "Pain",
    "fast": "FAST",
    "news2": "NEWS2",
    "oxygen": "Oxygen",
    "rhythm": "Rhythm",
    "pupils": "Pupils",
    "pef": "Peak flow",
    "weight": "Weight",
}
_ACT_WORDS: Final[Mapping[str, str]] = {
    ActKind.PRE_ALERT: "Pre-alert sent",
    ActKind.DESTINATION_CHANGED: "Destination changed",
    ActKind.VEHICLE_CHANGED: "Vehicle changed",
    ActKind.MADE_READY: "Ready for handover",
    ActKind.HANDED_OVER: "Handed over",
    ActKind.ACKNOWLEDGED: "Acknowledged by the hospital",
    ActKind.REFUSED: "Care refused",
    ActKind.COMPLETED: "Completed",
    ActKind.CANCELLED: "Cancelled",
    ActKind.DUPLICATE: "Marked as a duplicate",
    ActKind.AMENDED: "Amended",
    ActKind.PATIENT_IDENTIFIED: "Patient identified",
    ActKind.PATIENT_CORRECTED: "Patient corrected",
    ActKind.PATIENT_UNLINKED: "Patient unlinked",
    ActKind.READINGS_MOVED: "Readings moved",
}
_UNITS: Final = {"mm[Hg]": "mmHg", "Cel": "\u00b0C", "[degF]": "\u00b0F", "{score}": ""}
_LONGEST: Final = 500


def record_payload(record: EncounterRecord) -> dict[str, object]:
    """All of it that a receiving team reads."""
    alert, handed = record.newest(ActKind.PRE_ALERT), record.newest(ActKind.HANDED_OVER)
    return {
        "medications": [_medication(one) for one in record.medications],
        "procedures": [_procedure(one) for one in record.procedures],
        "vitals": [_vital(one) for one in record.vitals],
        "impressions": [_told(one, one.code.display) for one in record.impressions],
        "allergies": [_allergy(one) for one in record.allergies],
        "history": [_told(one, one.code.display, kind=one.kind) for one in record.history],
        "notes": [_told(one, one.text) for one in record.notes],
        "narrative": text_of(record.value("narrative")),
        "narrative_at": record.fields["narrative"].at.isoformat()
        if "narrative" in record.fields
        else None,
        "pre_alert": None if alert is None else pre_alert_words(alert),
        "acts": [_act(one) for one in record.acts if one.kind in _ACT_WORDS],
        "handover": None if handed is None else _act(handed),
        "acknowledged": _acknowledged(record),
    }


def pre_alert_words(act: Act) -> dict[str, object]:
    """What the crew said ahead, and when; the words only where they may be read."""
    resources = act.data.get("resources") or ()
    return {
        "text": text_of(act.data.get("summary")),
        "at": act.at.isoformat(),
        "resources": [text_of(one) for one in resources],
    }


def identity_payload(identity: PatientIdentity) -> dict[str, object]:
    """Who the patient is, for whom it is told."""
    name = ", ".join(filter(None, (identity.family_name.upper(), identity.given_name)))
    return {
        "name": name or "Name not known",
        "birth_date": identity.birth_date,
        "nhs_number": nhs_words(identity),
    }


def nhs_words(identity: PatientIdentity) -> str:
    """The number in the usual groups, and what it is worth; empty without one."""
    number = identity.nhs_number
    if not number:
        return ""
    grouped = f"{number[:3]} {number[3:6]} {number[6:]}" if len(number) == 10 else number
    return f"{grouped} ({identity.nhs_number_status})"


def age_years(record: EncounterRecord) -> int | None:
    """The patient's age as it was told."""
    age = record.value("patient.age_years")
    return int(age) if isinstance(age, int | Decimal) else None


def patient_words(row: EncounterRow, record: EncounterRecord) -> str:
    """Sex and age, as far as they may be told under the pseudonym."""
    band = age_band(age_years(record))
    sex = text_of(record.value("patient.sex")) or row.sex or ""
    return ", ".join(filter(None, (sex, band and f"{band} years")))


def text_of(value: object) -> str:
    """A value in words: the name of what is coded, and whatever else as it is."""
    if isinstance(value, Coded):
        return value.display or value.code
    if isinstance(value, Mapping):
        return str(value.get("display") or value.get("code") or "")[:_LONGEST]
    return "" if value is None else str(value)[:_LONGEST]


def value_words(one: Vital) -> str:
    """The values of a finding in a line."""
    parts = {name: str(value) for name, value in one.values}
    unit = f" {_UNITS.get(one.unit, one.unit)}" if one.unit not in ("", "1") else ""
    if one.type == "blood_pressure":
        pair = f"{parts.get('systolic', '-')}/{parts.get('diastolic', '-')}"
        mean = f" (mean {parts['mean']})" if "mean" in parts else ""
        return f"{pair}{mean}{unit}"
    main = parts.pop("value", None) or parts.pop("total", None) or parts.pop("result", None)
    rest = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in parts.items())
    if main is None:
        return f"{rest}{unit}"
    return f"{main}{unit}" + (f" ({rest})" if rest else "")


def absence_words(one: Item) -> str:
    """Why nothing was done or found, empty where something was."""
    if one.not_done:
        return f"not done: {one.not_done.value.replace('_', ' ')}"
    return f"no value: {one.not_value.value.replace('_', ' ')}" if one.not_value else ""


def vital_name(kind: str) -> str:
    """A finding as people call it."""
    return _VITAL_NAMES.get(kind, kind.replace("_", " "))


def dose_words(one: Medication) -> str:
    """Dose and route in a line."""
    dose = "" if one.dose is None else f"{one.dose} {one.unit}".rstrip()
    return " ".join(filter(None, (dose, text_of(one.route))))


def procedure_words(one: Procedure) -> str:
    """How it went, in a line."""
    outcome = {None: "", True: "successful", False: "not successful"}[one.success]
    attempts = f"{one.attempts} attempts" if one.attempts > 1 else ""
    return ", ".join(filter(None, (one.body_site, outcome, attempts, one.complication)))


def _told(one: Item, text: str, **more: object) -> dict[str, Any]:
    return {
        "id": str(one.item_id),
        "at": one.at.isoformat(),
        "text": text[:_LONGEST],
        "detail": one.note[:_LONGEST],
        "absent": absence_words(one),
        "before": one.before_arrival,
        **more,
    }


def _medication(one: Medication) -> dict[str, Any]:
    return _told(one, one.code.display, dose=dose_words(one))


def _procedure(one: Procedure) -> dict[str, Any]:
    return _told(one, one.code.display, dose=procedure_words(one))


def _vital(one: Vital) -> dict[str, Any]:
    return _told(one, vital_name(one.type), dose=value_words(one), source=one.source)


def _allergy(one: Allergy) -> dict[str, Any]:
    words = {"no_known": "No known allergies", "not_asked": "Allergies not asked"}
    name = words.get(one.status) or (one.code.display if one.code else "Allergy")
    return _told(one, name, dose=one.reaction)


def _act(act: Act) -> dict[str, object]:
    return {
        "id": str(act.act_id),
        "kind": act.kind,
        "at": act.at.isoformat(),
        "text": _ACT_WORDS.get(ActKind(act.kind), act.kind),
        "by": text_of(act.data.get("received_by") or act.data.get("acknowledged_by")),
    }


def _acknowledged(record: EncounterRecord) -> dict[str, object] | None:
    """The newest acknowledgement, and of what it is: the pre-alert, or the handover."""
    found = record.newest(ActKind.ACKNOWLEDGED)
    return None if found is None else {**_act(found), "of": text_of(found.data.get("of"))}
