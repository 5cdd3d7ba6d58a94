"""Observation of what the crew took down: vital signs by hand, scores, the rhythm, the pupils.

Oxygen flow stands for itself and not inside the saturation: R4's vital signs take no L/min there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Vital
from cloud.fhir import systems, terms
from cloud.fhir.absences import absence_of, before_arrival
from cloud.fhir.finding_terms import FINDINGS, LEVELS, Coded, Finding
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Names
from cloud.fhir.people import performers
from cloud.fhir.times import instant

_PRESSURE: Final = frozenset(("systolic", "diastolic"))


def finding(names: Names, handover: Handover, vital: Vital) -> Element:
    """One finding of the crew, local name its item id."""
    kind = FINDINGS.get(vital.type) or Finding(Coded(vital.type.replace("_", " ")), "exam")
    unit = vital.unit or kind.unit
    code = (kind.by_unit or {}).get(unit, kind.code)
    parts = _components(kind, vital, unit)
    value = _value(kind, vital, unit, has_parts=bool(parts))
    profile = _profile(code, kind, vital, unit)
    return element(
        resourceType="Observation",
        meta={"profile": [profile]} if profile else None,
        extension=before_arrival(vital),
        identifier=[
            {
                "system": systems.OBSERVATION,
                "value": names.within_encounter("Finding", str(vital.item_id)),
            }
        ],
        status="final",
        category=[
            {"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": kind.category}]},
        ],
        code=code.concept(),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        effectiveDateTime=instant(vital.at),
        performer=performers(names, handover, vital.by),
        **value,
        interpretation=[
            {"coding": [{"system": systems.FLAGS, "code": flag}], "text": flag.replace("_", " ")}
            for flag in vital.flags
        ],
        note=[{"text": vital.note}] if vital.note and handover.identity is not None else None,
        component=parts,
    )


def is_vital_sign(vital: Vital) -> bool:
    """Whether the finding stands among the vital signs rather than the examination."""
    kind = FINDINGS.get(vital.type)
    return kind is not None and kind.category in ("vital-signs", "survey", "laboratory")


def in_words(vital: Vital) -> str:
    """The finding in a line for a person."""
    kind = FINDINGS.get(vital.type)
    name = kind.code.text if kind else vital.type.replace("_", " ")
    absent = absence_of(vital)
    if absent is not None:
        return f"{name}: {str(absent['text']).lower()}"
    unit = terms.ucum_text(vital.unit or (kind.unit if kind else ""))
    told = [
        _shown(value) if part in ("value", "total") else f"{part} {_shown(value)}"
        for part, value in vital.values
    ]
    return f"{name}: {', '.join(told)} {unit}".rstrip()


def _value(kind: Finding, vital: Vital, unit: str, *, has_parts: bool) -> Element:
    """The main value, why there is none, or nothing where the parts say it all."""
    absent = absence_of(vital)
    if absent is not None:
        return {"dataAbsentReason": absent}
    main = dict(vital.values).get(kind.main or "value")
    if main is not None:
        return _told(vital.type, main, unit)
    if has_parts:
        return {}
    unknown: Element = {
        "coding": [{"system": systems.DATA_ABSENT, "code": "unknown"}],
        "text": "No value was told.",
    }
    return {"dataAbsentReason": unknown}


def _components(kind: Finding, vital: Vital, unit: str) -> list[JsonValue]:
    if absence_of(vital) is not None:
        return []
    known = kind.parts or {}
    return [
        {
            "code": known.get(name, Coded(name.replace("_", " "))).concept(),
            **_told("", value, unit),
        }
        for name, value in vital.values
        if name != (kind.main or "value")
    ]


def _told(kind: str, value: Decimal | str, unit: str) -> Element:
    if isinstance(value, Decimal):
        return {"valueQuantity": terms.plain_quantity(value, unit)}
    level = LEVELS.get(value[:1].lower()) if kind == "avpu" else None
    if level is None:
        return {"valueCodeableConcept": {"text": _shown(value)}}
    code, text = level
    return {
        "valueCodeableConcept": {
            "coding": [{"system": systems.SNOMED, "code": code}],
            "text": text,
        }
    }


def _profile(code: Coded, kind: Finding, vital: Vital, unit: str) -> str | None:
    """The R4 profile whose every demand is met."""
    profile = next(
        (vital_sign for loinc in code.loinc if (vital_sign := terms.VITAL_SIGNS.get(loinc))), None
    )
    if profile is None or (unit not in profile.units and absence_of(vital) is None):
        return None
    named = {name for name, value in vital.values if isinstance(value, Decimal)}
    wanted = _PRESSURE if kind.parts else {"value"}
    is_told = absence_of(vital) is not None and not kind.parts
    return profile.profile if is_told or named >= wanted else None


def _shown(value: Decimal | str) -> str:
    return value.replace("_", " ") if isinstance(value, str) else str(value)
