"""Patient: a pseudonym for partners, the person for the hospital that takes the patient over.

The hospital knows the patient again by the pseudonym in both projections: never by a number,
name or birth date, which the crew may have from a card in somebody else's pocket.
"""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PatientIdentity
from cloud.fhir import systems
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Names
from cloud.fhir.times import instant

_GENDERS: Final = frozenset(("male", "female", "other"))
_NUMBER_STATUS: Final = {
    "verified": ("01", "Number present and verified"),
    "unverified": ("02", "Number present but not traced"),
}
_UNKNOWN: Final[Element] = {
    "extension": [{"url": systems.DATA_ABSENT_EXTENSION, "valueCode": "unknown"}]
}


def patient(names: Names, handover: Handover) -> Element:
    """The person as the handover's projection may show them."""
    if handover.identity is not None:
        return _identified(names, handover, handover.identity)
    outline = handover.patient
    band = outline.age_band if outline else None
    area = outline.postcode_area if outline else None
    return element(
        resourceType="Patient",
        meta={"security": pseudonymised()},
        extension=[{"url": systems.AGE_BAND, "valueString": band}] if band else None,
        identifier=[_pseudonym(names, handover)],
        active=True,
        gender=_gender((outline.sex if outline else None) or handover.sex),
        address=[{"postalCode": area}] if area else None,
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


def restricted() -> list[Element]:
    """The security label of the identified projection."""
    return [{"system": systems.CONFIDENTIALITY, "code": "R", "display": "restricted"}]


def _identified(names: Names, handover: Handover, identity: PatientIdentity) -> Element:
    deceased_at = identity.deceased_at
    return element(
        resourceType="Patient",
        extension=_number_unavailable(identity),
        identifier=[_pseudonym(names, handover), *_number(identity)],
        active=True,
        name=[_name(identity)],
        telecom=[
            *_telecom("phone", identity.phone),
            *_telecom("email", identity.email),
        ],
        gender=_gender(identity.sex or handover.sex),
        birthDate=identity.birth_date,
        deceasedDateTime=instant(deceased_at) if deceased_at else None,
        address=_address(identity),
        contact=_contact(identity),
        generalPractitioner=[{"display": identity.gp_practice}] if identity.gp_practice else None,
    )


def _pseudonym(names: Names, handover: Handover) -> Element:
    return {
        "use": "secondary",
        "system": systems.PATIENT_PSEUDONYM,
        "value": handover.patient_pseudonym,
        "assigner": names.reference("Organization"),
    }


def _gender(sex: str | None) -> str:
    told = (sex or "").lower()
    return told if told in _GENDERS else "unknown"


def _number(identity: PatientIdentity) -> list[Element]:
    status = _NUMBER_STATUS.get(identity.nhs_number_status)
    if not identity.nhs_number or status is None:
        return []
    code, text = status
    told: Element = {
        "url": systems.NHS_NUMBER_STATUS_EXTENSION,
        "valueCodeableConcept": {
            "coding": [{"system": systems.NHS_NUMBER_STATUS, "code": code, "display": text}]
        },
    }
    return [
        {
            "extension": [told],
            "use": "official",
            "system": systems.NHS_NUMBER,
            "value": identity.nhs_number,
        }
    ]


def _number_unavailable(identity: PatientIdentity) -> list[Element]:
    if _number(identity):
        return []
    why = "The patient is not identified" if not identity.family_name else "The number is not known"
    return [
        {"url": systems.NHS_NUMBER_UNAVAILABLE_EXTENSION, "valueCodeableConcept": {"text": why}}
    ]


def _name(identity: PatientIdentity) -> Element:
    """The name, or that it is unknown: never one left out."""
    if not identity.family_name and not identity.given_name:
        return _UNKNOWN
    return element(
        use="usual",
        family=identity.family_name,
        given=[identity.given_name] if identity.given_name else None,
    )


def _telecom(system: str, value: str) -> list[Element]:
    return [{"system": system, "value": value}] if value else []


def _address(identity: PatientIdentity) -> list[Element]:
    lines: list[JsonValue] = [line for line in identity.address if line]
    address = element(line=lines, city=identity.city, postalCode=identity.postcode)
    return [address] if address else []


def _contact(identity: PatientIdentity) -> list[Element]:
    """Next of kin, whom the hospital may have to call."""
    kin = identity.next_of_kin
    if kin is None:
        return []
    return [
        element(
            relationship=[{"text": kin.relationship}] if kin.relationship else None,
            name={"text": kin.name} if kin.name else None,
            telecom=_telecom("phone", kin.phone),
        )
    ]
