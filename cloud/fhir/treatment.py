"""MedicationAdministration and Procedure: what the crew gave and did, or did not and why.

Every attempt at a procedure is one Procedure: those before the last one failed, the last one did
what was told. What happened before the crew came carries an extension that says so.
"""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Coded, Item, Medication, Procedure
from cloud.fhir import systems, terms
from cloud.fhir.absences import before_arrival, not_done_reason, not_value_reason, words
from cloud.fhir.condition import concept
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.people import actor
from cloud.fhir.times import instant

MOST_ATTEMPTS: Final = 20
_SUCCESSFUL: Final = ("385669000", "Successful")
_UNSUCCESSFUL: Final = ("385671000", "Unsuccessful")


def medication(names: Names, handover: Handover, told: Medication) -> Element:
    """A medicine given, or not given and why; local name its item id."""
    doer = None if told.before_arrival else actor(names, handover, told.by)
    return element(
        resourceType="MedicationAdministration",
        extension=before_arrival(told),
        identifier=[
            {
                "system": systems.MEDICATION,
                "value": names.within_encounter("Medication", str(told.item_id)),
            }
        ],
        status=_status(told),
        statusReason=_reasons(told),
        medicationCodeableConcept=concept(told.code),
        subject=names.reference("Patient"),
        context=names.reference("Encounter"),
        effectiveDateTime=instant(told.at),
        performer=[{"actor": doer}] if doer else None,
        dosage=None if told.dose is None or told.not_done else _dosage(told),
        note=[{"text": text} for text in _notes(told, handover)],
    )


def procedure(names: Names, handover: Handover, told: Procedure, attempt: int) -> Element:
    """One attempt, counted from 1; local name the item id, a colon and the attempt."""
    doer = None if told.before_arrival else actor(names, handover, told.by)
    reasons = _reasons(told)
    return element(
        resourceType="Procedure",
        extension=before_arrival(told),
        identifier=[
            {
                "system": systems.PROCEDURE,
                "value": names.within_encounter("Procedure", attempt_name(told, attempt)),
            }
        ],
        status=_status(told),
        statusReason=reasons[0] if reasons else None,
        code=concept(told.code),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        performedDateTime=instant(told.at),
        performer=[{"actor": doer}] if doer else None,
        bodySite=[{"text": told.body_site}] if told.body_site else None,
        outcome=_outcome(told, attempt),
        complication=(
            [{"text": told.complication}]
            if told.complication and attempt == attempts(told)
            else None
        ),
        note=[{"text": text} for text in _attempt_notes(told, attempt, handover)],
    )


def attempts(told: Procedure) -> int:
    """How many Procedures it becomes."""
    return 1 if told.not_done else max(1, min(told.attempts, MOST_ATTEMPTS))


def attempt_name(told: Procedure, attempt: int) -> str:
    """The local name of one attempt."""
    return f"{told.item_id}:{attempt}"


def medication_words(told: Medication) -> str:
    """The medicine in a line for a person."""
    parts = [_name(told.code)]
    if told.dose is not None and not told.not_done:
        parts.append(f"{told.dose} {terms.ucum_text(terms.ucum_code(told.unit) or told.unit)}")
    if told.route is not None:
        parts.append(_name(told.route).lower())
    return " ".join(parts) + _standing(told)


def procedure_words(told: Procedure) -> str:
    """The procedure in a line for a person."""
    parts = [_name(told.code)]
    if told.body_site:
        parts.append(told.body_site)
    if attempts(told) > 1:
        parts.append(f"{attempts(told)} attempts")
    if told.success is not None and not told.not_done:
        parts.append("successful" if told.success else "unsuccessful")
    if told.complication:
        parts.append(f"complication: {told.complication}")
    return ", ".join(parts) + _standing(told)


def _name(coded: Coded) -> str:
    return coded.display or coded.code


def _standing(told: Item) -> str:
    reason = told.not_done or told.not_value
    if reason is not None:
        return f" (not done: {words(reason).lower()})"
    return " (before the crew came)" if told.before_arrival else ""


def _status(told: Item) -> str:
    if told.not_done is not None:
        return "not-done"
    return "unknown" if told.not_value is not None else "completed"


def _reasons(told: Item) -> list[Element]:
    if told.not_done is not None:
        return [not_done_reason(told.not_done)]
    return [] if told.not_value is None else [not_value_reason(told.not_value)]


def _dosage(told: Medication) -> Element:
    assert told.dose is not None  # noqa: S101 - the caller looked
    return element(
        route=concept(told.route) if told.route else None,
        dose=terms.plain_quantity(told.dose, told.unit),
    )


def _notes(told: Medication, handover: Handover) -> list[str]:
    notes = ["Given before the crew came."] if told.before_arrival else []
    if told.route is not None and told.dose is None:
        notes.append(f"Route: {_name(told.route)}.")
    return notes + ([told.note] if told.note and handover.identity is not None else [])


def _attempt_notes(told: Procedure, attempt: int, handover: Handover) -> list[str]:
    notes = ["Done before the crew came."] if told.before_arrival else []
    total = attempts(told)
    if total > 1:
        notes.append(f"Attempt {attempt} of {told.attempts}; the time is that of the last.")
    return notes + ([told.note] if told.note and handover.identity is not None else [])


def _outcome(told: Procedure, attempt: int) -> Element | None:
    if told.not_done is not None:
        return None
    if attempt < attempts(told):
        return _snomed(*_UNSUCCESSFUL)
    if told.success is None:
        return None
    return _snomed(*(_SUCCESSFUL if told.success else _UNSUCCESSFUL))


def _snomed(code: str, text: str) -> Element:
    return {"coding": [{"system": systems.SNOMED, "code": code}], "text": text}
