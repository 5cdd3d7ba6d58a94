"""Why people told no value: NEMSIS Not Values and Pertinent Negatives in FHIR's words."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.record import Item, NotValue, PertinentNegative
from cloud.fhir import systems
from cloud.fhir.json import Element

_NOT_VALUES: Final = {
    NotValue.NOT_APPLICABLE: ("7701001", "not-applicable"),
    NotValue.NOT_RECORDED: ("7701003", "unknown"),
    NotValue.NOT_REPORTING: ("7701005", "unsupported"),
}
_NEGATIVES: Final = {
    PertinentNegative.CONTRAINDICATION_NOTED: ("8801001", "not-performed"),
    PertinentNegative.DENIED_BY_ORDER: ("8801003", "not-permitted"),
    PertinentNegative.EXAM_FINDING_NOT_PRESENT: ("8801005", "not-applicable"),
    PertinentNegative.MEDICATION_ALLERGY: ("8801007", "not-performed"),
    PertinentNegative.MEDICATION_ALREADY_TAKEN: ("8801009", "not-performed"),
    PertinentNegative.NO_KNOWN_DRUG_ALLERGY: ("8801013", "not-applicable"),
    PertinentNegative.NONE_REPORTED: ("8801015", "not-applicable"),
    PertinentNegative.NOT_PERFORMED: ("8801017", "not-performed"),
    PertinentNegative.REFUSED: ("8801019", "asked-declined"),
    PertinentNegative.UNRESPONSIVE: ("8801021", "not-performed"),
    PertinentNegative.UNABLE_TO_COMPLETE: ("8801023", "not-performed"),
    PertinentNegative.ORDER_CRITERIA_NOT_MET: ("8801027", "not-performed"),
    PertinentNegative.SYMPTOM_NOT_PRESENT: ("8801031", "not-applicable"),
}
"""Each with NEMSIS' code and FHIR's data-absent-reason."""


def not_done_reason(negative: PertinentNegative) -> Element:
    """As `statusReason` holds it: NEMSIS' own code and its words."""
    return {
        "coding": [{"system": systems.NEMSIS, "code": _NEGATIVES[negative][0]}],
        "text": words(negative),
    }


def not_value_reason(not_value: NotValue) -> Element:
    """As `dataAbsentReason` holds a Not Value."""
    return _absent(*_NOT_VALUES[not_value], words(not_value))


def absence_of(item: Item) -> Element | None:
    """As `dataAbsentReason` tells that an item has no value; None where it has one."""
    if item.not_done is not None:
        return _absent(*_NEGATIVES[item.not_done], words(item.not_done))
    return None if item.not_value is None else not_value_reason(item.not_value)


def words(reason: NotValue | PertinentNegative) -> str:
    """The reason for a person."""
    return reason.value.replace("_", " ").capitalize()


def before_arrival(item: Item) -> list[Element]:
    """The extension that tells what happened before the crew came from what the crew did."""
    if not item.before_arrival:
        return []
    return [{"url": systems.BEFORE_ARRIVAL, "valueBoolean": True}]


def _absent(nemsis: str, reason: str, text: str) -> Element:
    return {
        "coding": [
            {"system": systems.DATA_ABSENT, "code": reason},
            {"system": systems.NEMSIS, "code": nemsis},
        ],
        "text": text,
    }
