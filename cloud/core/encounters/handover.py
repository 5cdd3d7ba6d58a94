"""Everything one encounter hands over, gathered for a projection (FHIR, the partner's JSON)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cloud.core.encounters.record import EncounterRecord, PatientIdentity, PatientOutline
from cloud.core.observations.stored import StoredObservation
from protocols.model.device import DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverDevice:
    """A contributing device: public id, enrolled class (None if only discovered), own words."""

    device_id: str
    device_class: str | None
    status: str
    info: DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformGap:
    """Samples of a live stream that never reached the gateway: from the last one held to the next.

    `samples` is how many are missing at the stream's period; `type_cf` the waveform's 32-bit
    MDC code.
    """

    device_id: str
    type_cf: int
    from_at: datetime
    to_at: datetime
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One encounter with its devices, readings and gaps, in time order.

    `patient_pseudonym` is the tenant-keyed HMAC (hex) that stands for the person; an encounter
    opened without a person has one of its own. `handover_at` is None while the patient is still
    with the crew. `record` is what people told, `patient` what may be shown of the person under the
    pseudonym; `identity` is who it is, None in the pseudonymised projection.
    `pictures` are the octets of the record's photographs by attachment, as far as all of them came.
    `moved_away` are readings that were this encounter's until somebody gave them another place.
    """

    tenant_id: str
    tenant_name: str
    encounter_id: str
    encounter_uuid: UUID
    status: str
    care_model: str
    vehicle_id: str
    crew_ids: Sequence[str]
    cad_incident_id: str
    patient_pseudonym: str
    sex: str | None
    chief_complaint: str | None
    started_at: datetime
    handover_at: datetime | None
    destination: str | None
    version: int
    updated_at: datetime
    gateway_ids: Sequence[str]
    devices: Sequence[HandoverDevice]
    observations: Sequence[StoredObservation]
    gaps: Sequence[WaveformGap] = ()
    record: EncounterRecord = field(default_factory=EncounterRecord)
    patient: PatientOutline | None = None
    identity: PatientIdentity | None = None
    pictures: Mapping[UUID, bytes] = field(default_factory=dict)
    moved_away: Sequence[StoredObservation] = ()
