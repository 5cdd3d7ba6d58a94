"""Observations of the mission's times and of what is asked of a cardiac arrest, one a fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ARREST, TIMES, Field
from cloud.fhir import systems
from cloud.fhir.absences import not_value_reason
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.people import performers
from cloud.fhir.times import instant

_TIMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "call": (systems.LOINC, "69469-5", "Call received"),
    "dispatch_notified": (systems.LOINC, "69470-3", "Dispatch notified"),
    "unit_notified": (systems.LOINC, "69471-1", "Unit notified by dispatch"),
    "en_route": (systems.LOINC, "69472-9", "Unit en route"),
    "on_scene": (systems.LOINC, "69473-7", "Unit arrived on scene"),
    "at_patient": (systems.LOINC, "69474-5", "Arrived at patient"),
    "left_scene": (systems.LOINC, "69475-2", "Unit left scene"),
    "at_destination": (systems.LOINC, "69476-0", "Patient arrived at destination"),
    # LOINC has no code for it that we found.
    "handover": (systems.NEMSIS, "eTimes.12", "Patient handed over at destination"),
    "back_in_service": (systems.LOINC, "69477-8", "Unit back in service"),
}
_ARREST: Final[Mapping[str, tuple[str, str, str]]] = {
    "etiology": (systems.NEMSIS, "eArrest.02", "Cause of the arrest"),
    "witnessed_by": (systems.NEMSIS, "eArrest.04", "Arrest witnessed by"),
    "bystander_cpr": (systems.NEMSIS, "eArrest.05", "CPR before the crew came"),
    "first_rhythm": (systems.NEMSIS, "eArrest.11", "First monitored rhythm"),
    "resuscitation": (systems.NEMSIS, "eArrest.03", "Resuscitation attempted"),
    "rosc_at": (systems.NEMSIS, "eArrest.12", "Return of spontaneous circulation"),
    "rhythm_at_destination": (systems.NEMSIS, "eArrest.17", "Rhythm on arrival at destination"),
    "ended_reason": (systems.NEMSIS, "eArrest.16", "Why resuscitation was ended"),
}


def fact(names: Names, handover: Handover, told: Field) -> Element:
    """One time or one fact of the arrest, local name the field's path.

    KeyError for a path that is neither `times.` nor `arrest.` with a name of the record's lists.
    """
    system, code, text = _code(told.path)
    value = _value(told)
    return element(
        resourceType="Observation",
        identifier=[
            {
                "system": systems.OBSERVATION,
                "value": names.within_encounter("Fact", told.path),
            }
        ],
        status="final",
        code={"coding": [{"system": system, "code": code}], "text": text},
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        effectiveDateTime=instant(_moment(told)),
        performer=performers(names, handover, told.by),
        **value,
    )


def times(handover: Handover) -> Iterator[Field]:
    """The times that were told, in their order."""
    return _told(handover, "times", TIMES)


def arrest_facts(handover: Handover) -> Iterator[Field]:
    """What was told of the arrest, in the form's order."""
    return _told(handover, "arrest", ARREST)


def title(told: Field) -> str:
    """What a person calls the fact."""
    return _code(told.path)[2]


def value_words(told: Field) -> str:
    """The fact's value for a person."""
    if told.not_value is not None:
        return str(not_value_reason(told.not_value)["text"]).lower()
    if isinstance(told.value, datetime):
        return f"{told.value:%Y-%m-%d %H:%M:%S %Z}"
    if isinstance(told.value, bool):
        return "yes" if told.value else "no"
    return str(told.value).replace("_", " ")


def _told(handover: Handover, group: str, order: tuple[str, ...]) -> Iterator[Field]:
    fields = handover.record.fields
    for name in order:
        told = fields.get(f"{group}.{name}")
        if told is not None and (told.value is not None or told.not_value is not None):
            yield told


def _code(path: str) -> tuple[str, str, str]:
    group, _, name = path.partition(".")
    return {"times": _TIMES, "arrest": _ARREST}[group][name]


def _moment(told: Field) -> datetime:
    return told.value if isinstance(told.value, datetime) else told.at


def _value(told: Field) -> Element:
    if told.not_value is not None:
        return {"dataAbsentReason": not_value_reason(told.not_value)}
    if isinstance(told.value, datetime):
        return {"valueDateTime": instant(told.value)}
    if isinstance(told.value, bool):
        return {"valueBoolean": told.value}
    return {"valueCodeableConcept": {"text": value_words(told)}}
