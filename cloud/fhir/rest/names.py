"""What resources that are served one by one call each other: `Device/<id>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.fhir.json import Element
from cloud.fhir.names import KINDS, Names
from cloud.fhir.rest.ids import ClockId, FactId, MetricId, StripId, words_id

VEHICLE: Final = "v"
HOSPITAL: Final = "h"
CREW: Final = "p"
SCENE: Final = "scene."


@dataclass(frozen=True, slots=True)
class RestNames(Names):
    """The names of one encounter's resources; `patient` is the id of its patient."""

    vehicle_id: str = ""
    patient: str = ""

    @classmethod
    def serving(cls, row: EncounterRow) -> RestNames:
        """Those of an encounter; a patient nobody told of bears the encounter's id."""
        return cls(
            row.tenant_id,
            row.encounter_id,
            vehicle_id=row.vehicle_id,
            patient=str(uuid_of(row.patient_id or row.encounter_id)),
        )

    def urn(self, kind: str, local: str = "") -> str:
        """Type and id."""
        known = self._urns.get((kind, local))
        if known is not None:
            return known
        return self._urns.setdefault((kind, local), f"{KINDS[kind]}/{self.id_of(kind, local)}")

    def reference(self, kind: str, local: str = "") -> Element:
        """A relative reference."""
        return {"reference": self.urn(kind, local)}

    def id_of(self, kind: str, local: str) -> str:
        """The logical id of the resource `local` of a kind of `KINDS`."""
        match kind:
            case "Organization":
                return str(uuid_of(self.tenant_id))
            case "Patient":
                return self.patient
            case "Encounter" | "Composition" | "Provenance":
                return str(uuid_of(self.encounter_id))
            case "Location":
                return words_id(VEHICLE, local or self.vehicle_id)
            case "Facility":
                return words_id(HOSPITAL, local)
            case "Practitioner" | "PractitionerRole":
                return words_id(CREW, local)
            case "Scene":
                return SCENE + str(uuid_of(self.encounter_id))
            case "Metric":
                monitor, _, code = local.partition(":")
                return str(MetricId(monitor, int(code)))
            case "Fact":
                return str(FactId(uuid_of(self.encounter_id), local))
            case "Procedure":
                return local.replace(":", ".")
            case "Device" | "Gateway":
                return str(uuid_of(local))
            case "Clock":
                device, _, apart = local.rpartition(":")
                return str(ClockId(uuid_of(self.encounter_id), uuid_of(device), int(apart)))
            case "Strip" | "Leads" | "EcgPicture":
                return str(_strip(local, parts_behind=1 if kind == "Strip" else 2))
            case _:
                return local


def _strip(local: str, *, parts_behind: int) -> StripId:
    """First and last chunk, the time, and as many counts behind it, separated by colons."""
    first, _, rest = local.split(":", 2)
    return StripId(UUID(first), datetime.fromisoformat(rest.rsplit(":", parts_behind)[0]))
