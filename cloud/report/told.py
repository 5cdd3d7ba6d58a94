"""What people told, as rows of tables: times of the mission, medicines, procedures, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import (
    TIMES,
    Allergy,
    Coded,
    EncounterRecord,
    Item,
    PatientIdentity,
    Vital,
)

_TIME_NAMES: Final[Mapping[str, str]] = {
    "call": "Call",
    "dispatch_notified": "Dispatch notified",
    "unit_notified": "Unit notified",
    "en_route": "En route",
    "on_scene": "On scene",
    "at_patient": "At patient",
    "left_scene": "Left scene",
    "at_destination": "At destination",
    "handover": "Handover",
    "back_in_service": "Back in service",
}
_VITALS: Final[Mapping[str, str]] = {
    "heart_rate": "Heart rate",
    "spo2": "SpO\u2082",
    "respiration_rate": "Respiration rate",
    "blood_pressure": "Blood pressure",
    "etco2": "etCO\u2082",
    "gcs": "GCS",
    "avpu": "AVPU",
    "fast": "FAST",
    "news2": "NEWS2",
    "pef": "Peak flow",
}
_UNITS: Final = {"mm[Hg]": "mmHg", "Cel": "\u00b0C", "[degF]": "\u00b0F", "{score}": ""}
_ALLERGIES: Final = {"no_known": "No known allergies", "not_asked": "Allergies were not asked for"}
_KNOWN: Final = {"verified": "verified", "unverified": "not verified", "unavailable": ""}

Rows = list[list[str]]


def words_of(value: object) -> str:
    """A value in words."""
    if value is None:
        return ""
    if isinstance(value, Coded):
        return value.display or value.code
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value).replace("_", " ")


def times_of(record: EncounterRecord) -> Rows:
    """The times of the mission that were told."""
    told = ((name, record.time(name)) for name in TIMES)
    return [[_TIME_NAMES[name], f"{at:%Y-%m-%d %H:%M:%S}"] for name, at in told if at is not None]


def patient_of(handover: Handover) -> Rows:
    """Who it is, as far as it is told here."""
    outline, identity = handover.patient, handover.identity
    rows = [] if identity is None else _identity(identity)
    sex = handover.sex or ("" if outline is None else outline.sex or "")
    band = "" if outline is None or outline.age_band is None else f"{outline.age_band} years"
    rows += [
        ["Pseudonym", handover.patient_pseudonym[:16]],
        ["Sex and age", ", ".join(filter(None, (sex, band))) or "not told"],
    ]
    return rows


def mission_of(handover: Handover) -> Rows:
    """What the encounter is, and how it stands."""
    record = handover.record
    complaint = words_of(record.value("chief_complaint")) or handover.chief_complaint or ""
    rows = [
        ["Ambulance service", handover.tenant_name],
        [
            "Vehicle and crew",
            f"{handover.vehicle_id} ({', '.join(handover.crew_ids) or 'not told'})",
        ],
        ["Incident", handover.cad_incident_id],
        ["Kind of care", handover.care_model.replace("_", " ")],
        ["Chief complaint", complaint],
        ["Acuity", words_of(record.value("acuity"))],
        ["Alerts", ", ".join(alert.upper() for alert in record.alerts)],
        ["Destination", handover.destination or ""],
        ["State", handover.status.replace("_", " ")],
    ]
    return [row for row in rows if row[1]]


def medications_of(record: EncounterRecord) -> Rows:
    """When, what, how much and by which way; not given and why."""
    return [
        _row(
            one,
            one.code.display,
            "" if one.dose is None else f"{one.dose} {one.unit}".rstrip(),
            words_of(one.route),
        )
        for one in record.medications
    ]


def procedures_of(record: EncounterRecord) -> Rows:
    """When, what, and how it went."""
    outcome = {None: "", True: "successful", False: "not successful"}
    return [
        _row(
            one,
            one.code.display,
            ", ".join(
                filter(
                    None,
                    (
                        one.body_site,
                        outcome[one.success],
                        f"{one.attempts} attempts" if one.attempts > 1 else "",
                        one.complication,
                    ),
                )
            ),
            "",
        )
        for one in record.procedures
    ]


def findings_of(record: EncounterRecord) -> Rows:
    """What people found by hand, what they think it is, and what they wrote."""
    rows = [
        *(
            _row(one, _VITALS.get(one.type, words_of(one.type)), _values(one), "")
            for one in record.vitals
        ),
        *(_row(one, one.code.display, "impression", "") for one in record.impressions),
        *(_row(one, one.text, "", "") for one in record.notes),
    ]
    return sorted(rows)


def background_of(record: EncounterRecord) -> Rows:
    """Allergies and what the patient had before."""
    return [
        *(_row(one, _allergy(one), one.reaction, "") for one in record.allergies),
        *(_row(one, one.code.display, one.kind, "") for one in record.history),
    ]


def _identity(identity: PatientIdentity) -> Rows:
    name = ", ".join(filter(None, (identity.family_name.upper(), identity.given_name)))
    kin = identity.next_of_kin
    address = ", ".join(filter(None, (*identity.address, identity.city, identity.postcode)))
    rows = [
        ["Name", name],
        ["Born", identity.birth_date],
        ["NHS number", _number(identity)],
        ["Address", address],
        ["Phone", identity.phone],
        [
            "Next of kin",
            "" if kin is None else ", ".join(filter(None, (kin.name, kin.relationship, kin.phone))),
        ],
        ["GP practice", identity.gp_practice],
    ]
    return [row for row in rows if row[1]]


def _number(identity: PatientIdentity) -> str:
    number = identity.nhs_number
    grouped = f"{number[:3]} {number[3:6]} {number[6:]}"
    known = _KNOWN[identity.nhs_number_status]
    return f"{grouped} ({known})" if number else ""


def _allergy(one: Allergy) -> str:
    return _ALLERGIES.get(one.status) or (one.code.display if one.code else "Allergy")


def _values(one: Vital) -> str:
    parts = {name: str(value) for name, value in one.values}
    if one.type == "blood_pressure":
        pair = f"{parts.get('systolic', '-')}/{parts.get('diastolic', '-')}"
        return f"{pair} {_UNITS.get(one.unit, one.unit)}"
    main = parts.pop("value", None) or parts.pop("total", None) or parts.pop("result", None)
    rest = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in parts.items())
    unit = f" {_UNITS.get(one.unit, one.unit)}" if one.unit not in ("", "1") else ""
    return f"{main}{unit}" + (f" ({rest})" if rest else "") if main else f"{rest}{unit}"


def _row(one: Item, name: str, detail: str, way: str) -> list[str]:
    """Time, name, detail and notes of an entry."""
    absent = (
        f"NOT DONE: {words_of(one.not_done.value)}"
        if one.not_done
        else f"no value: {words_of(one.not_value.value)}"
        if one.not_value
        else ""
    )
    notes: Sequence[str] = (
        absent,
        "before arrival" if one.before_arrival else "",
        one.note,
    )
    return [
        f"{one.at:%H:%M:%S}",
        name,
        " ".join(filter(None, (detail, way))),
        ", ".join(filter(None, notes)),
    ]
