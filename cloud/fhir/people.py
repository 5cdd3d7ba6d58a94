"""Practitioner and PractitionerRole: the crew, by their ids; who did what.

Names of staff are not told: a crew member is the id the service gave. What somebody typed instead
of an id may be a name, so only the identified projection shows it.
"""

from __future__ import annotations

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names


def practitioner(names: Names, crew_id: str) -> Element:
    """One of the crew, local name the crew id."""
    return element(
        resourceType="Practitioner",
        identifier=[
            {
                "system": systems.CREW_MEMBER,
                "value": names.within_tenant("Practitioner", crew_id),
            },
            {
                "system": systems.CREW,
                "value": crew_id,
                "assigner": names.reference("Organization"),
            },
        ],
        active=True,
    )


def practitioner_role(names: Names, crew_id: str) -> Element:
    """What the crew member is to the service, local name the crew id."""
    return element(
        resourceType="PractitionerRole",
        identifier=[
            {
                "system": systems.CREW_MEMBER,
                "value": names.within_tenant("PractitionerRole", crew_id),
            }
        ],
        active=True,
        practitioner=names.reference("Practitioner", crew_id),
        organization=names.reference("Organization"),
        code=[{"text": "Ambulance crew"}],
    )


def actor(names: Names, handover: Handover, by: str) -> Element | None:
    """Who did it: one of the crew, somebody by what was typed, or nobody who may be told."""
    if by in handover.crew_ids:
        return names.reference("Practitioner", by)
    if by and handover.identity is not None:
        return {"display": by}
    return None


def performers(names: Names, handover: Handover, by: str) -> list[Element]:
    """As Observation lists who made it; the service where nobody may be told."""
    return [actor(names, handover, by) or names.reference("Organization")]
