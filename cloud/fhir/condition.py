"""Condition, AllergyIntolerance and MedicationStatement: what is wrong and what was before.

An impression is provisional, never confirmed: nobody in the field diagnoses. "No known allergy"
and "nobody asked" are different codes; an empty list would say neither.
"""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Allergy, Coded, History, Impression
from cloud.fhir import systems
from cloud.fhir.absences import absence_of, words
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.people import actor
from cloud.fhir.times import instant

_NOTHING_KNOWN: Final = {
    "no_known": ("no-known-allergies", "No known allergies", "716186003"),
    "not_asked": ("no-allergy-info", "No information about allergies: nobody asked", ""),
}


def concept(coded: Coded) -> Element:
    """What somebody chose, by its name and its code where it has one."""
    if not coded.code or not coded.system:
        return {"text": coded.display}
    return element(
        coding=[element(system=coded.system, code=coded.code)], text=coded.display or coded.code
    )


def impression(names: Names, handover: Handover, told: Impression) -> Element:
    """What the crew believes, local name its item id; a pertinent negative refutes it."""
    is_refuted = told.not_done is not None
    return element(
        resourceType="Condition",
        identifier=_identifier(names, "Impression", str(told.item_id)),
        clinicalStatus=_clinical("inactive" if is_refuted else "active"),
        verificationStatus=_verification("refuted" if is_refuted else "provisional"),
        category=[_category("encounter-diagnosis")],
        code=concept(told.code),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        onsetDateTime=None,
        recordedDate=instant(told.at),
        recorder=actor(names, handover, told.by),
        note=[{"text": words(told.not_done)}] if told.not_done else None,
    )


def past_condition(names: Names, handover: Handover, told: History) -> Element:
    """A condition or implant from before as somebody told it, local name its item id."""
    return element(
        resourceType="Condition",
        identifier=_identifier(names, "History", str(told.item_id)),
        clinicalStatus=_clinical("inactive" if told.not_done else "active"),
        verificationStatus=_verification("refuted" if told.not_done else "unconfirmed"),
        category=[_category("problem-list-item")],
        code=concept(told.code),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        recordedDate=instant(told.at),
        recorder=actor(names, handover, told.by),
    )


def past_medication(names: Names, handover: Handover, told: History) -> Element:
    """A medicine the patient takes already, local name its item id."""
    return element(
        resourceType="MedicationStatement",
        identifier=[
            {
                "system": systems.MEDICATION,
                "value": names.within_encounter("History", str(told.item_id)),
            }
        ],
        status="not-taken" if told.not_done else "active",
        medicationCodeableConcept=concept(told.code),
        subject=names.reference("Patient"),
        context=names.reference("Encounter"),
        dateAsserted=instant(told.at),
        informationSource=actor(names, handover, told.by),
    )


def allergy(names: Names, handover: Handover, told: Allergy) -> Element:
    """An allergy, that none is known, or that nobody asked; local name its item id."""
    return element(
        resourceType="AllergyIntolerance",
        identifier=[
            {
                "system": systems.ALLERGY,
                "value": names.within_encounter("Allergy", str(told.item_id)),
            }
        ],
        clinicalStatus={"coding": [{"system": systems.ALLERGY_CLINICAL, "code": "active"}]},
        verificationStatus={
            "coding": [{"system": systems.ALLERGY_VERIFICATION, "code": "unconfirmed"}]
        },
        code=_allergen(told),
        patient=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        recordedDate=instant(told.at),
        recorder=actor(names, handover, told.by),
        reaction=[{"manifestation": [{"text": told.reaction}]}] if told.reaction else None,
    )


def allergy_words(told: Allergy) -> str:
    """The allergy for a person."""
    text = str(_allergen(told)["text"])
    return f"{text}: {told.reaction}" if told.reaction else text


def history_words(told: History) -> str:
    """What was before, for a person."""
    absent = absence_of(told)
    name = told.code.display or told.code.code
    return f"{name}: {str(absent['text']).lower()}" if absent else name


def _allergen(told: Allergy) -> Element:
    if told.status == "allergic":
        return concept(told.code) if told.code else {"text": "Allergen not told"}
    code, text, snomed = _NOTHING_KNOWN[told.status]
    codings: list[Element] = [{"system": systems.ABSENT_UNKNOWN, "code": code}]
    if snomed:
        codings.append({"system": systems.SNOMED, "code": snomed})
    return {"coding": codings, "text": text}


def _identifier(names: Names, kind: str, local: str) -> list[Element]:
    return [{"system": systems.CONDITION, "value": names.within_encounter(kind, local)}]


def _clinical(code: str) -> Element:
    return {"coding": [{"system": systems.CONDITION_CLINICAL, "code": code}]}


def _verification(code: str) -> Element:
    return {"coding": [{"system": systems.CONDITION_VERIFICATION, "code": code}]}


def _category(code: str) -> Element:
    return {"coding": [{"system": systems.CONDITION_CATEGORY, "code": code}]}
