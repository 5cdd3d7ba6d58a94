"""Encounters on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.api.epcr.device_models import Identifier, Name, Word
from cloud.api.epcr.patient_models import PatientModel, PatientRequest
from cloud.api.epcr.record_models import RecordModel
from cloud.api.shared.strict_json import StrictModel, Timestamp

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


class CrewModel(BaseModel):
    """A crew member without a name."""

    id: str
    role: str = "crew"


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
    """What the crew did. An event in `undoes` of a later one does not count; both stay.

    `text` is what they wrote beside it, shown at the destination only.
    """

    id: str
    kind: str
    at: datetime
    by: str | None = None
    text: str | None = None
    details: dict[str, str]
    undoes: str | None = None


class DestinationModel(BaseModel):
    """Where the patient is brought; `name` where it is known."""

    facility_id: str
    name: str | None = None


class PointsModel(BaseModel):
    """One parameter of NEWS2; without points nobody measured it."""

    name: str
    points: int | None = None


class EarlyWarningModel(BaseModel):
    """NEWS2 worked out of the newest numbers of devices and crew, at `at`.

    Without a `total` a parameter is missing; `least` is what the total cannot be less than.
    `unfit` says whom the chart is not made for: there are no points then.
    """

    at: datetime
    total: int | None = None
    least: int
    risk: str | None = None
    red: bool
    unfit: str | None = None
    parts: list[PointsModel]
    missing: list[str]


class EncounterModel(RecordModel):
    """An encounter as its reader may see it: pseudonymised, but for the facility it comes to.

    `vitals` holds the newest readings of devices and every finding of the crew, oldest first;
    `vitals_total` says how many readings there are.
    """

    id: str
    organization_id: str
    care_model: str
    status: EncounterStatus
    vehicle_id: str
    crew: list[CrewModel]
    cad_incident_id: str
    started_at: datetime
    eta_at: datetime | None = None
    handover_at: datetime | None = None
    patient: PatientModel
    destination: DestinationModel | None = None
    duplicate_of: str | None = None
    vitals_total: int | None = None
    devices: list[EncounterDeviceModel] | None = None
    gaps: list[GapModel] | None = None
    events: list[CrewEventModel] | None = None
    early_warning: EarlyWarningModel | None = None
    version: int
    updated_at: datetime


class EncountersModel(BaseModel):
    """A page of encounters by their last change; `next_cursor` is null at the end."""

    encounters: list[EncounterModel]
    next_cursor: str | None = None
