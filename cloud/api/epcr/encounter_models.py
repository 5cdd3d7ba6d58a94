"""Encounters on the wire: what partners get is pseudonymised."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.api.epcr.device_models import Identifier, Name, Word
from cloud.api.shared.strict_json import ExactNumber, StrictModel, Timestamp

CareModel = Literal[
    "prehospital_emergency",
    "interfacility_transfer",
    "community_paramedicine",
    "hospital_at_home",
    "event_medical",
    "mass_casualty",
]
EncounterStatus = Literal[
    "in_progress", "ready_for_handover", "handed_over", "completed", "cancelled", "duplicate"
]
Sex = Literal["male", "female", "other", "unknown"]
PersonId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class PatientRequest(StrictModel):
    """The person, for the pseudonym only: the id itself is not kept."""

    person_id: PersonId | None = None
    sex: Sex | None = None


class CodedRequest(StrictModel):
    """A coded text."""

    code: Word | None = None
    display: Word


class TriageRequest(StrictModel):
    """A triage category."""

    system: Literal["START", "SALT"]
    category: Word


class EncounterRequest(StrictModel):
    """An encounter to open. The same incident and vehicle again is the encounter opened before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "care_model": "prehospital_emergency",
                    "vehicle_id": "AMB-7",
                    "crew_ids": ["crew-41", "crew-87"],
                    "cad_incident_id": "INC-2026-004711",
                }
            ]
        }
    )

    care_model: CareModel
    vehicle_id: Name
    crew_ids: Annotated[tuple[Identifier, ...], Field(max_length=32)]
    cad_incident_id: Identifier
    patient: PatientRequest | None = None
    chief_complaint: CodedRequest | None = None
    triage: TriageRequest | None = None
    started_at: Timestamp | None = None


class HandoverRequest(StrictModel):
    """Where the patient goes and who takes over."""

    facility_id: Identifier
    received_by: Identifier


class CrewModel(BaseModel):
    """A crew member without a name."""

    id: str
    role: str = "crew"


class PatientModel(BaseModel):
    """The person behind a pseudonym of this tenant."""

    pseudonym: str
    sex: str | None = None


class CodedModel(BaseModel):
    """A coded text."""

    code: str | None = None
    display: str


class VitalModel(BaseModel):
    """One numeric reading."""

    at: datetime
    type: str
    value: ExactNumber
    unit: str
    source: Literal["device", "manual"] = "device"
    device_id: str
    flags: list[str]


class EncounterDeviceModel(BaseModel):
    """A device that contributed, and how much it gave."""

    id: str
    device_class: str | None = None
    status: str
    manufacturer: str
    model: str
    observations: int
    waveforms: int
    samples: int


class GapModel(BaseModel):
    """Samples of a live waveform that were never received."""

    device_id: str
    mdc_code: str
    from_at: datetime
    to_at: datetime
    samples: int


class CrewEventModel(BaseModel):
    """What the crew did. An event in `undoes` of a later one does not count; both stay."""

    id: str
    kind: str
    at: datetime
    by: str
    text: str
    details: dict[str, str]
    undoes: str | None = None


class EncounterModel(BaseModel):
    """The partner's projection. `vitals` holds the newest readings, oldest of them first;
    `vitals_total` says how many there are."""

    id: str
    organization_id: str
    care_model: str
    status: EncounterStatus
    vehicle_id: str
    crew: list[CrewModel]
    cad_incident_id: str
    started_at: datetime
    handover_at: datetime | None = None
    patient: PatientModel
    chief_complaint: CodedModel | None = None
    triage: dict[str, str] | None = None
    destination: dict[str, str] | None = None
    vitals: list[VitalModel] | None = None
    vitals_total: int | None = None
    devices: list[EncounterDeviceModel] | None = None
    gaps: list[GapModel] | None = None
    events: list[CrewEventModel] | None = None
    version: int
    updated_at: datetime


class EncountersModel(BaseModel):
    """A page of encounters by their last change; `next_cursor` is absent at the end."""

    encounters: list[EncounterModel]
    next_cursor: str | None = None
