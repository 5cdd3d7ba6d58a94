"""Encounter: one patient contact in the field."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.times import instant

_STATUS: Final = {
    "in_progress": "in-progress",
    "ready_for_handover": "in-progress",
    "handed_over": "finished",
    "completed": "finished",
    "cancelled": "cancelled",
    "duplicate": "entered-in-error",
}


def encounter(names: Names, handover: Handover) -> Element:
    """The encounter with its vehicle and crew ids."""
    service = names.reference("Organization")
    value = handover.encounter_id
    return element(
        resourceType="Encounter",
        identifier=[
            {"system": systems.ENCOUNTER, "value": value},
            {
                "system": systems.CAD_INCIDENT,
                "value": handover.cad_incident_id,
                "assigner": service,
            },
        ],
        status=_STATUS.get(handover.status, "unknown"),
        class_={"system": systems.ACT_CODE, "code": "FLD", "display": "field"},
        type=[
            {
                "coding": [{"system": systems.SNOMED, "code": "11424001"}],
                "text": handover.care_model.replace("_", " "),
            }
        ],
        subject=names.reference("Patient"),
        participant=[_crew_member(service, crew_id) for crew_id in handover.crew_ids],
        period=element(
            start=instant(handover.started_at),
            end=instant(handover.handover_at) if handover.handover_at else None,
        ),
        reasonCode=[{"text": handover.chief_complaint}] if handover.chief_complaint else None,
        hospitalization=(
            {"destination": {"display": handover.destination}} if handover.destination else None
        ),
        location=[{"location": names.reference("Location"), "status": _presence(handover)}],
        serviceProvider=service,
    )


def has_ended(handover: Handover) -> bool:
    """Whether the encounter is over, as far as FHIR is concerned."""
    return _STATUS.get(handover.status) != "in-progress"


def _presence(handover: Handover) -> str:
    return "completed" if handover.handover_at else "active"


def _crew_member(service: Element, crew_id: str) -> Element:
    return {
        "individual": {
            "type": "Practitioner",
            "identifier": {"system": systems.CREW, "value": crew_id, "assigner": service},
        }
    }
