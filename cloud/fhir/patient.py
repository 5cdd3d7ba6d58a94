"""Patient: a pseudonym and a sex, nothing that names the person (contract 5.5, de-identified)."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names

_GENDERS: Final = frozenset(("male", "female", "other"))


def patient(names: Names, handover: Handover) -> Element:
    """The person as the pseudonymised projection may show them."""
    sex = (handover.sex or "").lower()
    return element(
        resourceType="Patient",
        meta={"security": pseudonymised()},
        identifier=[
            {
                "use": "secondary",
                "system": systems.PATIENT_PSEUDONYM,
                "value": handover.patient_pseudonym,
                "assigner": names.reference("Organization"),
            }
        ],
        active=True,
        gender=sex if sex in _GENDERS else "unknown",
    )


def pseudonymised() -> list[Element]:
    """The security label of everything in this projection."""
    return [
        {
            "system": systems.OBSERVATION_VALUE,
            "code": "PSEUDED",
            "display": "pseudonymized",
        }
    ]
