"""ORU^R01 of one encounter's readings (HL7 v2.5.1, 7.3.1; fields after IHE PCD-01).

The messages are shaped after that transaction and do not claim its profile: MSH-21 is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PatientIdentity
from cloud.core.observations.stored import StoredObservation
from cloud.hl7v2.encoding import (
    NOTHING,
    Field,
    components,
    message,
    repeated,
    segment,
    text,
    time,
)
from cloud.hl7v2.observations import Containment, device_segments, reading_segments
from protocols.model.observation import SampleArrayObservation

SENDER: Final = "VITALWIRE"
VERSION: Final = "2.5.1"
CHARACTER_SET: Final = "UNICODE UTF-8"
_MONITORING: Final = ("182777000", "Monitoring of patient", "SCT")
_SEXES: Final = {"male": "M", "female": "F", "other": "O"}
# Table 0200: a name that hides who it is, and one that nobody knows.
_LONGEST_NAMESPACE: Final = 20
_PSEUDONYM: Final = "S"
_UNSPECIFIED: Final = "U"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a message is called, when it was made, and for which facility."""

    control_id: str
    made_at: datetime
    facility_id: str


def results_message(
    handover: Handover, readings: Sequence[StoredObservation], envelope: Envelope
) -> bytes:
    """The readings as one message; waveforms are left out."""
    told = [one for one in readings if not isinstance(one.observation, SampleArrayObservation)]
    place = Containment()
    segments = [
        _header(handover, envelope),
        _patient(handover),
        _visit(handover),
        _request(handover, envelope, told),
        *device_segments(place, handover.devices, told),
    ]
    for one in told:
        segments.extend(reading_segments(place, one))
    return message(segments)


def _header(handover: Handover, envelope: Envelope) -> str:
    return segment(
        "MSH",
        {
            3: text(SENDER),
            4: components(_namespace(handover), handover.tenant_id, "L"),
            6: text(envelope.facility_id),
            7: time(envelope.made_at),
            9: components("ORU", "R01", "ORU_R01"),
            10: text(envelope.control_id),
            11: text("P"),
            12: text(VERSION),
            15: text("NE"),
            16: text("AL"),
            18: text(CHARACTER_SET),
        },
    )


def _patient(handover: Handover) -> str:
    identity = handover.identity
    sex = (identity.sex if identity else handover.sex or "").lower()
    fields = {
        1: text("1"),
        3: repeated(_identifiers(handover, identity)),
        5: _name(identity, is_hidden=identity is None),
        8: text(_SEXES.get(sex, "U")),
    }
    if identity is not None:
        fields |= {
            7: text(identity.birth_date.replace("-", "")),
            11: components(" ".join(identity.address), "", identity.city, "", identity.postcode),
            13: text(identity.phone),
        }
        if identity.deceased_at is not None:
            fields |= {29: time(identity.deceased_at), 30: text("Y")}
    return segment("PID", fields)


def _identifiers(handover: Handover, identity: PatientIdentity | None) -> list[Field]:
    own = components(handover.patient_pseudonym, "", "", _namespace(handover), "PI")
    # A number nobody verified must not look like one that somebody did.
    if identity is None or identity.nhs_number_status != "verified":
        return [own]
    return [components(identity.nhs_number, "", "", "NHS", "NH"), own]


def _namespace(handover: Handover) -> str:
    """The service as a namespace (HD-1), which has 20 characters at most."""
    return handover.tenant_name[:_LONGEST_NAMESPACE].strip()


def _name(identity: PatientIdentity | None, *, is_hidden: bool) -> Field:
    if identity is None or not (identity.family_name or identity.given_name):
        return components("", "", "", "", "", "", _PSEUDONYM if is_hidden else _UNSPECIFIED)
    return components(identity.family_name, identity.given_name, "", "", "", "", "L")


def _visit(handover: Handover) -> str:
    return segment(
        "PV1",
        {
            1: text("1"),
            2: text("E"),
            # A point of care has 20 characters at most, its description many more.
            3: components("", "", "", _namespace(handover), "", "", "", "", handover.vehicle_id),
            19: text(handover.encounter_id),
            44: time(handover.started_at),
        },
    )


def _request(handover: Handover, envelope: Envelope, readings: Sequence[StoredObservation]) -> str:
    times = [one.observation.observed_at.at for one in readings]
    return segment(
        "OBR",
        {
            1: text("1"),
            2: components(handover.cad_incident_id, SENDER),
            3: components(envelope.control_id, SENDER),
            4: components(*_MONITORING),
            7: time(min(times, default=handover.started_at)),
            8: time(max(times)) if times else NOTHING,
            25: text("R"),
        },
    )
